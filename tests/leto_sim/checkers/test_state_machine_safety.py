"""What is applied is committed, in order, and everywhere the same."""

import pytest

from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, forcing, node_with_log


def safety_after_commit(*terms: int) -> tuple[StateMachineSafety, StandingNode]:
    node = node_with_log(1, *terms)
    node.status.commit_index = len(terms)
    ledger = Ledger()
    ledger.commit_advanced(node)
    safety = StateMachineSafety(ledger)
    safety.started(node)
    return safety, node


def test_committed_entries_are_applied_one_after_the_other() -> None:
    safety, node = safety_after_commit(1, 1)

    safety.applied(node, [entry(1, 1)])
    safety.applied(node, [entry(1, 2)])

    assert entry(1, 2) == safety.entry_at(2)
    assert None is safety.entry_at(3)


def test_an_entry_that_is_not_committed_is_a_violation() -> None:
    safety, node = safety_after_commit(1)
    safety.applied(node, [entry(1, 1)])

    with pytest.raises(PropertyViolated, match="id1 applies 2@1, which is not committed"):
        safety.applied(node, [entry(1, 2)])


def test_a_gap_is_a_violation() -> None:
    safety, node = safety_after_commit(1, 1)

    with pytest.raises(PropertyViolated, match="applies 2@1 after index 0"):
        safety.applied(node, [entry(1, 2)])


def test_another_entry_than_elsewhere_is_a_violation() -> None:
    safety, node = safety_after_commit(1)
    other = node_with_log(2)
    safety.started(other)
    safety.applied(node, [entry(1, 1, b"a")])

    with pytest.raises(PropertyViolated, match="id2 applies 1@1, where others applied 1@1"):
        safety.applied(other, [entry(1, 1, b"b")])


def test_the_same_entry_on_another_node_is_welcome() -> None:
    safety, node = safety_after_commit(1)
    other = node_with_log(2, 1)
    safety.started(other)
    safety.applied(node, [entry(1, 1)])

    safety.applied(other, [entry(1, 1)])


def test_an_entry_that_is_not_durable_on_the_node_is_a_violation() -> None:
    safety, node = safety_after_commit(1)
    node.platter.log.entries.clear()

    with pytest.raises(PropertyViolated, match="id1 applies 1@1, which is not durable here"):
        safety.applied(node, [entry(1, 1)])


def test_a_restored_node_goes_on_behind_the_snapshot() -> None:
    safety, node = safety_after_commit(1, 1)

    safety.restored(node, 1, b"content")
    safety.applied(node, [entry(1, 2)])


def test_different_contents_as_of_one_index_are_a_violation() -> None:
    safety, node = safety_after_commit(1)
    safety.has_content(node, 1, b"a")

    with pytest.raises(PropertyViolated, match="as of 1 holds something else than another node"):
        safety.restored(node, 1, b"b")


def test_what_is_void_may_be_applied_otherwise_and_nothing_else() -> None:
    safety, node = safety_after_commit(1, 1)
    other = node_with_log(2, 1, 1)
    safety.applied(node, [entry(1, 1), entry(1, 2)])
    safety.has_content(node, 1, b"a")
    safety.has_content(node, 2, b"b")

    safety.forced(forcing(agreed=1))

    safety.restored(other, 2, b"c")
    assert None is safety.entry_at(2)
    with pytest.raises(PropertyViolated, match="as of 1 holds something else"):
        safety.has_content(other, 1, b"c")
