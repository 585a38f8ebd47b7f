"""Clusters, driven through fault plans that Hypothesis generates and shrinks.

Only what shapes a run is drawn: its size, its settings, at most 40 faults, the seed of
everything else. Since each message's fate is a function of that seed and of the message
alone, a fault that is taken out leaves the rest of the run as it was, and so a failure
shrinks to the few faults that matter.
"""

import attrs
import pytest
from hypothesis import HealthCheck, find, given, note, settings
from hypothesis import strategies as st

from leto.raft import Config
from leto_sim.node_level.datagrams import Weather
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
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import MS, Habits, Scenario
from leto_sim.screen import render

DURATION_US = 3_000 * MS
FAULTS_MAX = 40
QUIET = Scenario(
    seed=1,
    events_max=200,
    duration_us=DURATION_US,
    config=Config(
        election_timeout_min_us=200 * MS,
        election_timeout_max_us=300 * MS,
        heartbeat_interval_us=100 * MS,
    ),
    habits=Habits(clients=1, thinking_us=1_000 * MS),
)

victims = st.integers(LEADER, 4)
durations = st.integers(0, 1_000).map(lambda milliseconds: milliseconds * MS)
sides = st.integers(0, 0b11111)


def faults() -> st.SearchStrategy[Fault]:
    """The milder kinds come first: Hypothesis shrinks towards them."""
    return st.one_of(
        st.builds(TakeSnapshotNow, victims),
        st.builds(TransferLeadership, victims),
        st.builds(Pause, victims, durations),
        st.builds(StallDisk, victims, durations),
        st.builds(Crash, victims, durations),
        st.builds(Ambush, st.integers(1, 4), st.integers(0, 50 * MS), durations, st.booleans()),
        st.builds(CutLinks, sides, sides, st.booleans(), durations),
        st.builds(Isolate, victims, st.sampled_from(Direction), durations),
        st.builds(Storm, st.floats(0, 0.5), st.floats(0, 0.5), durations, durations),
        st.builds(FailDisk, victims, durations),
        st.builds(AddNode),
        st.builds(RemoveNode, victims),
        st.builds(LoseDisk, victims, st.booleans()),
    )


def plans() -> st.SearchStrategy[tuple[PlannedFault, ...]]:
    times = st.integers(0, DURATION_US // MS).map(lambda milliseconds: milliseconds * MS)
    return st.lists(st.builds(PlannedFault, times, faults()), max_size=FAULTS_MAX).map(tuple)


def configs() -> st.SearchStrategy[Config]:
    return st.builds(
        Config,
        election_timeout_min_us=st.just(100 * MS),
        election_timeout_max_us=st.sampled_from((200 * MS, 130 * MS)),
        heartbeat_interval_us=st.sampled_from((50 * MS, 20 * MS)),
        append_bytes_max=st.sampled_from((2**20, 1)),
        appends_in_flight_max=st.sampled_from((64, 1)),
        snapshot_chunk_bytes=st.sampled_from((2**18, 7)),
        snapshot_after_entries=st.sampled_from((100_000, 3)),
        trailing_entries=st.sampled_from((10_000, 0)),
    )


def scenarios() -> st.SearchStrategy[Scenario]:
    return st.builds(
        Scenario,
        seed=st.integers(0, 2**32 - 1),
        nodes=st.sampled_from((3, 5, 4, 2, 1)),
        events_max=st.just(2_000),
        duration_us=st.just(DURATION_US),
        config=configs(),
        weather=st.builds(Weather, loss=st.sampled_from((0.0, 0.1))),
        disk=st.builds(DiskSpeed, sync_tail_us=st.sampled_from((700, 20 * MS))),
        clock_drift=st.sampled_from((0.0, 0.8)),
        tells_deaths=st.booleans(),
        habits=st.builds(Habits, keys=st.sampled_from((1, 20)), burst_max=st.integers(1, 4)),
        plan=plans(),
    )


@pytest.mark.timeout(600)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_every_property_holds_whatever_the_faults(scenario: Scenario) -> None:
    result = NodeLevelRun(scenario, traced=True).run()

    note(render(result, "the scenario above"))
    assert None is result.violation


@pytest.mark.timeout(600)
def test_a_failure_shrinks_to_the_faults_that_matter() -> None:
    """If a second election were a failure: of up to 40 faults, one is left."""

    def elects_twice(plan: tuple[PlannedFault, ...]) -> bool:
        run = NodeLevelRun(attrs.evolve(QUIET, plan=plan))
        run._storm()
        return run.cluster.panel.elections > 1

    plan = find(plans(), elects_twice, settings=settings(database=None, derandomize=True))

    assert 1 == len(plan)
