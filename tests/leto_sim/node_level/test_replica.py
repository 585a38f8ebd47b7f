"""A state machine under the checkers' eyes, honest or not."""

from collections.abc import Callable

import attrs
import pytest

from leto.machine import StateMachine
from leto_sim.checkers.determinism import DETERMINISM, NEVER_RAISES
from leto_sim.clock import MS
from leto_sim.faults import Crash, TakeSnapshotNow
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.replica import ONE_AT_A_TIME
from leto_sim.node_level.run import run_scenario
from leto_sim.node_level.scenario import Scenario
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated, Violation
from leto_sim.workloads import CommandWorkload
from tests.support.machines import Adder
from tests.support.sims import QUIET, elect, pass_time

ADD = CommandWorkload(commands=[b"1", b"2"])
BRIEF = attrs.evolve(QUIET, events_max=600)
RESTARTS = tuple(PlannedFault(at * 100 * MS, Crash(at, 50 * MS)) for at in range(1, 8))
SNAPSHOTS = tuple(PlannedFault(at * 90 * MS, TakeSnapshotNow(at)) for at in range(1, 8))


def run(
    machine: Callable[[], StateMachine], scenario: Scenario = BRIEF, *, looks: bool = False
) -> Violation | None:
    parts = Parts(machine=machine, workload=ADD, compares_every_content=looks)
    return run_scenario(scenario, parts).violation


@pytest.mark.parametrize("looks", [False, True])
def test_an_honest_machine_survives(*, looks: bool) -> None:
    scenario = attrs.evolve(BRIEF, events_max=2_000, plan=RESTARTS + SNAPSHOTS)

    assert None is run(Adder, scenario, looks=looks)


def test_every_life_of_every_node_has_a_machine_of_its_own() -> None:
    cluster = Cluster(QUIET, Parts(machine=Adder, workload=ADD))

    elect(cluster)

    machines = [process.machine for process in cluster.alive]
    assert 3 == len({id(machine) for machine in machines})
    assert {Adder} == {type(machine) for machine in machines}


def test_results_that_differ_between_nodes_are_a_violation() -> None:
    class Numbered(Adder):
        made = 0

        def __init__(self) -> None:
            super().__init__()
            Numbered.made += 1
            self.number = Numbered.made

        def apply(self, command: bytes) -> bytes:
            return super().apply(command) + b" by %d" % self.number

    violation = run(Numbered)

    assert violation is not None
    assert DETERMINISM == violation.property_name


def test_contents_are_compared_after_each_command_if_wanted() -> None:
    class Numbered(Adder):
        made = 0

        def __init__(self) -> None:
            super().__init__()
            Numbered.made += 1
            self.number = Numbered.made

        def snapshot(self) -> bytes:
            return super().snapshot() + b" by %d" % self.number * bool(self.total)

    violation = run(Numbered, looks=True)

    assert violation is not None
    assert DETERMINISM == violation.property_name
    assert "entry 2, " in violation.explanation


class RaisesInApply(Adder):
    """Knows no twos."""

    def apply(self, command: bytes) -> bytes:
        return super().apply({b"1": b"1"}[command])


class RaisesInSnapshot(Adder):
    """Cannot be kept."""

    def snapshot(self) -> bytes:
        if self.total:
            raise OSError("no pen")
        return super().snapshot()


class RaisesInRestore(Adder):
    """Cannot be read."""

    def restore(self, content: bytes) -> None:
        raise OSError("no glasses")


@pytest.mark.parametrize(
    "machine,explanation",
    [
        (RaisesInApply, "apply(b'2') at index "),
        (RaisesInSnapshot, "snapshot() raised OSError: no pen"),
        (RaisesInRestore, "restore(b'"),
    ],
)
def test_a_machine_that_raises_is_a_violation(
    machine: Callable[[], StateMachine], explanation: str
) -> None:
    scenario = attrs.evolve(BRIEF, events_max=3_000, plan=RESTARTS + SNAPSHOTS)

    violation = run(machine, scenario)

    assert violation is not None
    assert NEVER_RAISES == violation.property_name
    assert violation.explanation.startswith(explanation)


def test_what_is_ordered_of_a_busy_machine_is_a_violation() -> None:
    cluster = Cluster(QUIET)
    replica = elect(cluster).replica
    pass_time(cluster, 100 * MS)

    replica.begin("entries to be applied")

    with pytest.raises(PropertyViolated, match=r"id\d orders a snapshot before what it ordered"):
        replica.snapshot(1)
    with pytest.raises(PropertyViolated, match=ONE_AT_A_TIME):
        replica.begin("a snapshot to be restored")
    replica.end()
    replica.begin("a snapshot to be restored")
