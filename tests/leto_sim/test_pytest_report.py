"""What a failed test shows of its run."""

import attrs

from leto_sim.node_level.faults import Crash, Pause, PlannedFault, TakeSnapshotNow
from leto_sim.node_level.parts import Parts
from leto_sim.node_level.run import run_scenario
from leto_sim.node_level.scenario import MS
from leto_sim.node_level.workloads import CommandWorkload
from leto_sim.pytest_report import describe, shrink
from leto_sim.result import SimulationFailed
from leto_sim.scenario_files import read_scenario
from leto_sim.simulated_cluster import SimulatedCluster
from leto_sim.simulation import SimulatedResult, simulate
from tests.support.machines import Adder
from tests.support.sims import QUIET


class Forgetful(Adder):
    """Starts over when it is restored."""

    def restore(self, content: bytes) -> None:
        self.total = 0


PAUSES = tuple(PlannedFault(at * 100 * MS, Pause(at, MS)) for at in range(1, 6))
PLAN = (
    *PAUSES,
    PlannedFault(800 * MS, TakeSnapshotNow(1)),
    PlannedFault(900 * MS, Crash(1, 10 * MS)),
)
SCENARIO = attrs.evolve(QUIET, events_max=10_000, duration_us=1_000 * MS, plan=PLAN)


def failed_run() -> SimulatedResult:
    result = simulate(Forgetful, scenario=SCENARIO, workload=CommandWorkload(commands=[b"1"]))
    assert result.violation is not None
    return result


def test_faults_that_the_failure_does_not_need_are_left_out() -> None:
    assert PLAN[5:] == shrink(SCENARIO, failed_run()).plan


def test_shrinking_ends_in_time() -> None:
    assert SCENARIO == shrink(SCENARIO, failed_run(), within_s=0)


def test_a_run_is_described_with_a_scenario_that_can_be_read_again() -> None:
    text = describe(SimulationFailed(failed_run()), None)

    assert text is not None
    assert "VIOLATED: " in text
    assert "scenario, shrunk: 2 of 7 faults are left" in text
    saved = read_scenario(text[text.index("format = 1") :])
    assert attrs.evolve(SCENARIO, plan=PLAN[5:]) == saved.scenario


def test_a_cluster_that_was_driven_by_hand_is_described_without_a_scenario() -> None:
    cluster = SimulatedCluster(Adder)
    cluster.propose(b"1")

    text = describe(AssertionError(), cluster)

    assert text is not None
    assert text.startswith("seed 0, node level")
    assert None is describe(AssertionError(), None)


def test_a_violation_that_a_call_made_visible_is_described() -> None:
    parts = Parts(machine=Forgetful, workload=CommandWorkload(commands=[b"1"]))

    text = describe(SimulationFailed(run_scenario(SCENARIO, parts)), None)

    assert text is not None
    assert text.startswith("VIOLATED: ")
    assert "scenario, shrunk" not in text
