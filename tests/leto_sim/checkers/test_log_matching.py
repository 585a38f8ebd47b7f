"""An entry of one index and term is the same everywhere, and follows the same entry."""

import pytest

from leto.raft.actions import Write
from leto.raft.types import EntryId
from leto_sim.checkers.log_matching import LogMatching
from leto_sim.result import PropertyViolated
from tests.support.observed import entry, forcing, node_with_log


def test_equal_logs_match() -> None:
    checker = LogMatching()
    write = Write(seq=1, entries=(entry(1, 1), entry(1, 2)))

    checker.became_durable(node_with_log(1), write)
    checker.became_durable(node_with_log(2), write)


def test_a_write_without_entries_says_nothing() -> None:
    LogMatching().became_durable(node_with_log(1), Write(seq=1, truncate_from=1))


def test_two_different_entries_of_one_id_are_a_violation() -> None:
    checker = LogMatching()
    checker.became_durable(node_with_log(1), Write(seq=1, entries=(entry(1, 1, b"a"),)))

    with pytest.raises(PropertyViolated, match="log matching: two different entries 1@1"):
        checker.became_durable(node_with_log(2), Write(seq=1, entries=(entry(1, 1, b"b"),)))


def test_different_predecessors_of_one_entry_are_a_violation() -> None:
    checker = LogMatching()
    write = Write(seq=1, entries=(entry(3, 2),))
    checker.became_durable(node_with_log(1, 1), write)
    other = node_with_log(2, 2)

    with pytest.raises(PropertyViolated, match=r"3.* follows 1@2 here, and 1@1 elsewhere"):
        checker.became_durable(other, write)

    assert EntryId(2, 1) == other.platter.last


def test_entries_of_terms_that_only_the_lost_nodes_knew_may_be_others() -> None:
    checker = LogMatching()
    node = node_with_log(1, 1)
    checker.became_durable(node, Write(seq=1, entries=(entry(2, 2, b"a"),)))
    checker.became_durable(node_with_log(1), Write(seq=1, entries=(entry(1, 1, b"a"),)))

    checker.forced(forcing(term=2))

    checker.became_durable(node, Write(seq=1, entries=(entry(2, 2, b"b"),)))
    with pytest.raises(PropertyViolated, match="two different entries 1@1"):
        checker.became_durable(node_with_log(1), Write(seq=1, entries=(entry(1, 1, b"b"),)))


def test_terms_that_fall_are_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="log matching: 2@1 follows 1@2: terms fall"):
        LogMatching().became_durable(
            node_with_log(1), Write(seq=1, entries=(entry(2, 1), entry(1, 2)))
        )
