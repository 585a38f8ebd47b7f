"""How far clocks may differ before a lease breaks its promise, measured.

Responsible for scenarios that are made for it: the leader's clock runs slower than
the voters', the leader is cut off, the others elect a new one as soon as they may and
write, and clients go on to read by lease at the old one. Below what
`leto.raft.leases.DRIFT_TOLERANCE` allows no read may ever be old.
"""

from collections.abc import Iterable

import attrs

from leto.raft import Config
from leto_sim.clock import MS, TRUE_RATE
from leto_sim.faults import LEADER
from leto_sim.habits import Habits
from leto_sim.node_level.datagrams import Weather
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.faults import Direction, DriftClock, Isolate, PlannedFault
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import Scenario

ELECTION_US = 200 * MS
_ROUND_US = 1_000 * MS  # from one cut to the next: time to settle
_ROUNDS = 4
_FOREVER_US = 10**9
_HABITS = Habits(
    clients=5,
    keys=1,
    reads=0.7,
    thinking_us=1 * MS,
    lease_reads=1.0,
    loyalty=0.9,
    patience_us=50 * MS,
)


@attrs.frozen(kw_only=True)
class Measured:
    """What came of the runs with one difference of the clocks."""

    drift: float  # how much slower the leader's clock runs than the voters'
    runs: int
    broken: int  # runs in which a lease was answered by after somebody else was elected


def drift_scenario(seed: int, drift: float, *, nodes: int = 3) -> Scenario:
    """Leaders whose clocks are slower by that share are cut off, one after the other."""
    slow = int(TRUE_RATE * (1 - drift))
    plan: list[PlannedFault] = []
    for number in range(1, _ROUNDS + 1):
        at_us = number * _ROUND_US
        # Its clock is as good as the others' again before it may lead the next time.
        plan.append(PlannedFault(at_us, DriftClock(LEADER, slow, _ROUND_US // 2)))
        cut = Isolate(LEADER, Direction.BOTH, _ROUND_US // 2)
        plan.append(PlannedFault(at_us + ELECTION_US, cut))
    return Scenario(
        seed=seed,
        nodes=nodes,
        events_max=_FOREVER_US,
        duration_us=(_ROUNDS + 1) * _ROUND_US,
        config=Config(
            election_timeout_min_us=ELECTION_US,
            election_timeout_max_us=ELECTION_US + 2 * MS,  # as soon as they may
            heartbeat_interval_us=ELECTION_US // 10,
        ),
        weather=Weather(delay_least_us=100, delay_tail_us=100),
        disk=DiskSpeed(sync_least_us=50, sync_tail_us=50),
        clock_drift=0.0,
        lease_us=ELECTION_US,
        habits=_HABITS,
        plan=tuple(plan),
    )


def measure(drifts: Iterable[float], seeds: Iterable[int]) -> list[Measured]:
    """Runs each seed with each drift."""
    seeds = list(seeds)
    measured: list[Measured] = []
    for drift in drifts:
        results = [NodeLevelRun(drift_scenario(seed, drift)).run() for seed in seeds]
        broken = sum(result.violation is not None for result in results)
        measured.append(Measured(drift=drift, runs=len(seeds), broken=broken))
    return measured
