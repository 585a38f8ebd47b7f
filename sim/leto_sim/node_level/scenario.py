"""What is strange about a run: settings, weather, disks, clients and faults.

Responsible for drawing all of it from a seed. Each seed enables some kinds of faults
and leaves others out, and takes extreme settings rather than middling ones, so that
each run is strange in its own way (swarm testing). A scenario is a value: whoever
wants another one writes it.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

import attrs

from leto.raft import Config
from leto.raft.config import MIB
from leto.raft.types import Micros
from leto_sim.node_level.datagrams import CALM, Weather
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.faults import (
    LEADER,
    AddNode,
    Ambush,
    Crash,
    CutLinks,
    Direction,
    FailDisk,
    Fault,
    FillDisk,
    Isolate,
    LoseDisk,
    Pause,
    PlannedFault,
    RemoveNode,
    StallDisk,
    Storm,
    TakeSnapshotNow,
    TransferLeadership,
)
from leto_sim.randomness import stream

MS = 1_000
LEASE_DRIFT_MAX = 0.1  # the fastest clock against the slowest: `leto.raft.leases` allows a ninth
ValueT = TypeVar("ValueT")


@attrs.frozen(kw_only=True)
class Habits:
    """What the clients do."""

    clients: int = 3
    keys: int = 3
    reads: float = 0.4  # the share of reads among the operations
    thinking_us: Micros = 20 * MS  # between two operations, on average
    burst_max: int = 1  # writes that one client proposes at once
    patience_us: Micros = 2_000 * MS  # then it goes on without knowing
    lease_reads: float = 0.0  # the share of reads that rest on the leader's lease
    repeats: bool = False  # clients count up in sessions, and repeat what they hear nothing of


@attrs.frozen(kw_only=True)
class Scenario:
    """All that a run is, but for the code."""

    seed: int
    nodes: int = 3
    events_max: int = 10_000  # of the stormy part; the calm that follows is short
    duration_us: Micros = 60_000 * MS  # of the stormy part
    config: Config = attrs.field(factory=Config)
    weather: Weather = CALM
    disk: DiskSpeed = attrs.field(factory=DiskSpeed)
    machine_us: Micros = 100  # to apply, to read or write a snapshot, on average
    clock_drift: float = 0.0  # clocks run too fast or too slow by up to half of it
    lease_us: Micros = 0  # of the founding configuration
    tells_deaths: bool = False  # whether nodes notice that a peer's process has died
    habits: Habits = attrs.field(factory=Habits)
    plan: tuple[PlannedFault, ...] = ()


def draw_scenario(seed: int, *, nodes: int = 3, events_max: int = 10_000) -> Scenario:
    """The scenario of that seed."""
    rng = stream(seed, "scenario")
    config = draw_config(rng)
    habits = draw_habits(rng)
    if habits.repeats:
        config = _able_to_carry_sessions(config)
    lease_us = config.election_timeout_min_us if habits.lease_reads else 0
    duration_us = _duration_us(events_max, nodes, config, habits)
    return Scenario(
        seed=seed,
        nodes=nodes,
        events_max=events_max,
        duration_us=duration_us,
        config=config,
        weather=draw_weather(rng),
        disk=DiskSpeed(
            sync_least_us=rng.choice((50, 500, 5 * MS)), sync_tail_us=rng.choice((100, MS, 20 * MS))
        ),
        machine_us=rng.choice((10, 100, 5 * MS)),
        clock_drift=rng.choice((0.0, LEASE_DRIFT_MAX) if lease_us else (0.0, 0.1, 1.0)),
        lease_us=lease_us,
        tells_deaths=rng.random() < _HALF,
        habits=habits,
        plan=draw_plan(rng, nodes, config, duration_us),
    )


def _able_to_carry_sessions(config: Config) -> Config:
    """A snapshot of every session's results in pieces of a few bytes would never end."""
    chunk_bytes = max(config.snapshot_chunk_bytes, _SESSIONS_CHUNK_BYTES)
    return attrs.evolve(config, snapshot_chunk_bytes=chunk_bytes)


def draw_config(rng: Random) -> Config:
    """Settings at their extremes: what is rare with the defaults happens all the time."""
    heartbeat_us = rng.choice((20, 50, 100)) * MS
    election_us = heartbeat_us * rng.choice((3, 5, 10))
    config = Config(
        election_timeout_min_us=election_us,
        election_timeout_max_us=int(election_us * rng.choice((1.3, 2, 3))),
        heartbeat_interval_us=heartbeat_us,
        append_bytes_max=rng.choice((1, 200, MIB)),
        appends_in_flight_max=rng.choice((1, 2, 64)),
        bytes_in_flight_max=rng.choice((1, 500, 8 * MIB)),
        uncommitted_bytes_max=rng.choice((300, 64 * MIB, 64 * MIB)),
        apply_bytes_max=rng.choice((1, 300, MIB)),
        snapshot_chunk_bytes=rng.choice((7, 30, MIB)),
        snapshot_after_entries=rng.choice((3, 20, 100, 100_000)),
        snapshot_after_bytes=rng.choice((1_000, 64 * MIB)),
        trailing_entries=rng.choice((0, 1, 5, 10_000)),
        trailing_bytes=rng.choice((0, 300, 16 * MIB)),
    )
    # Room for one chunk: of several followers in need all but one wait.
    return attrs.evolve(config, snapshot_bytes_in_flight_max=config.snapshot_chunk_bytes)


def draw_habits(rng: Random) -> Habits:
    """Few keys, so that the clients meet."""
    return Habits(
        clients=rng.randint(2, 5),
        keys=rng.choice((1, 2, 5, 20)),
        reads=rng.choice((0.2, 0.5, 0.8)),
        thinking_us=rng.choice((10, 50, 200)) * MS,
        burst_max=rng.choice((1, 1, 4, 20)),
        patience_us=rng.choice((300, 2_000)) * MS,
        lease_reads=rng.choice((0.0, 0.0, 0.5)),
        repeats=rng.random() < _REPEATERS_SHARE,
    )


def draw_weather(rng: Random) -> Weather:
    """From a quiet switch to a bad line."""
    return Weather(
        delay_least_us=rng.choice((50, 500, 3 * MS)),
        delay_tail_us=rng.choice((50, MS, 10 * MS)),
        loss=rng.choice((0.0, 0.01, 0.1)),
        duplication=rng.choice((0.0, 0.01, 0.2)),
        straggling=rng.choice((0.0, 0.005, 0.05)),
        straggling_us=rng.choice((100, 1_000, 5_000)) * MS,
    )


def draw_plan(
    rng: Random, nodes: int, config: Config, duration_us: Micros
) -> tuple[PlannedFault, ...]:
    """Faults of some kinds, some more often than others, over the stormy part of the run."""
    kinds = [kind for kind in _KINDS if rng.random() < _SHARE_OF_KINDS] or [_crash]
    weights = [rng.randint(1, 100) for _ in kinds]
    patience_us = config.election_timeout_max_us
    mean_gap_us = patience_us * rng.choice((0.3, 1, 3))
    plan: list[PlannedFault] = []
    at_us = patience_us + int(rng.expovariate(1 / mean_gap_us))
    while at_us < duration_us:
        (kind,) = rng.choices(kinds, weights)
        plan.append(PlannedFault(at_us, kind(rng, nodes, patience_us)))
        at_us += int(rng.expovariate(1 / mean_gap_us))
    return tuple(plan)


def _duration_us(events_max: int, nodes: int, config: Config, habits: Habits) -> Micros:
    """About as long as it takes for that many events to happen."""
    heartbeats = (nodes - 1) * 2 * 1_000 * MS / config.heartbeat_interval_us
    operations = habits.clients * 1_000 * MS / (habits.thinking_us + 10 * MS)
    events_a_second = heartbeats + operations * 5 * nodes
    return int(events_max / events_a_second * 1_000 * MS)


# --- kinds of faults -----------------------------------------------------------------

_HALF = 0.5
_REPEATERS_SHARE = 0.15
_SESSIONS_CHUNK_BYTES = 500
_SHARE_OF_KINDS = 0.5
_Kind = Callable[[Random, int, Micros], Fault]


def _victim(rng: Random, nodes: int) -> int:
    """Often the leader: most of what can go wrong does so around it."""
    return LEADER if rng.random() < 0.4 else rng.randrange(nodes)  # noqa: PLR2004 - a share


def _while_us(rng: Random, patience_us: Micros) -> Micros:
    """From a moment to several elections."""
    return int(patience_us * rng.choice((0.05, 0.3, 1, 3)) * rng.random())


def _crash(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    return Crash(_victim(rng, nodes), _while_us(rng, patience_us))


def _ambush(rng: Random, _: int, patience_us: Micros) -> Fault:
    delay_us = int(patience_us * rng.choice((0.01, 0.05, 0.2)) * rng.random())
    return Ambush(
        leaders=rng.randint(1, 4),
        delay_us=delay_us,
        down_us=_while_us(rng, patience_us),
        unheard=rng.random() < _HALF,
    )


def _pause(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    return Pause(_victim(rng, nodes), _while_us(rng, patience_us))


def _cut(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    left = rng.randrange(1, 1 << nodes)
    everybody = (1 << nodes) - 1
    right = everybody & ~left
    if rng.random() < 0.3:  # noqa: PLR2004 - a share
        right &= rng.randrange(1 << nodes)  # who is on neither side is a bridge
    one_way = rng.random() < 0.4  # noqa: PLR2004 - a share
    return CutLinks(left, right, one_way, 2 * _while_us(rng, patience_us))


def _isolate(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    direction = rng.choice((Direction.BOTH, Direction.BOTH, Direction.TO_IT, Direction.FROM_IT))
    return Isolate(_victim(rng, nodes), direction, 2 * _while_us(rng, patience_us))


def _storm(rng: Random, _: int, patience_us: Micros) -> Fault:
    return Storm(
        loss=rng.choice((0.0, 0.2, 0.5)),
        duplication=rng.choice((0.0, 0.3)),
        delay_tail_us=int(patience_us * rng.choice((0.01, 0.1, 0.5))),
        for_us=_while_us(rng, patience_us),
    )


def _stall(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    return StallDisk(_victim(rng, nodes), _while_us(rng, patience_us))


def _fail(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    return FailDisk(_victim(rng, nodes), _while_us(rng, patience_us))


def _fill(rng: Random, nodes: int, patience_us: Micros) -> Fault:
    return FillDisk(_victim(rng, nodes), _while_us(rng, patience_us))


def _lose(rng: Random, nodes: int, _: Micros) -> Fault:
    return LoseDisk(_victim(rng, nodes), at_once=rng.random() < _HALF)


def _snapshot(rng: Random, nodes: int, _: Micros) -> Fault:
    return TakeSnapshotNow(_victim(rng, nodes))


def _transfer(rng: Random, nodes: int, _: Micros) -> Fault:
    return TransferLeadership(_victim(rng, nodes))


def _membership(rng: Random, nodes: int, _: Micros) -> Fault:
    return AddNode() if rng.random() < _HALF else RemoveNode(_victim(rng, nodes))


_KINDS: Sequence[_Kind] = (
    _crash,
    _ambush,
    _pause,
    _cut,
    _isolate,
    _storm,
    _stall,
    _fail,
    _fill,
    _lose,
    _snapshot,
    _transfer,
    _membership,
)
