"""What a failed test shows of its simulated run.

Responsible for the text: the screen of the run, its scenario with every fault left
out that the failure does not need, and the files that show more.
"""

import time

import attrs

from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.parts import Parts
from leto_sim.node_level.run import run_scenario
from leto_sim.node_level.scenario import Scenario
from leto_sim.result import RunResult, SimulationFailed
from leto_sim.scenario_files import SavedScenario, write_scenario
from leto_sim.screen import render
from leto_sim.simulated_cluster import SimulatedCluster
from leto_sim.simulation import SimulatedResult

SHRINK_S = 10.0


def describe(error: BaseException, cluster: SimulatedCluster | None) -> str | None:
    """What there is to say about the run; None if the failure has nothing to do with one."""
    if isinstance(error, SimulationFailed):
        return _describe_run(error.result)
    return None if cluster is None else render(cluster.result, "the test's own calls")


def _describe_run(result: RunResult) -> str:
    if not isinstance(result, SimulatedResult):
        return render(result, "the test's own calls")
    scenario = shrink(result.scenario, result)
    smallest = run_scenario(scenario, result.parts)
    violates = None if smallest.violation is None else smallest.violation.property_name
    saved = SavedScenario(level=smallest.level, scenario=scenario, violates=violates)
    faults = f"{len(scenario.plan)} of {len(result.scenario.plan)} faults are left"
    return f"{render(smallest, 'below')}\n\nscenario, shrunk: {faults}\n\n{write_scenario(saved)}"


def shrink(scenario: Scenario, result: SimulatedResult, *, within_s: float = SHRINK_S) -> Scenario:
    """The scenario without the faults that its violation does not need.

    Halves are left out, then quarters, down to single faults, as long as time allows.
    """
    assert result.violation is not None, "there is something to keep"
    wanted, parts = result.violation.property_name, result.parts
    give_up_at = time.monotonic() + within_s
    plan, size = scenario.plan, len(scenario.plan)
    while size:
        start = 0
        while start < len(plan) and time.monotonic() < give_up_at:
            shorter = plan[:start] + plan[start + size :]
            if _violates(scenario, shorter, parts, wanted):
                plan = shorter
            else:
                start += size
        size //= 2
    return attrs.evolve(scenario, plan=plan)


def _violates(
    scenario: Scenario, plan: tuple[PlannedFault, ...], parts: Parts, wanted: str
) -> bool:
    violation = run_scenario(attrs.evolve(scenario, plan=plan), parts).violation
    return violation is not None and violation.property_name == wanted
