"""Scenarios that Hypothesis draws and shrinks."""

from typing import get_args

import pytest
from hypothesis import HealthCheck, find, given, settings

from leto_sim.faults import Crash, TakeSnapshotNow
from leto_sim.node_level.faults import Fault
from leto_sim.node_level.scenario import Scenario
from leto_sim.simulation import simulate
from leto_sim.strategies import FAULT_KINDS, _values_for, faults, plans, scenarios
from leto_sim.workloads import CommandWorkload
from tests.support.machines import Adder

EXACT = settings(database=None, derandomize=True)


def test_every_kind_of_fault_is_drawn() -> None:
    assert set(get_args(Fault)) == set(FAULT_KINDS)


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_fault_of_each_kind_is_found(kind: type) -> None:
    assert kind is type(find(faults([kind]), lambda _: True, settings=EXACT))


def test_a_plan_shrinks_to_the_faults_that_matter() -> None:
    def has_a_crash(plan: tuple[object, ...]) -> bool:
        return "Crash" in str(plan)

    plan = find(plans(kinds=(TakeSnapshotNow, Crash)), has_a_crash, settings=EXACT)

    assert 1 == len(plan)
    assert (0, Crash(0, 0)) == (plan[0].at_us, plan[0].fault)


def test_a_scenario_shrinks_to_a_calm_one() -> None:
    scenario = find(scenarios(), lambda _: True, settings=EXACT)

    assert (0, 3, ()) == (scenario.seed, scenario.nodes, scenario.plan)


def test_fields_of_every_form_are_drawn() -> None:
    drawn = find(
        _values_for("pairs", tuple[tuple[int, bool], ...]),
        lambda pairs: pairs != (),
        settings=EXACT,
    )

    assert ((1, False),) == drawn
    with pytest.raises(NotImplementedError, match="no strategy for name: <class 'str'>"):
        _values_for("name", str)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(events_max=300, faults_max=10))
def test_what_is_drawn_can_be_simulated(scenario: Scenario) -> None:
    workload = CommandWorkload(commands=[b"1"])

    simulate(Adder, scenario=scenario, workload=workload).raise_if_violated()
