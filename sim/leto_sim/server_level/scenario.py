"""What is strange about a run of whole servers: settings, weather, disks, clients, faults.

Responsible for drawing all of it from a seed, swarm style, as `leto_sim.node_level.scenario`
does for nodes: each seed enables some kinds of faults and leaves others out, and takes
extremes rather than what is usual. A scenario is a value: whoever wants another one
writes it.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import attrs

from leto.raft import Config
from leto.raft.config import KIB, MIB
from leto.raft.types import Micros
from leto.server import Limits, ReadMode
from leto_sim.node_level.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
)
from leto_sim.node_level.scenario import MS, draw_config
from leto_sim.randomness import stream
from leto_sim.server_level.damage import DiskDamage
from leto_sim.server_level.disk import DiskTiming
from leto_sim.server_level.errands import Workload
from leto_sim.server_level.faults import (
    CutPower,
    DamageDisk,
    FillDisk,
    JumpClock,
    PlannedServerFault,
    ResetStreams,
    ServerFault,
    StopServer,
    TypeCommand,
)
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.process import HostClock
from leto_sim.server_level.resp_client import Manners

SECOND: Final = 1_000 * MS
DURATION_US: Final = 60 * SECOND  # far more than ten thousand events take
_HALF: Final = 0.5
_NEWER_SHARE: Final = 0.2
_SESSION_BYTES: Final = 100  # the same, of what is remembered for a client that counts
_CHUNK_BYTES: Final = 50  # of a snapshot on its way, at the least: the names of a few keys


@attrs.frozen(kw_only=True)
class ServerScenario:
    """All that a run is, but for the code."""

    seed: int
    nodes: int = 3
    events_max: int = 10_000  # until the calm that ends the run
    duration_us: Micros = DURATION_US  # the same, in time
    config: Config = attrs.field(factory=Config)
    limits: Limits = attrs.field(factory=Limits)
    reads: ReadMode = ReadMode.LINEARIZABLE
    names_hosts: bool = True  # in -listen and -raftbind; or the nodes must find out
    weather: StreamWeather = attrs.field(factory=StreamWeather)
    disk: DiskTiming = attrs.field(factory=DiskTiming)
    clocks: tuple[HostClock, ...] = ()  # of the machines; those not named keep time
    newer: int = 0  # which machines' servers speak the next minor version: a bit mask
    workload: Workload = attrs.field(factory=Workload)
    manners: Manners = attrs.field(factory=Manners)
    plan: tuple[PlannedServerFault, ...] = ()


_SIZES = (1, 2, 3, 3, 3, 3, 4, 5)


def draw_server_scenario(
    seed: int, *, nodes: int | None = None, events_max: int = 10_000
) -> ServerScenario:
    """The scenario of that seed, of that many nodes or of as many as it draws."""
    rng = stream(seed, "server scenario")
    size = stream(seed, "server nodes").choice(_SIZES) if nodes is None else nodes
    counters = stream(seed, "server counters").choice((0, 0, 1, 2))
    ordered = stream(seed, "server order").choice((0.0, 0.1, 0.3))
    workload = attrs.evolve(draw_workload(rng), counters=counters, ordered=ordered)
    farewell_chance = stream(seed, "server farewells").choice((0.0, 0.02, 0.1))
    config = _able_to_carry(workload, draw_config(rng))
    return ServerScenario(
        seed=seed,
        nodes=size,
        events_max=events_max,
        config=config,
        limits=draw_patience(stream(seed, "server patience"), draw_limits(rng)),
        reads=stream(seed, "server reads").choice((ReadMode.LINEARIZABLE, ReadMode.LEASE)),
        names_hosts=rng.random() < _HALF,
        weather=draw_weather(rng),
        disk=draw_disk(rng),
        clocks=tuple(draw_clock(rng) for _ in range(size)),
        newer=rng.randrange(1 << size) if rng.random() < _NEWER_SHARE else 0,
        workload=workload,
        manners=attrs.evolve(draw_manners(rng), farewell_chance=farewell_chance),
        plan=draw_plan(rng, size, workload.clients, config),
    )


def _able_to_carry(workload: Workload, config: Config) -> Config:
    """A snapshot of large values, or of sessions, in pieces of a few bytes would never end."""
    least_bytes = _CHUNK_BYTES + 2 * workload.value_bytes + _SESSION_BYTES * workload.counters
    chunk_bytes = max(config.snapshot_chunk_bytes, least_bytes)
    return attrs.evolve(config, snapshot_chunk_bytes=chunk_bytes)


def draw_limits(rng: Random) -> Limits:
    """Small limits, so that what guards a busy node happens to an idle one."""
    return Limits(
        pipeline_commands_max=rng.choice((2, 20, 1024)),
        pipeline_bytes_max=rng.choice((200, 8 * MIB)),
        output_soft_bytes=rng.choice((10, 1_000, MIB)),
        batch_bytes_max=rng.choice((100, MIB)),
        batch_commands_max=rng.choice((1, 5, 4096)),
        writes_in_flight_max=rng.choice((1, 2, 2, 5)),
        segment_bytes=rng.choice((500, 5_000, 64 * MIB)),
        snapshot_chunk_bytes=rng.choice((30, 500, 64 * KIB)),
        apply_bytes_per_call=rng.choice((1, 300, 64 * KIB)),
    )


def draw_patience(rng: Random, limits: Limits) -> Limits:
    """Some servers give up before their leader does: writes wait longer than they may."""
    return attrs.evolve(
        limits,
        reply_within_us=limits.reply_within_us // rng.choice((1, 1, 4, 20)),
        stop_within_us=limits.stop_within_us // rng.choice((1, 1, 20)),
    )


def draw_workload(rng: Random) -> Workload:
    """Few keys, so that the clients meet."""
    return Workload(
        clients=rng.randint(2, 6),
        keys=rng.choice((1, 2, 4, 10)),
        reads=rng.choice((0.2, 0.5, 0.8)),
        pipeline_max=rng.choice((1, 3, 10)),
        expiring=rng.choice((0.0, 0.05, 0.2)),
        value_bytes=rng.choice((0, 10, 10, 600)),
        life_ms_max=rng.choice((20, 1_000)),
    )


def draw_manners(rng: Random) -> Manners:
    """From the patient to the rude."""
    return Manners(
        think_us=rng.choice((2, 10, 50)) * MS,
        retry_us=rng.choice((20, 200)) * MS,
        hurry_chance=rng.choice((0.0, 0.3)),
        leave_chance=rng.choice((0.0, 0.05)),
        abandon_chance=rng.choice((0.0, 0.0, 0.02)),
        doze_chance=rng.choice((0.0, 0.0, 0.05)),
    )


def draw_weather(rng: Random) -> StreamWeather:
    """From a quiet switch to a bad line."""
    return StreamWeather(
        delay_least_us=rng.choice((50, 500, 3 * MS)),
        delay_tail_us=rng.choice((50, MS, 10 * MS)),
        slow_chance=rng.choice((0.0, 0.01, 0.05)),
        slow_us=rng.choice((50, 300)) * MS,
        cut_chance=rng.choice((0.0, 0.1, 0.5)),
        window_bytes=rng.choice((100, 4 * KIB, 256 * KIB)),
    )


def draw_disk(rng: Random) -> DiskTiming:
    """From flash to a bad disk."""
    return DiskTiming(
        step_us=rng.choice((5, 50)),
        sync_least_us=rng.choice((50, 500, 5 * MS)),
        sync_tail_us=rng.choice((100, MS, 20 * MS)),
    )


def draw_clock(rng: Random) -> HostClock:
    """A clock that is wrong, and not quite as fast as the others."""
    return HostClock(
        zero=rng.randrange(10**12),
        drift_ppm=rng.choice((0, -200, 200)),
        unix_offset_ms=rng.choice((0, 0, -5_000, 3_600_000)),
    )


def draw_plan(
    rng: Random, nodes: int, clients: int, config: Config
) -> tuple[PlannedServerFault, ...]:
    """Faults of some kinds, at some rate, from the founding on or soon after it."""
    kinds = [kind for kind in _KINDS if rng.random() < _HALF] or [_kill]
    patience_us = config.election_timeout_max_us
    mean_gap_us = patience_us * rng.choice((1, 2, 4))
    at_us = rng.choice((0, 3 * SECOND))
    plan: list[PlannedServerFault] = []
    while at_us < DURATION_US:
        at_us += 1 + int(rng.expovariate(1 / mean_gap_us))
        draw = rng.choice(kinds)
        plan.append(PlannedServerFault(at_us, draw(rng, _Cast(nodes, clients, patience_us))))
    return tuple(plan)


# --- kinds of faults ---------------------------------------------------------------------


@attrs.frozen
class _Cast:
    """Who can be hurt, and how long they are ready to wait."""

    nodes: int
    clients: int
    patience_us: Micros

    def victim(self, rng: Random) -> int:
        """Often the leader: most of what can go wrong does so around it."""
        return LEADER if rng.random() < _LEADERS_SHARE else rng.randrange(self.nodes)

    def while_us(self, rng: Random) -> Micros:
        """From a moment to several elections."""
        return int(self.patience_us * rng.choice((0.05, 0.3, 1, 3)) * rng.random())


_LEADERS_SHARE: Final = 0.4
_ONE_WAY_SHARE: Final = 0.4


def _kill(rng: Random, cast: _Cast) -> ServerFault:
    return Crash(cast.victim(rng), cast.while_us(rng))


def _cut_power(rng: Random, cast: _Cast) -> ServerFault:
    return CutPower(cast.victim(rng), cast.while_us(rng))


def _stop(rng: Random, cast: _Cast) -> ServerFault:
    return StopServer(cast.victim(rng), cast.while_us(rng))


def _pause(rng: Random, cast: _Cast) -> ServerFault:
    return Pause(cast.victim(rng), cast.while_us(rng))


def _cut_links(rng: Random, cast: _Cast) -> ServerFault:
    machines = cast.nodes if rng.random() < _HALF else cast.nodes + cast.clients
    left = rng.randrange(1, 1 << machines)
    right = ~left & ((1 << machines) - 1)
    if rng.random() < _HALF:
        right &= rng.randrange(1 << machines)  # who is on neither side is a bridge
    return CutLinks(left, right, rng.random() < _ONE_WAY_SHARE, 2 * cast.while_us(rng))


def _reset(rng: Random, cast: _Cast) -> ServerFault:
    return ResetStreams(cast.victim(rng))


def _stall(rng: Random, cast: _Cast) -> ServerFault:
    return StallDisk(cast.victim(rng), cast.while_us(rng))


def _fail(rng: Random, cast: _Cast) -> ServerFault:
    return FailDisk(cast.victim(rng), cast.while_us(rng))


def _lose(rng: Random, cast: _Cast) -> ServerFault:
    return LoseDisk(cast.victim(rng))


def _remove(rng: Random, cast: _Cast) -> ServerFault:
    return RemoveNode(cast.victim(rng))


def _jump(rng: Random, cast: _Cast) -> ServerFault:
    return JumpClock(cast.victim(rng), rng.choice((-86_400_000, -700, 700, 86_400_000)))


def _snapshot(rng: Random, cast: _Cast) -> ServerFault:
    return TakeSnapshotNow(cast.victim(rng))


def _fill(rng: Random, cast: _Cast) -> ServerFault:
    return FillDisk(cast.victim(rng), cast.while_us(rng), to_the_brim=rng.random() < _HALF)


def _transfer(rng: Random, cast: _Cast) -> ServerFault:
    name = f"id{rng.randint(1, cast.nodes)}"
    return TypeCommand(("RAFT", "TRANSFER", *rng.choice(((), (name,)))))


def _prefer(rng: Random, cast: _Cast) -> ServerFault:
    name = f"id{rng.randint(1, cast.nodes)}"
    return TypeCommand(("RAFT", "PRIORITY", name, str(rng.randint(1, 3))))


def _lease(rng: Random, cast: _Cast) -> ServerFault:
    lease_us = cast.patience_us * rng.choice((0, 0.1, 0.5, 1))
    return TypeCommand(("RAFT", "LEASE", str(int(lease_us // 1000))))


def _damage(rng: Random, cast: _Cast) -> ServerFault:
    damage = rng.choice(tuple(DiskDamage))
    return DamageDisk(cast.victim(rng), damage, dies=rng.random() < _HALF)


def _fail_reads(rng: Random, cast: _Cast) -> ServerFault:
    return FailReads(cast.victim(rng), rng.randint(1, 3))


_KINDS: Final[Sequence[Callable[[Random, _Cast], ServerFault]]] = (
    _kill,
    _cut_power,
    _stop,
    _pause,
    _cut_links,
    _reset,
    _stall,
    _fail,
    _lose,
    _remove,
    _jump,
    _snapshot,
    _fill,
    _transfer,
    _prefer,
    _lease,
    _damage,
    _fail_reads,
)
