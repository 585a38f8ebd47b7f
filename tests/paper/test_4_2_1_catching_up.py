"""§4.2.1 Catching up new servers."""

from leto.raft.configuration import AddMember, ChangeRole, MemberRole
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Make, member
from tests.support.situations import voters, with_newcomers


def test_a_new_server_catches_up_before_it_votes() -> None:
    """§4.2.1, figure 4.1: A newcomer receives the log without a vote until it has caught up."""
    cluster = with_newcomers()
    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    cluster.settle()
    before = voters(cluster[1])

    cluster.beat(1)
    cluster.beat(1)

    assert ((1, 2, 3), (1, 2, 3, 4)) == (before, voters(cluster[1]))


def test_a_round_is_what_the_log_held_when_it_began() -> None:
    """§4.2.1, figure 4.5: A round of catching up is what the log held when it began."""
    cluster = with_newcomers()
    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    cluster.settle()
    cluster.beat(1)
    cluster[4].disk_is_stuck = True
    cluster[1].propose(b"came later")
    cluster.settle()

    cluster.beat(1)

    assert EntryId(1, 3) not in [e.id for e in cluster[4].disk.log]
    assert (1, 2, 3, 4) == voters(cluster[1])


def test_non_voting_members_count_in_no_majority() -> None:
    """§4.2.1: Who has no vote counts in no majority, neither of votes nor of copies."""
    cluster = Make.cluster(1, 2, 3, configuration=Make.configuration(1, 2, learner=[3]))
    cluster.elect(1)
    cluster.cut_off = {2}

    cluster[1].propose(b"x")
    cluster.settle()

    assert EntryId(1, 2) == cluster[3].status.last_log
    assert 1 == cluster[1].status.commit_index


def test_a_non_voting_member_neither_campaigns_nor_is_asked() -> None:
    """§4.2.1: Who has no vote neither campaigns nor is asked."""
    cluster = Make.cluster(1, 2, 3, configuration=Make.configuration(1, 2, learner=[3]))
    cluster[1].tick()

    asked = {send.to for send in cluster[1].outbox}
    for _ in range(3):
        cluster[3].tick()

    assert {2} == asked
    assert [] == cluster[3].outbox


def test_a_new_server_that_is_too_slow_is_not_made_a_voter() -> None:
    """§4.2.1, figure 4.1: A newcomer that is silent or too slow is given no vote."""
    cluster = with_newcomers()
    cluster[4].disk_is_stuck = True

    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    for _ in range(5):
        cluster[1].propose(b"x")
        cluster.beat(1)
    while_slow = voters(cluster[1])
    cluster[4].disk_is_stuck = False
    for _ in range(3):
        cluster.beat(1)

    assert ((1, 2, 3), (1, 2, 3, 4)) == (while_slow, voters(cluster[1]))


def test_a_new_server_that_is_silent_is_not_made_a_voter() -> None:
    """§4.2.1, figure 4.1: A newcomer that is silent or too slow is given no vote."""
    cluster = with_newcomers()
    cluster.cut_off = {4}

    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    for _ in range(5):
        cluster.beat(1)

    assert (1, 2, 3) == voters(cluster[1])


def test_an_empty_log_is_found_out_at_once() -> None:
    """§4.2.1: A newcomer's empty log is found out at once, not entry by entry."""
    cluster = with_newcomers()
    for _ in range(20):
        cluster[1].propose(b"x")
        cluster.settle()
    cluster[1].change(AddMember(member(4, MemberRole.LEARNER)))
    leader, new = cluster[1], cluster[4]

    new.receive(1, leader.take_sent(AppendEntries, to=4)[0])
    new.work_all()
    leader.receive(4, new.take_sent(AppendEntriesResponse)[0])

    assert BEFORE_LOG == leader.sent(AppendEntries, to=4)[0].prev


def test_a_voter_becomes_a_learner_and_back() -> None:
    """§4.2.1, §4.1: Having no vote is of use by itself: a voter may lose its vote and stay, and
    be given it back.
    """
    cluster = with_newcomers()

    cluster[1].change(ChangeRole(NodeId(3), MemberRole.LEARNER))
    cluster.settle()
    demoted = voters(cluster[3])
    cluster[1].change(ChangeRole(NodeId(3), MemberRole.VOTER))
    cluster.settle()

    assert ((1, 2), (1, 2, 3)) == (demoted, voters(cluster[3]))
