"""Leaders of later terms have what is committed, and nobody else could be elected."""

import pytest

from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.leader_completeness import CommittedInTerms, check_committed
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated
from tests.support.observed import forcing, log_of, node_with_log, voters


def test_a_leader_that_has_everything_is_welcome() -> None:
    checker = CommittedInTerms()
    checker.committed(node_with_log(1, 1, 1), EntryId(1, 2))

    checker.elected(node_with_log(2, 1, 1, 2))


def test_a_leader_that_lacks_a_committed_entry_is_a_violation() -> None:
    checker = CommittedInTerms()
    checker.committed(node_with_log(1, 1, 1), EntryId(1, 2))

    with pytest.raises(PropertyViolated, match="id2 leads term 2 without 2@1, which is committed"):
        checker.elected(node_with_log(2, 1, 2))


def test_a_late_leader_need_not_have_what_a_later_term_committed() -> None:
    checker = CommittedInTerms()
    checker.committed(node_with_log(1, 1, 3), EntryId(3, 2))

    checker.elected(node_with_log(2, 1, 2))


def disks(*logs: tuple[int, ...]) -> dict[NodeId, Platter]:
    made = {NodeId(number): Platter() for number in range(1, len(logs) + 1)}
    for platter, terms in zip(made.values(), logs, strict=True):
        platter.log = log_of(*terms)
    return made


def test_an_entry_that_every_possible_leader_has_is_safe() -> None:
    platters = disks((1, 1), (1, 1), (1,))

    check_committed(node_with_log(1, 1, 1), EntryId(1, 2), platters, [voters(1, 2, 3)])


def test_figure_3_7_shows_an_entry_on_a_quorum_that_is_not_safe() -> None:
    """(c): S1 counts the entry of term 2 on three of five; S5, with its entry of term 3, may win."""
    platters = disks((1, 2, 4), (1, 2), (1, 2), (1,), (1, 3))

    with pytest.raises(PropertyViolated, match="takes 2@2 for committed, but 5, who lacks it"):
        check_committed(node_with_log(1, 1, 2, 4), EntryId(2, 2), platters, [voters(1, 2, 3, 4, 5)])


def test_figure_3_7_is_safe_once_an_entry_of_the_own_term_is_stored() -> None:
    """(e): with term 4 on a quorum, S5 cannot win."""
    platters = disks((1, 2, 4), (1, 2, 4), (1, 2, 4), (1,), (1, 3))

    check_committed(node_with_log(1, 1, 2, 4), EntryId(4, 3), platters, [voters(1, 2, 3, 4, 5)])


def test_who_lost_its_disk_neither_votes_nor_leads() -> None:
    platters = disks((1, 1), (1,), (1,))
    del platters[NodeId(3)]

    check_committed(node_with_log(1, 1, 1), EntryId(1, 2), platters, [voters(1, 2, 3)])


def test_what_is_void_need_not_be_held_and_the_rest_must() -> None:
    checker = CommittedInTerms()
    checker.committed(node_with_log(1, 1, 1), EntryId(1, 2))
    checker.committed(node_with_log(1, 1, 1, 3), EntryId(3, 3))

    checker.forced(forcing(agreed=1, term=3), EntryId(1, 1))

    checker.elected(node_with_log(2, 1, 4))
    with pytest.raises(PropertyViolated, match="leads term 5 without 1@1"):
        checker.elected(node_with_log(2, 5))
