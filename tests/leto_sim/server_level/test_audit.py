"""An audit reads every key of a node in both ways, and holds nodes against each other."""

import pytest

from leto.resp import OK, Reply
from leto_sim.clock import SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.audit import Audit
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.history import History
from leto_sim.server_level.operator import ServerOperator, is_carried_out
from leto_sim.server_level.scenario import ServerScenario


class Office:
    """A cluster of one that holds two keys, and what an audit of it wrote down."""

    def __init__(self) -> None:
        self.history = History()
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=1))
        self._operator = ServerOperator(self.cluster)
        self.ask(b"SET", b"k0", b"one")

    def ask(self, *arguments: bytes) -> None:
        heard: list[Reply] = []
        self._operator.ask(self.cluster.addresses, arguments, is_carried_out, heard.append)
        self.run_until(lambda: bool(heard))
        assert [OK] == heard

    def run_until(self, is_reached: object) -> None:
        assert callable(is_reached)
        while not is_reached():
            assert self.cluster.scheduler.now < 20 * SECOND
            self.cluster.scheduler.step()

    def audit(self) -> Audit:
        machine = self.cluster.machines[0]
        audit = Audit(self.cluster, machine, [b"k0", b"k1"], [b"p0"], self.history)
        self.run_until(lambda: audit.is_done)
        return audit


@pytest.fixture
def office() -> Office:
    return Office()


def test_audit_reads_every_key_in_both_ways(office: Office) -> None:
    audit = office.audit()

    results = [(operation.key, operation.result) for operation in office.history.operations]
    assert [(b"k0", b"one"), (b"k1", None)] == results
    assert {b"k0": b"one", b"k1": None, b"p0": None} == audit.holds


def test_audit_asks_again_what_was_refused(office: Office) -> None:
    office.cluster.kill(office.cluster.machines[0])
    office.cluster.start(office.cluster.machines[0])

    audit = office.audit()

    assert b"one" == audit.holds[b"k0"]


def test_key_that_should_have_expired_is_a_violation(office: Office) -> None:
    office.ask(b"SET", b"p0", b"still here")

    with pytest.raises(PropertyViolated, match="expired keys are nil on every node"):
        office.audit()


def test_nodes_that_hold_the_same_agree(office: Office) -> None:
    audit = office.audit()

    audit.compare_with(audit)


def test_nodes_that_hold_different_values_are_a_violation(office: Office) -> None:
    audit = office.audit()
    office.ask(b"SET", b"k0", b"two")
    del office.cluster.clients["audit of id1"]
    later = office.audit()

    with pytest.raises(PropertyViolated, match="state machines agree in the end"):
        later.compare_with(audit)
