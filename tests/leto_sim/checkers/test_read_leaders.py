"""Who lets a node read still leads."""

import pytest

from leto.raft.actions import Answer, Committed, Outcome, Readable
from leto.raft.events import ReadPolicy, ReadRequested
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.read_leaders import ReadLeaders
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, forcing, log_of, node_with_log

BY_LEASE = Readable(5, ReadPolicy.LEASE, 1_000)
BY_INDEX = Readable(5)


class Reader:
    """A read of node 1, which leads term 1, and the elections around it."""

    def __init__(
        self, policy: ReadPolicy, *, elected_before: int = 1, trusts_clocks: bool = True
    ) -> None:
        self.elections = ElectionSafety()
        self.ledger = Ledger()
        self.commit(5)
        self.checker = ReadLeaders(self.elections, self.ledger, trusts_clocks=trusts_clocks)
        self.elect(elected_before)
        self.checker.requested(ReadRequested(7, policy))

    def elect(self, term: int) -> None:
        self.elections.elected(self.leader(term))

    def commit(self, index: int) -> None:
        node = node_with_log(9, *([1] * index))
        node.status.commit_index = index
        self.ledger.commit_advanced(node)

    def answered(self, outcome: Outcome, *, in_term: int = 1, commit_term: int = 1) -> None:
        node = self.leader(in_term)
        node.memory = log_of(*([commit_term] * 5))
        node.status.commit_index = 5
        self.checker.answered(node, Answer(7, outcome))

    def leader(self, term: int) -> StandingNode:
        node = StandingNode(NodeId(term))
        node.status.current_term = term
        return node


def test_the_last_leader_may_answer_by_its_lease() -> None:
    Reader(ReadPolicy.LEASE).answered(BY_LEASE)


def test_an_earlier_one_may_not() -> None:
    reader = Reader(ReadPolicy.LEASE)
    reader.elect(2)

    with pytest.raises(PropertyViolated, match="id1 answers by its lease in term 1; term 2 has"):
        reader.answered(BY_LEASE)


def test_where_clocks_err_too_much_a_lease_means_nothing() -> None:
    reader = Reader(ReadPolicy.LEASE, trusts_clocks=False)
    reader.elect(2)

    reader.answered(BY_LEASE)


def test_a_read_may_be_confirmed_before_the_next_election() -> None:
    reader = Reader(ReadPolicy.INDEX)
    reader.elect(2)

    reader.answered(BY_INDEX)


def test_a_read_that_was_asked_for_after_it_may_not() -> None:
    reader = Reader(ReadPolicy.INDEX, elected_before=2)

    with pytest.raises(PropertyViolated, match="id1 lets read in term 1; term 2 has a leader"):
        reader.answered(BY_INDEX)


def test_who_has_heard_of_the_new_leader_may_be_let_read_by_it() -> None:
    Reader(ReadPolicy.INDEX, elected_before=2).answered(BY_INDEX, in_term=2)


def test_a_stale_read_promises_nothing() -> None:
    Reader(ReadPolicy.STALE, elected_before=2).answered(Readable(5, ReadPolicy.STALE))


def test_other_answers_rest_on_nothing() -> None:
    Reader(ReadPolicy.INDEX, elected_before=2).answered(Committed(EntryId(1, 1)))


@pytest.mark.parametrize("trusts_clocks", [True, False])
def test_a_new_leader_knows_what_is_committed_once_something_of_its_own_is(
    *, trusts_clocks: bool
) -> None:
    reader = Reader(ReadPolicy.LEASE, trusts_clocks=trusts_clocks)

    with pytest.raises(PropertyViolated, match="of term 2, and has committed"):
        reader.answered(BY_LEASE, in_term=2)


@pytest.mark.parametrize("policy", [ReadPolicy.LEASE, ReadPolicy.INDEX])
def test_a_read_rests_on_all_that_was_committed(policy: ReadPolicy) -> None:
    reader = Reader(policy)

    with pytest.raises(PropertyViolated, match="id1 reads at 4; 5 was committed"):
        reader.answered(Readable(4, policy))


def test_what_is_committed_later_need_not_be_seen() -> None:
    reader = Reader(ReadPolicy.INDEX)
    reader.commit(6)

    reader.answered(BY_INDEX)


def test_where_clocks_err_too_much_a_lease_may_miss_it() -> None:
    Reader(ReadPolicy.LEASE, trusts_clocks=False).answered(Readable(4, ReadPolicy.LEASE))


def test_what_only_the_lost_nodes_knew_does_not_count() -> None:
    reader = Reader(ReadPolicy.INDEX, elected_before=2)

    reader.checker.forced(forcing(agreed=4, term=2))

    reader.answered(Readable(4), in_term=1)
