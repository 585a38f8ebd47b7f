"""One vote a term, durable before it is said."""

import attrs
import pytest

from leto.raft.actions import Send
from leto.raft.entries import HardState
from leto.raft.messages import RequestVote, RequestVoteResponse
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.one_vote import OneVote
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode


def voter(term: int, voted_for: int | None) -> StandingNode:
    node = StandingNode(NodeId(1))
    node.platter.hard_state = HardState(term, None if voted_for is None else NodeId(voted_for))
    return node


def grant(to: int, term: int) -> Send:
    return Send(NodeId(to), RequestVoteResponse(term=term, vote_granted=True))


def test_a_durable_vote_may_be_said_twice() -> None:
    checker, node = OneVote(), voter(3, voted_for=2)

    checker.sent(node, grant(2, term=3))
    checker.sent(node, grant(2, term=3))


def test_a_vote_that_is_not_durable_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="one vote a term: in term 3 id1 votes for 2"):
        OneVote().sent(voter(3, voted_for=None), grant(2, term=3))


def test_a_vote_said_when_a_later_term_is_durable_is_history() -> None:
    OneVote().sent(voter(4, voted_for=None), grant(2, term=3))


def test_votes_for_two_candidates_are_a_violation_across_restarts() -> None:
    checker = OneVote()
    checker.sent(voter(3, voted_for=2), grant(2, term=3))
    restarted = voter(3, voted_for=5)

    with pytest.raises(PropertyViolated, match="votes for 5 after 2"):
        checker.sent(restarted, grant(5, term=3))


def test_a_candidate_has_voted_for_itself() -> None:
    checker, node = OneVote(), voter(3, voted_for=1)
    request = RequestVote(term=3, last=EntryId(0, 0))

    checker.sent(node, Send(NodeId(2), request))

    with pytest.raises(PropertyViolated, match="votes for 2 after 1"):
        checker.sent(node, grant(2, term=3))


def test_a_refusal_is_no_vote() -> None:
    refusal = Send(NodeId(2), RequestVoteResponse(term=3, vote_granted=False))

    OneVote().sent(voter(0, voted_for=None), refusal)


def test_a_vote_on_the_disk_stays_within_its_term() -> None:
    checker, node = OneVote(), voter(3, voted_for=2)

    checker.became_durable(node, HardState(3, NodeId(2)))
    checker.became_durable(node, HardState(4, None))


@pytest.mark.parametrize(
    "hard_state,complaint",
    [
        (HardState(2, None), "the term on the disk falls"),
        (HardState(3, None), "a vote on the disk is forgotten"),
    ],
)
def test_what_the_disk_must_not_forget(hard_state: HardState, complaint: str) -> None:
    with pytest.raises(PropertyViolated, match=complaint):
        OneVote().became_durable(voter(3, voted_for=2), hard_state)


def test_another_vote_on_the_disk_is_a_violation() -> None:
    checker, node = OneVote(), voter(3, voted_for=None)
    checker.became_durable(node, HardState(3, NodeId(2)))

    with pytest.raises(PropertyViolated, match="votes for 5 after 2"):
        checker.became_durable(node, HardState(3, NodeId(5)))


def test_who_starts_knows_its_vote() -> None:
    node = voter(3, voted_for=2)
    node.status.current_term, node.status.voted_for = 3, NodeId(2)
    OneVote().started(node)
    node.platter.hard_state = attrs.evolve(node.platter.hard_state, was_admitted=True)
    OneVote().started(node)
    node.status.voted_for = None

    with pytest.raises(PropertyViolated, match="id1 starts in term 3 with the vote None"):
        OneVote().started(node)


def test_what_else_the_disk_knows_is_no_vote() -> None:
    node = voter(3, voted_for=2)
    node.platter.hard_state = attrs.evolve(node.platter.hard_state, was_admitted=True)
    node.status.current_term, node.status.voted_for = 3, NodeId(2)

    OneVote().started(node)
