"""What is strange about a run: settings, weather, disks, clients and faults.

Responsible for drawing all of it from a seed; the plan of faults is drawn in
`leto_sim.node_level.plans`. Each seed is strange in its own way (swarm testing): it
takes some settings from their extremes rather than from the middle, and some features
that others do without. A scenario is a value: whoever wants another one writes it.
"""

from random import Random
from typing import Final

import attrs

from leto.raft import Config
from leto.raft.types import Micros
from leto_sim.clock import MS
from leto_sim.habits import Habits
from leto_sim.node_level.datagrams import CALM, Weather
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.plans import draw_plan, with_disasters, with_moves
from leto_sim.node_level.stage import Stage, stage_of
from leto_sim.randomness import stream
from leto_sim.settings import draw_config

NODES_MAX = 9
LEASE_DRIFT_MAX = 0.1  # the fastest clock against the slowest: `leto.raft.leases` allows a ninth
DRIFT_BESIDE_FAULTS = 0.05  # where clocks also jump and stop, by so much of a lease at once:
CLOCK_FAULT_MAX = 0.04
_HALF: Final = 0.5
_REPEATERS_SHARE: Final = 0.15
_SESSIONS_CHUNK_BYTES: Final = 500
_SIZES = (1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7, 8, 9)


@attrs.frozen(kw_only=True)
class Scenario:
    """All that a run is, but for the code."""

    seed: int
    nodes: int = 3
    learners: int = 0  # so many of the nodes, the last ones
    priorities: tuple[int, ...] = ()  # of the nodes, the first ones; the others have 1
    events_max: int = 10_000  # of the stormy part; the calm that follows is short
    duration_us: Micros = 60_000 * MS  # of the stormy part
    config: Config = attrs.field(factory=Config)
    weather: Weather = CALM
    disk: DiskSpeed = attrs.field(factory=DiskSpeed)
    machine_us: Micros = 100  # to apply, to read or write a snapshot, on average
    clock_drift: float = 0.0  # clocks run too fast or too slow by up to half of it
    breaks_clock_bound: bool = False  # clocks err more than leases allow: lease reads may be old
    lease_us: Micros = 0  # of the founding configuration
    tells_deaths: bool = False  # whether nodes notice that a peer's process has died
    heals_core_only: bool = False  # in the end: a quorum goes on, the rest stays broken
    habits: Habits = attrs.field(factory=Habits)
    plan: tuple[PlannedFault, ...] = ()


def draw_scenario(seed: int, *, nodes: int | None = None, events_max: int = 10_000) -> Scenario:
    """The scenario of that seed, of that many nodes or of as many as it draws."""
    rng = stream(seed, "scenario")
    size = rng.choice(_SIZES)
    size = nodes if nodes is not None else size
    config = draw_config(rng)
    habits = draw_habits(rng)
    if habits.repeats:
        config = _able_to_carry_sessions(config)
    # Only one that is longer than an election timeout is ever all that keeps voters back.
    lease_us = config.election_timeout_min_us * rng.choice((1, 2, 4)) if habits.lease_reads else 0
    breaks_clock_bound = bool(lease_us) and rng.random() < 0.25  # noqa: PLR2004 - a share
    duration_us = _duration_us(events_max, size, config, habits)
    clock_drift = _draw_drift(rng, has_leases=bool(lease_us), is_bound=not breaks_clock_bound)
    clock_fault_max_us: Micros | None = None
    if lease_us and not breaks_clock_bound:
        has_slack = clock_drift <= DRIFT_BESIDE_FAULTS
        clock_fault_max_us = int(lease_us * CLOCK_FAULT_MAX) if has_slack else 0
    stage = stage_of(size, config, clock_fault_max_us=clock_fault_max_us, lease_us=lease_us)
    return Scenario(
        seed=seed,
        nodes=size,
        learners=rng.choice((0, 0, 0, min(1, size - 1), (size - 1) // 2)),
        priorities=_draw_priorities(rng, size),
        events_max=events_max,
        duration_us=duration_us,
        config=config,
        weather=draw_weather(rng),
        disk=draw_disk(rng),
        machine_us=rng.choice((10, 100, 5 * MS)),
        clock_drift=clock_drift,
        breaks_clock_bound=breaks_clock_bound,
        lease_us=lease_us,
        tells_deaths=rng.random() < _HALF,
        heals_core_only=rng.random() < _HALF,
        habits=habits,
        plan=_planned(rng, seed, stage, duration_us),
    )


def _planned(rng: Random, seed: int, stage: Stage, duration_us: Micros) -> tuple[PlannedFault, ...]:
    plan = draw_plan(rng, stage, duration_us)
    # Of their own: most seeds stay what they were.
    plan = with_disasters(plan, stream(seed, "misfortune"), stage, duration_us)
    return with_moves(plan, stream(seed, "moves"), stage, duration_us)


def _able_to_carry_sessions(config: Config) -> Config:
    """A snapshot of every session's results in pieces of a few bytes would never end."""
    chunk_bytes = max(config.snapshot_chunk_bytes, _SESSIONS_CHUNK_BYTES)
    return attrs.evolve(config, snapshot_chunk_bytes=chunk_bytes)


def draw_habits(rng: Random) -> Habits:
    """Few keys, so that the clients meet."""
    return Habits(
        clients=rng.randint(2, 5),
        keys=rng.choice((1, 2, 5, 20)),
        reads=rng.choice((0.2, 0.5, 0.8)),
        thinking_us=rng.choice((10, 50, 200)) * MS,
        burst_max=rng.choice((1, 1, 4, 20)),
        patience_us=rng.choice((300, 2_000)) * MS,
        lease_reads=rng.choice((0.0, 0.0, 0.5, 1.0)),
        repeats=rng.random() < _REPEATERS_SHARE,
        stale_reads=rng.choice((0.0, 0.0, 0.2)),
        loyalty=rng.choice((0.3, 0.6, 0.95)),
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
        capacity=rng.choice((0, 0, 0, 2, 6, 20)),
    )


def draw_disk(rng: Random) -> DiskSpeed:
    """From memory that lasts to a worn-out card."""
    return DiskSpeed(
        sync_least_us=rng.choice((50, 500, 5 * MS)),
        sync_tail_us=rng.choice((100, MS, 20 * MS)),
        completes_separately=rng.random() < _HALF,
    )


def _draw_drift(rng: Random, *, has_leases: bool, is_bound: bool) -> float:
    if has_leases and is_bound:
        return rng.choice((0.0, DRIFT_BESIDE_FAULTS, LEASE_DRIFT_MAX))
    return rng.choice((0.0, 0.1, 1.0))


def _draw_priorities(rng: Random, nodes: int) -> tuple[int, ...]:
    """Often all the same. Whoever has none never campaigns: the first always has some."""
    if rng.random() < 0.7:  # noqa: PLR2004 - a share
        return ()
    return (rng.randint(1, 3), *(rng.randint(0, 3) for _ in range(nodes - 1)))


def _duration_us(events_max: int, nodes: int, config: Config, habits: Habits) -> Micros:
    """About as long as it takes for that many events to happen."""
    heartbeats = (nodes - 1) * 2 * 1_000 * MS / config.heartbeat_interval_us
    operations = habits.clients * 1_000 * MS / (habits.thinking_us + 10 * MS)
    events_a_second = heartbeats + operations * 5 * nodes
    return int(events_max / events_a_second * 1_000 * MS)
