"""Committed entries are known, and stay."""

import pytest

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId
from leto_sim.checkers.ledger import Ledger
from leto_sim.platter import LogImage
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, forcing, log_of, node_with_log


def node_that_committed(commit_index: int, *terms: int) -> StandingNode:
    node = node_with_log(1, *terms)
    node.status.commit_index = commit_index
    return node


def test_what_the_first_node_commits_is_new() -> None:
    ledger = Ledger()

    fresh = ledger.commit_advanced(node_that_committed(2, 1, 1, 1))

    assert [EntryId(1, 1), EntryId(1, 2)] == list(fresh)
    assert EntryId(1, 2) == ledger.last


def test_what_others_committed_before_is_not() -> None:
    ledger = Ledger()
    ledger.commit_advanced(node_that_committed(2, 1, 1))

    fresh = ledger.commit_advanced(node_that_committed(1, 1, 1))

    assert () == fresh


def test_nothing_is_committed_at_first() -> None:
    ledger = Ledger()

    assert (BEFORE_LOG, BEFORE_LOG, None) == (ledger.last, ledger.id_at(0), ledger.id_at(1))


def test_another_entry_at_a_committed_index_is_a_violation() -> None:
    ledger = Ledger()
    ledger.commit_advanced(node_that_committed(2, 1, 1))

    with pytest.raises(PropertyViolated, match="id1 takes 2@2 for committed, where 2@1 is"):
        ledger.commit_advanced(node_that_committed(2, 1, 2))


def test_a_commit_below_a_compacted_log_is_taken_on_trust() -> None:
    ledger = Ledger()
    ledger.commit_advanced(node_that_committed(2, 1, 1))
    restored = node_that_committed(1)
    restored.memory = LogImage(before_log=EntryId(1, 2))

    assert () == ledger.commit_advanced(restored)


def test_committing_what_one_does_not_have_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="takes 3 for committed, and does not have it"):
        Ledger().commit_advanced(node_that_committed(3, 1, 1))


def test_dropping_a_committed_entry_is_a_violation() -> None:
    ledger, node = Ledger(), node_that_committed(2, 1, 1, 1)
    ledger.commit_advanced(node)

    ledger.write_issued(node, Write(seq=1, truncate_from=3))

    with pytest.raises(PropertyViolated, match="id1 drops 2@1 from its log"):
        ledger.write_issued(node, Write(seq=2, truncate_from=2))


def test_in_an_earlier_term_a_log_may_lose_what_a_later_one_committed() -> None:
    ledger, leader = Ledger(), node_that_committed(2, 1, 1)
    leader.status.current_term = 6
    ledger.commit_advanced(leader)
    behind = node_with_log(2, 1, 1)
    behind.status.current_term = 5

    ledger.write_issued(behind, Write(seq=1, truncate_from=2))

    behind.status.current_term = 6
    with pytest.raises(PropertyViolated, match="id2 drops 2@1"):
        ledger.write_issued(behind, Write(seq=2, truncate_from=2))


def test_a_snapshot_may_replace_what_is_committed() -> None:
    ledger, node = Ledger(), node_that_committed(2, 1, 1)
    ledger.commit_advanced(node)
    mark = SnapshotMark(configuration=EMPTY_CONFIGURATION)

    ledger.write_issued(node, Write(seq=1, truncate_from=1, snapshot=mark))


def test_a_log_agrees_up_to_where_its_entries_are_the_committed_ones() -> None:
    ledger = Ledger()
    ledger.commit_advanced(node_that_committed(4, 1, 1, 2, 2))
    compacted = LogImage(before_log=EntryId(2, 4))

    logs = [log_of(1, 1, 3), log_of(1, 1, 2), log_of(1, 1, 2, 2, 3), log_of(), compacted]

    assert [2, 3, 4, 0, 4] == [ledger.agreement(log) for log in logs]


def test_what_a_forced_log_lacks_may_be_committed_anew() -> None:
    ledger = Ledger()
    ledger.commit_advanced(node_that_committed(3, 1, 1, 2))

    ledger.forced(forcing(agreed=2))

    assert EntryId(1, 2) == ledger.last
    assert [EntryId(4, 3)] == list(ledger.commit_advanced(node_that_committed(3, 1, 1, 4)))
