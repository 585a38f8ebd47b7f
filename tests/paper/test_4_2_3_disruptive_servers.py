"""§4.2.3 Disruptive servers."""

from leto.raft.actions import RoleName
from leto.raft.configuration import RemoveMember
from leto.raft.messages import (
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import EntryId, NodeId
from tests.support.hosts import Make
from tests.support.situations import with_newcomers


def test_a_server_follows_no_vote_request_while_it_hears_a_leader() -> None:
    """§4.2.3: Within the least election timeout of a leader's word, RequestVote is neither
    granted nor is its term adopted.
    """
    cluster = with_newcomers()
    follower = cluster[2]

    follower.receive(3, RequestVote(term=9, last=EntryId(9, 9)))

    assert (1, []) == (follower.term, follower.sent(RequestVoteResponse))


def test_a_leader_is_not_deposed_by_a_removed_server() -> None:
    """§4.2.3: A leader that reaches its followers is not deposed by a later term."""
    leader = with_newcomers()[1]

    leader.receive(9, RequestVote(term=9, last=EntryId(9, 9)))

    assert (RoleName.LEADER, 1) == (leader.role, leader.term)


def test_who_is_being_removed_deposes_nobody() -> None:
    """§4.2.3, figure 4.7: Not even before its removal is on any other disk, with an equal log."""
    cluster = Make.cluster(1, 2, 3, 4)
    cluster.elect(4)
    cluster.beat(4)
    cluster[4].change(RemoveMember(NodeId(1)))
    cluster[4].outbox.clear()

    for number in (2, 3, 4):
        cluster[number].receive(1, RequestVote(term=2, last=EntryId(1, 1)))
    cluster.settle()

    assert [1, 1, 1] == [cluster[number].term for number in (2, 3, 4)]
    assert cluster[4].plays(RoleName.LEADER)


def test_a_vote_request_is_heard_again_once_the_leader_has_been_silent() -> None:
    """§4.2.3: After that timeout RequestVote is heard again."""
    follower = with_newcomers()[2]
    patience_us = follower.config.election_timeout_min_us
    question = RequestVote(term=2, last=EntryId(1, 1))

    follower.receive(3, question, after=patience_us - 1)
    too_early = follower.term
    follower.receive(3, question, after=1)
    follower.written()

    assert (1, 2) == (too_early, follower.term)
    assert [True] == [m.vote_granted for m in follower.sent(RequestVoteResponse)]


def test_a_candidate_that_the_leader_has_sent_is_heard() -> None:
    """§4.2.3, §3.10: A candidate that the leader has sent says so, and is heard."""
    follower = with_newcomers()[2]

    follower.receive(3, RequestVote(term=2, last=EntryId(1, 1), is_transfer=True))
    follower.written()

    assert [True] == [m.vote_granted for m in follower.sent(RequestVoteResponse)]
