"""Who leads was elected by a quorum, of votes that lie on disks."""

import pytest

from leto.raft.entries import HardState
from leto.raft.types import NodeId
from leto_sim.checkers.electorates import Electorates
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, voters


def leader(term: int = 2) -> StandingNode:
    node = StandingNode()
    node.status.current_term, node.status.configuration = term, voters(1, 2, 3)
    return node


def vote(checker: Electorates, voter: int, candidate: int | None, *, term: int = 2) -> None:
    voted_for = None if candidate is None else NodeId(candidate)
    checker.became_durable(StandingNode(NodeId(voter)), HardState(term, voted_for))


def test_a_quorum_of_durable_votes_makes_a_leader() -> None:
    checker = Electorates()
    vote(checker, 1, 1)
    vote(checker, 3, 1)

    checker.elected(leader())


def test_a_vote_that_is_stored_again_is_still_one() -> None:
    checker = Electorates()
    vote(checker, 1, 1)
    vote(checker, 1, 1)

    with pytest.raises(PropertyViolated, match=r"id1 leads term 2; only \[1\] have voted for it"):
        checker.elected(leader())


@pytest.mark.parametrize("candidate, term", [(1, 1), (2, 2), (None, 2)])
def test_votes_of_another_term_or_for_another_one_do_not_count(
    candidate: int | None, term: int
) -> None:
    checker = Electorates()
    vote(checker, 1, 1)
    vote(checker, 3, candidate, term=term)

    with pytest.raises(PropertyViolated):
        checker.elected(leader())


def test_who_has_voted_for_whom_is_known_for_ever() -> None:
    checker = Electorates()
    vote(checker, 3, 1)
    vote(checker, 3, 2, term=3)

    assert {3} == checker.voters_of(2, NodeId(1))
    assert set() == checker.voters_of(4, NodeId(1))
