"""Clusters, driven through fault plans that Hypothesis generates and shrinks.

Only what shapes a run is drawn: its size, its settings, at most 40 faults, the seed of
everything else. Since each message's fate is a function of that seed and of the message
alone, a fault that is taken out leaves the rest of the run as it was, and so a failure
shrinks to the few faults that matter.
"""

import attrs
import pytest
from hypothesis import HealthCheck, find, given, note, settings

from leto.raft import Config
from leto_sim.clock import MS
from leto_sim.habits import Habits
from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import Scenario
from leto_sim.screen import render
from leto_sim.strategies import DURATION_US, plans, scenarios

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
