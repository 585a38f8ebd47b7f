"""What is strange about a run of whole servers: settings, weather, disks, clients, faults.

Responsible for drawing all of it from a seed, swarm style, as `leto_sim.node_level.scenario`
does for nodes; the plan of faults is drawn in `leto_sim.server_level.plans`. Each seed takes
extremes rather than what is usual. A scenario is a value: whoever wants another one
writes it.
"""

from random import Random
from typing import Final

import attrs

from leto.raft import Config
from leto.raft.config import KIB, MIB
from leto.raft.types import Micros
from leto.server import Limits, ReadMode
from leto_sim.clock import MS, SECOND
from leto_sim.randomness import stream
from leto_sim.server_level.disk import DiskTiming
from leto_sim.server_level.faults import PlannedServerFault
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.plans import (
    MOST_OF_A_SESSION_MS,
    draw_plan,
    with_lost_quorum,
    with_moves,
)
from leto_sim.server_level.process import HostClock
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.resp_client import Manners
from leto_sim.settings import draw_config

DURATION_US: Final = 60 * SECOND  # far more than ten thousand events take
_HALF: Final = 0.5
_NEWER_SHARE: Final = 0.2
_HURRIED_SHARE: Final = 0.25
_LEAST_PATIENCE_US: Final = 100 * MS
_CHUNK_BYTES: Final = 50  # of a snapshot on its way, at the least: the names of a few keys
_SESSION_BYTES: Final = 100  # the same, of what is remembered for a client that counts


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
    twins = stream(seed, "server twins").choice((0.0, 0.0, 0.2))
    loners = stream(seed, "server loners").choice((0, 1))
    workload = attrs.evolve(
        draw_workload(rng), counters=counters, ordered=ordered, twins=twins, loners=loners
    )
    farewell_chance = stream(seed, "server farewells").choice((0.0, 0.02, 0.1))
    config = _able_to_carry(workload, draw_config(rng))
    return ServerScenario(
        seed=seed,
        nodes=size,
        events_max=events_max,
        config=config,
        limits=draw_patience(stream(seed, "server patience"), draw_limits(rng), config),
        reads=stream(seed, "server reads").choice((ReadMode.LINEARIZABLE, ReadMode.LEASE)),
        names_hosts=rng.random() < _HALF,
        weather=draw_weather(rng),
        disk=draw_disk(rng),
        clocks=tuple(draw_clock(rng) for _ in range(size)),
        newer=rng.randrange(1 << size) if rng.random() < _NEWER_SHARE else 0,
        workload=workload,
        manners=attrs.evolve(draw_manners(rng), farewell_chance=farewell_chance),
        plan=_draw_disasters(
            seed, size, draw_plan(rng, size, workload.clients, config, DURATION_US), config
        ),
    )


def _draw_disasters(
    seed: int, size: int, plan: tuple[PlannedServerFault, ...], config: Config
) -> tuple[PlannedServerFault, ...]:
    """What few seeds have: drawn from streams of their own, so most seeds stay what they were."""
    plan = with_moves(plan, stream(seed, "server moves"), size, config, DURATION_US)
    return with_lost_quorum(plan, stream(seed, "server quorum"), size)


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


def draw_patience(rng: Random, limits: Limits, config: Config) -> Limits:
    """Some servers give up before their leader does: writes wait longer than they may.

    A leader whose disk hangs leads on for an election timeout: some give up before that.
    """
    patience_us = limits.reply_within_us // rng.choice((1, 1, 4, 20))
    stop_within_us = limits.stop_within_us // rng.choice((1, 1, 20))
    if rng.random() < _HURRIED_SHARE:
        patience_us = max(_LEAST_PATIENCE_US, config.election_timeout_min_us // 2)
    return attrs.evolve(limits, reply_within_us=patience_us, stop_within_us=stop_within_us)


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
        unix_offset_ms=rng.choice((0, -5_000, MOST_OF_A_SESSION_MS, 2 * MOST_OF_A_SESSION_MS)),
    )
