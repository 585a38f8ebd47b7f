"""Clusters that Hypothesis drives, rule by rule."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from leto_sim.result import SimulationFailed
from leto_sim.stateful import ClusterStateMachine
from tests.support.machines import Adder

FEW = settings(
    max_examples=5,
    stateful_step_count=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Adders(ClusterStateMachine):
    """Adders, under every rule."""

    machine = Adder
    commands = st.sampled_from([b"1", b"2"])

    @invariant()
    def nothing_is_taken_away(self) -> None:
        assert all(node.machine_as(Adder).total >= 0 for node in self.cluster.running)


class ServedAdders(Adders):
    """The same, in whole servers."""

    level = "server"


class Forgetful(Adder):
    """Starts over when a snapshot of more than nothing is restored."""

    def snapshot(self) -> bytes:
        return b"0"


class Forgetfuls(Adders):
    """What is found out as soon as a command is applied a second time."""

    machine = Forgetful

    @invariant()
    def nothing_is_forgotten(self) -> None:
        totals = [node.machine_as(Adder).total for node in self.cluster.running]
        assert max(totals, default=0) < 3


@pytest.mark.timeout(600)
@pytest.mark.parametrize("adders", [Adders, ServedAdders])
def test_every_rule_may_happen_to_an_honest_machine(adders: type[Adders]) -> None:
    run_state_machine_as_test(adders, settings=FEW)


@pytest.mark.timeout(600)
def test_registers_are_replicated_unless_the_class_says_otherwise() -> None:
    run_state_machine_as_test(ClusterStateMachine, settings=settings(FEW, max_examples=1))


@pytest.mark.timeout(600)
def test_an_invariant_of_the_users_is_checked_after_each_rule() -> None:
    unshrunk = settings(FEW, max_examples=50, phases=[Phase.generate])

    with pytest.raises(AssertionError, match="assert"):
        run_state_machine_as_test(Forgetfuls, settings=unshrunk)


def test_the_rules_do_what_they_say() -> None:
    cluster = Adders()

    cluster.heal()
    cluster.let_time_pass(1_000)
    cluster.crash(0)
    cluster.query(0)
    cluster.query(1)
    cluster.restart(0)
    cluster.partition([True, False, False])
    cluster.let_time_pass(500)
    cluster.heal()
    cluster.let_time_pass(500)
    cluster.add_node()
    cluster.let_time_pass(1_000)
    cluster.remove_node(1)
    cluster.let_time_pass(1_000)
    cluster.transfer_leadership(2)
    cluster.at_most_one_leader_of_a_term()
    cluster.teardown()

    assert "id4" in cluster.cluster.wait_for_leader().members
    assert cluster.name(0) == cluster.name(len(cluster.cluster.nodes))


def test_nodes_that_differ_are_found_out_in_the_end() -> None:
    cluster = Adders()
    assert b"1" == cluster.cluster.propose(b"1")
    cluster.cluster.settle()
    cluster.cluster.node("id1").machine_as(Adder).total = 9

    with pytest.raises(SimulationFailed, match="there are 2 contents"):
        cluster.teardown()
