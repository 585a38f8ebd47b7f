"""A user's machine in whole servers: honest ones survive, and each wrong one dies."""

from collections.abc import Callable
from itertools import count

import attrs
import pytest

from examples.tickets import COMMANDS, BetterOffice, TicketOffice
from leto.machine import StateMachine
from leto.server import ReadMode
from leto_sim import (
    ClusterView,
    CommandWorkload,
    Invariant,
    Query,
    RunResult,
    Strike,
    simulate,
)
from leto_sim.checkers.determinism import DETERMINISM, NEVER_RAISES
from leto_sim.checkers.folds import SNAPSHOT_IS_THE_FOLD
from leto_sim.judging import LINEARIZABILITY
from leto_sim.parts import Parts
from leto_sim.registers import Registers
from leto_sim.server_level.machine_run import MachineRun, habits_of
from leto_sim.server_level.scenario import ServerScenario, draw_server_scenario

NEXT_SEAT = Query.of(TicketOffice, lambda office: office.next_seat)
WORKLOAD = CommandWorkload(commands=COMMANDS, query=lambda _: NEXT_SEAT)
SMALL = 1_500


def run(machine: Callable[[], StateMachine], seed: int, events: int = SMALL) -> RunResult:
    return simulate(machine, level="server", seed=seed, events=events, workload=WORKLOAD)


def first_violation(machine: Callable[[], StateMachine], seeds: range = range(12)) -> str | None:
    for seed in seeds:
        violation = run(machine, seed).violation
        if violation is not None:
            return violation.property_name
    return None


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_machine_survives(seed: int) -> None:
    result = run(BetterOffice, seed)

    result.raise_if_violated()
    assert ("server", True) == (result.level, result.commits > 10)


def test_a_run_is_decided_by_its_seed() -> None:
    once, again = run(BetterOffice, 4), run(BetterOffice, 4)

    assert once.digest == again.digest


def test_registers_are_replicated_by_servers_too() -> None:
    scenario = draw_server_scenario(5, nodes=3, events_max=SMALL)
    invariant = Invariant("somebody runs", lambda _: True)

    result = simulate(scenario=scenario, invariants=[invariant])

    result.raise_if_violated()
    assert "server" == result.level


def test_a_snapshot_that_forgets_something_is_found() -> None:
    assert first_violation(TicketOffice) in {DETERMINISM, SNAPSHOT_IS_THE_FOLD}


class Locks(StateMachine):
    """Holds nothing, now and then: then its content has no bytes."""

    def __init__(self) -> None:
        self.holder = b""

    def apply(self, command: bytes) -> bytes:
        self.holder = b"" if self.holder == command else self.holder or command
        return self.holder

    def snapshot(self) -> bytes:
        return self.holder

    def restore(self, content: bytes) -> None:
        self.holder = content


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_content_without_bytes_is_a_snapshot_too(seed: int) -> None:
    workload = CommandWorkload(commands=[b"x", b"y"])

    simulate(
        Locks, level="server", seed=seed, nodes=5, events=2_000, workload=workload
    ).raise_if_violated()


class Numbered(BetterOffice):
    """Its results depend on how many of its kind there are."""

    counter = count()

    def apply(self, command: bytes) -> bytes:
        return super().apply(command) + b" by %d" % next(self.counter)


def test_an_apply_that_depends_on_more_than_the_commands_is_found() -> None:
    assert DETERMINISM == first_violation(Numbered)


class Fussy(BetterOffice):
    """Raises, now and then."""

    def apply(self, command: bytes) -> bytes:
        if self.next_seat > 5:
            raise ValueError("sold out")
        return super().apply(command)


def test_a_machine_that_raises_is_found() -> None:
    assert NEVER_RAISES == first_violation(Fussy)


class Unordered(BetterOffice):
    """Restores what it holds in another order than it had."""

    def restore(self, content: bytes) -> None:
        super().restore(content)
        self.returned.reverse()


def test_a_restore_that_reorders_is_found() -> None:
    assert first_violation(Unordered) in {DETERMINISM, SNAPSHOT_IS_THE_FOLD}


def test_an_invariant_is_asked_of_servers() -> None:
    def nothing_is_sold(cluster: ClusterView) -> str | None:
        sold = [
            node.name for node in cluster.running if node.machine_as(BetterOffice).next_seat > 1
        ]
        return f"{sold[0]} has sold a seat" if sold else None

    invariant = Invariant("nothing is sold", nothing_is_sold)

    result = simulate(
        BetterOffice, level="server", events=SMALL, workload=WORKLOAD, invariants=[invariant]
    )

    assert result.violation is not None
    assert "nothing is sold" == result.violation.property_name


@attrs.frozen
class LoseThemAll:
    """Power is lost everywhere."""

    def strike(self, cluster: ClusterView) -> None:
        for node in cluster.nodes:
            cluster.crash(node.name)

    def mend(self, cluster: ClusterView) -> None:
        for node in cluster.nodes:
            cluster.start(node.name)


def test_a_fault_of_ones_own_strikes_servers() -> None:
    scenario = attrs.evolve(draw_server_scenario(1, nodes=3, events_max=3_000), plan=())
    strike = Strike(fault=LoseThemAll(), for_us=200_000, at_us=1_000_000)

    result = simulate(BetterOffice, scenario=scenario, workload=WORKLOAD, faults=[strike])
    calm = simulate(BetterOffice, scenario=scenario, workload=WORKLOAD)

    result.raise_if_violated()
    assert result.elections > calm.elections


class Forgetful(Registers):
    """Takes a write, and does not keep it: every node in the same way."""

    def apply(self, command: bytes) -> bytes:
        return b"" if command[-1] % 8 == 0 else super().apply(command)


def test_what_clients_see_is_judged_by_their_workload() -> None:
    results = [
        simulate(Forgetful, level="server", seed=seed, events=SMALL, workload=Parts().workload)
        for seed in range(3)
    ]

    assert LINEARIZABILITY in {r.violation.property_name for r in results if r.violation}


def test_what_happened_can_be_looked_at() -> None:
    scenario = draw_server_scenario(2, nodes=3, events_max=SMALL)
    parts = Parts(machine=BetterOffice, workload=WORKLOAD)
    course = MachineRun(scenario, parts, traced=True)

    result = course.run()

    assert None is result.violation
    operations = list(course.operations())
    assert {"buy", "query"} <= {one.text for one in operations}
    assert any(one.result is not None and one.result.startswith("seat ") for one in operations)
    assert [] == list(course.history_lines())


def test_a_scenarios_clients_are_as_busy_as_it_says() -> None:
    scenario = draw_server_scenario(3)

    habits = habits_of(scenario)

    assert scenario.workload.clients == habits.clients
    assert scenario.manners.think_us == habits.thinking_us
    assert scenario.workload.reads == habits.reads


def test_reads_may_rest_on_leases() -> None:
    scenario = attrs.evolve(
        draw_server_scenario(6, nodes=3, events_max=SMALL), reads=ReadMode.LEASE
    )

    simulate(BetterOffice, scenario=scenario, workload=WORKLOAD).raise_if_violated()


def test_clients_that_never_write_wait_for_no_commit() -> None:
    scenario = ServerScenario(seed=1, nodes=3, events_max=SMALL)
    workload = CommandWorkload(commands=COMMANDS, query=lambda _: NEXT_SEAT)
    only_reads = attrs.evolve(scenario, workload=attrs.evolve(scenario.workload, reads=1.0))

    simulate(BetterOffice, scenario=only_reads, workload=workload).raise_if_violated()
