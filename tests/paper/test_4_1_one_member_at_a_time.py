"""§4.1 Safety: one member at a time."""

from itertools import combinations

import pytest

from leto.raft.actions import Committed, Refusal, Refused
from leto.raft.configuration import AddMember, Configuration, MemberRole, RemoveMember
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Make, entries, member
from tests.support.situations import voters, with_newcomers


def test_a_change_is_an_entry_of_the_log() -> None:
    """§4.1, figure 4.1: A configuration is an entry of the log, replicated as any other."""
    leader = with_newcomers()[1]

    leader.change(AddMember(member(4, MemberRole.LEARNER)))

    (new,) = leader.writes[-1].entries
    assert isinstance(new.payload, Configuration)
    assert new == leader.sent(AppendEntries, to=2)[0].entries[0]


def test_a_configuration_counts_as_soon_as_it_is_in_the_log() -> None:
    """§4.1: Everybody goes by the last configuration in its log, committed or not."""
    cluster = with_newcomers()
    leader, follower = cluster[1], cluster[2]

    leader.change(RemoveMember(NodeId(3)))
    follower.receive(1, leader.sent(AppendEntries, to=2)[0])

    assert [(1, 2), (1, 2)] == [voters(leader), voters(follower)]
    assert follower.status.commit_index < follower.status.configuration_index


def test_a_new_member_is_sent_the_entry_that_admits_it() -> None:
    """§4.1: A new configuration goes to its own members."""
    leader = with_newcomers()[1]

    leader.change(AddMember(member(4)))
    leader.tick()

    assert {2, 3, 4} == {send.to for send in leader.outbox}


def test_one_voter_more_or_less_needs_no_joint_configuration() -> None:
    """§4.1: One voter more or less is changed directly."""
    leader, other = with_newcomers()[1], with_newcomers()[1]

    leader.change(AddMember(member(4)))
    other.change(RemoveMember(NodeId(3)))

    assert not leader.status.configuration.is_joint
    assert not other.status.configuration.is_joint


def test_a_new_majority_counts_for_the_entry_that_makes_it() -> None:
    """§4.1: A new configuration is committed by a majority of its own members."""
    cluster = with_newcomers()
    cluster.cut_off = {2}

    request = cluster[1].change(RemoveMember(NodeId(2)))
    cluster.settle()

    assert isinstance(cluster[1].answers[request], Committed)
    assert (1, 3) == voters(cluster[3])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_any_majority_overlaps_with_any_of_one_member_more(size: int) -> None:
    """§4.1, figure 4.3: Majorities before and after a change of one member share somebody."""
    everybody = range(1, size + 2)
    smaller, larger = Make.configuration(*everybody[:-1]), Make.configuration(*everybody)

    groups = [set(group) for length in everybody for group in combinations(everybody, length)]
    of_smaller = [group for group in groups if smaller.has_quorum(group.__contains__)]
    of_larger = [group for group in groups if larger.has_quorum(group.__contains__)]

    assert all(one & other & set(smaller.voters) for one in of_smaller for other in of_larger)


def test_a_majority_of_four_is_three() -> None:
    """§4.1, figure 4.3: Majorities before and after a change of one member share somebody."""
    cluster = Make.cluster(1, 2, 3, 4)
    leader = cluster.elect(1)
    cluster.beat(1)
    leader.propose(b"x")
    leader.written()

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))
    with_two = leader.status.commit_index
    leader.receive(3, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert (1, 2) == (with_two, leader.status.commit_index)


def test_a_change_is_complete_when_its_entry_is_committed() -> None:
    """§4.1, figure 4.1: A change is complete, and its client answered, when its entry is
    committed.
    """
    cluster = with_newcomers()
    leader = cluster[1]

    request = leader.change(RemoveMember(NodeId(3)))
    before = request in leader.answers
    cluster.settle()

    assert not before
    assert isinstance(leader.answers[request], Committed)


def test_who_is_removed_may_be_shut_down_then() -> None:
    """§4.1: Whoever was removed is needed no more when that is committed."""
    cluster = with_newcomers()
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.cut_off = {3}

    request = cluster[1].propose(b"x")
    cluster.settle()

    assert isinstance(cluster[1].answers[request], Committed)


def test_the_next_change_waits_for_the_one_before() -> None:
    """§4.1, figure 4.1: The next change begins when the one before is committed."""
    leader = with_newcomers()[1]
    leader.change(AddMember(member(4, MemberRole.LEARNER)))

    request = leader.change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.CHANGE_PENDING, NodeId(1)) == leader.answers[request]


def test_a_leader_changes_nothing_before_it_has_committed_in_its_term() -> None:
    """§4.1: A leader changes nothing before it has committed in its own term (erratum of July
    2015).
    """
    cluster = Make.cluster()
    cluster.elect(1)
    fresh = Make.host(log=entries(1))
    fresh.tick()
    asked = fresh.take_sent(PreVote)[0]
    fresh.receive(2, PreVoteResponse(term=1, round=asked.round, vote_granted=True))
    fresh.written()
    fresh.receive(2, RequestVoteResponse(term=2, vote_granted=True))

    request = fresh.change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.LEADER_NOT_READY, NodeId(1)) == fresh.answers[request]


def test_a_configuration_is_rolled_back_with_its_entry() -> None:
    """§4.1: If the entry is dropped, the configuration before it is in force again."""
    cluster = with_newcomers()
    cluster.cut_off = {1}
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.elect(2)

    cluster.cut_off = set()
    cluster.beat(2)

    assert (1, 2, 3) == voters(cluster[1])


def test_entries_are_taken_from_a_leader_outside_ones_configuration() -> None:
    """§4.1: A leader is followed even if one's own configuration does not have it."""
    blank = Make.host(4, blank=True)

    blank.receive(
        1, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)
    )
    blank.work_all()

    assert list(entries(1)) == blank.disk.log


def test_a_vote_is_given_to_a_candidate_outside_ones_configuration() -> None:
    """§4.1: A candidate is voted for even if one's own configuration does not have it."""
    host = Make.host(2)

    host.receive(9, RequestVote(term=1, last=BEFORE_LOG))
    host.written()

    assert [True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_only_a_leader_changes_the_configuration() -> None:
    """§4.1, figure 4.1: Only a leader changes the configuration; the others name it."""
    follower = with_newcomers()[2]

    request = follower.change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.NOT_LEADER, NodeId(1)) == follower.answers[request]


def test_commands_are_served_while_a_change_is_under_way() -> None:
    """§4.1, §4.2.4: Commands are served while a change is under way, in the order of the log."""
    leader = with_newcomers()[1]

    change = leader.change(RemoveMember(NodeId(3)))
    command = leader.propose(b"x")
    leader.work_all()
    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=3))
    leader.work_all()

    outcomes = [leader.answers[request] for request in (change, command)]
    assert [Committed(EntryId(1, 2)), Committed(EntryId(1, 3))] == outcomes
