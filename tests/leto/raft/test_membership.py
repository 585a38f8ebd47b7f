"""Changing who belongs to the cluster (chapter 4)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Unknown
from leto.raft.config import Config
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.events import TransferRequested
from leto.raft.leases import LEASE_MAX_US
from leto.raft.messages import AppendEntries, AppendEntriesResponse
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make

VOTER, LEARNER, JOINING = MemberRole.VOTER, MemberRole.LEARNER, MemberRole.JOINING


def matched(match_index: int, *, term: int = 1) -> AppendEntriesResponse:
    return AppendEntriesResponse(term=term, round=0, match_index=match_index)


def role_of(host: "Host", number: int) -> MemberRole | None:
    member = host.status.configuration.member(NodeId(number))
    return None if member is None else member.role


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters of which the first leads, its no-op committed everywhere; the fourth is blank."""
    cluster = make.cluster(blank=[4])
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- when a change may be proposed ---------------------------------------------------


def test_a_change_is_effective_on_append_and_answered_when_committed(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]

    request = leader.change(AddMember(make.member(4)))

    assert make.configuration(1, 2, 3, 4) == leader.status.configuration
    assert make.configuration(1, 2, 3) == leader.status.committed_configuration
    assert request not in leader.answers
    cluster.settle()
    assert {request: Committed(EntryId(1, 2))} == leader.answers
    assert make.configuration(1, 2, 3, 4) == cluster[4].status.configuration


def test_only_a_leader_takes_changes(cluster: "Cluster", make: "type[Make]") -> None:
    request = cluster[2].change(AddMember(make.member(4)))

    assert {request: Refused(Refusal.NOT_LEADER, NodeId(1))} == cluster[2].answers


def test_a_second_change_waits_for_the_first(cluster: "Cluster", make: "type[Make]") -> None:
    """§4.1."""
    leader = cluster[1]
    leader.change(AddMember(make.member(4, LEARNER)))

    request = leader.change(AddMember(make.member(5, LEARNER)))

    assert Refused(Refusal.CHANGE_PENDING, NodeId(1)) == leader.answers[request]
    cluster.settle()
    again = leader.change(AddMember(make.member(5, LEARNER)))
    cluster.settle()
    assert Committed(EntryId(1, 3)) == leader.answers[again]


def test_no_change_before_the_leader_has_committed_an_entry_of_its_term(
    make: "type[Make]",
) -> None:
    """Single-server change: raft-dev 2015-07."""
    leader = make.host(voters=[1])
    leader.written()
    assert leader.plays(RoleName.LEADER)

    request = leader.change(AddMember(make.member(2)))

    assert {request: Refused(Refusal.LEADER_NOT_READY, NodeId(1))} == leader.answers
    leader.work_all()
    again = leader.change(AddMember(make.member(2, LEARNER)))
    leader.work_all()
    assert Committed(EntryId(1, 2)) == leader.answers[again]


def test_no_change_while_leadership_is_handed_over(cluster: "Cluster", make: "type[Make]") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    request = leader.change(AddMember(make.member(4)))

    assert Refused(Refusal.TRANSFER_PENDING, NodeId(1)) == leader.answers[request]


@pytest.mark.parametrize(
    "change, refusal",
    [
        (AddMember(Member(node_id=NodeId(2), name="x", address="x:1")), Refusal.ALREADY_MEMBER),
        (AddMember(Member(node_id=NodeId(9), name="id2", address="x:1")), Refusal.ALREADY_MEMBER),
        (
            AddMember(Member(node_id=NodeId(9), name="x", address="host2:15379")),
            Refusal.ALREADY_MEMBER,
        ),
        (ChangeAddress(NodeId(1), "host2:15379"), Refusal.ALREADY_MEMBER),
        (ChangeAddress(NodeId(9), "host9:15379"), Refusal.NOT_A_MEMBER),
        (ChangeRole(NodeId(9), VOTER), Refusal.NOT_A_MEMBER),
        (ChangePriority(NodeId(9), 1), Refusal.NOT_A_MEMBER),
        (RemoveMember(NodeId(9)), Refusal.NOT_A_MEMBER),
        (ChangeLease(-1), Refusal.LEASE_TOO_LONG),
        (ChangeLease(LEASE_MAX_US + 1), Refusal.LEASE_TOO_LONG),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    cluster: "Cluster", change: ConfigurationChange, refusal: Refusal
) -> None:
    leader = cluster[1]

    request = leader.change(change)

    assert {request: Refused(refusal, NodeId(1))} == leader.answers
    assert [] == leader.writes


def test_changes_fit_in_their_order(cluster: "Cluster", make: "type[Make]") -> None:
    leader = cluster[1]
    moved = attrs.evolve(make.member(4), address=make.member(2).address)

    wrong = leader.change(AddMember(moved), RemoveMember(NodeId(2)))
    assert Refused(Refusal.ALREADY_MEMBER, NodeId(1)) == leader.answers[wrong]
    right = leader.change(RemoveMember(NodeId(2)), AddMember(moved))
    cluster.settle()

    assert Committed(EntryId(1, 3)) == leader.answers[right]
    assert moved == leader.status.configuration.member(NodeId(4))


def test_the_last_voter_stays(make: "type[Make]") -> None:
    leader = make.leader()
    leader.change(AddMember(make.member(2, LEARNER)))
    leader.work_all()

    for change in (RemoveMember(NodeId(1)), ChangeRole(NodeId(1), LEARNER)):
        request = leader.change(change)

        assert Refused(Refusal.LAST_VOTER, NodeId(1)) == leader.answers[request]


def test_somebody_who_may_lead_stays(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.change(*(ChangePriority(NodeId(other), 0) for other in (2, 3)))
    cluster.settle()

    for change in (
        ChangePriority(NodeId(1), 0),
        RemoveMember(NodeId(1)),
        ChangeRole(NodeId(1), LEARNER),
    ):
        request = leader.change(change)

        assert Refused(Refusal.NOBODY_TO_LEAD, NodeId(1)) == leader.answers[request]


def test_leases_and_addresses_change_like_members(cluster: "Cluster") -> None:
    leader = cluster[1]

    leader.change(ChangeLease(LEASE_MAX_US), ChangeAddress(NodeId(2), "elsewhere:1"))
    cluster.settle()

    assert LEASE_MAX_US == leader.status.committed_configuration.lease_us
    member = leader.status.committed_configuration.member(NodeId(2))
    assert member is not None
    assert "elsewhere:1" == member.address


# --- which configuration counts ------------------------------------------------------


def test_a_change_commits_by_the_quorum_of_the_new_configuration(
    make: "type[Make]",
) -> None:
    leader = make.leader()

    request = leader.change(AddMember(make.member(2)))
    leader.work_all()

    assert request not in leader.answers
    leader.receive(2, matched(2))
    leader.work_all()
    assert Committed(EntryId(1, 2)) == leader.answers[request]


def test_a_configuration_is_rolled_back_with_its_entry(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1))
    added = make.entry(2, 1, make.configuration(1, 2, 3, 4))
    follower.receive(
        2, AppendEntries(term=1, round=0, prev=EntryId(1, 1), entries=(added,), leader_commit=0)
    )
    assert make.configuration(1, 2, 3, 4) == follower.status.configuration

    follower.receive(
        3,
        AppendEntries(
            term=2, round=0, prev=EntryId(1, 1), entries=(make.entry(2, 2),), leader_commit=0
        ),
    )

    assert (make.configuration(1, 2, 3), 0) == (
        follower.status.configuration,
        follower.status.configuration_index,
    )


def test_a_deposed_leader_does_not_know_what_becomes_of_a_change(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    request = leader.change(AddMember(make.member(4)))

    leader.receive(2, matched(0, term=2))

    assert {request: Unknown()} == leader.answers


# --- joint configurations ------------------------------------------------------------


def test_several_voters_change_through_a_joint_configuration(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    """§4.3: C_old,new is committed, then C_new, and only then is it done."""
    leader = cluster[1]

    request = leader.change(RemoveMember(NodeId(3)), AddMember(make.member(4)))

    assert leader.status.configuration.is_joint
    cluster.settle()
    assert make.configuration(1, 2, 4) == leader.status.committed_configuration
    assert {request: Committed(EntryId(1, 3))} == leader.answers
    assert make.configuration(1, 2, 4) == cluster[4].status.configuration


def test_a_joint_configuration_commits_by_both_quorums(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    leader.change(
        RemoveMember(NodeId(2)),
        RemoveMember(NodeId(3)),
        AddMember(make.member(4)),
        AddMember(make.member(5)),
    )
    leader.written()

    for sender, commit_index in ((4, 1), (5, 1), (3, 2)):
        leader.receive(sender, matched(2))

        assert commit_index == leader.status.commit_index


def test_no_change_while_a_joint_configuration_waits_to_be_left(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    leader.change(RemoveMember(NodeId(3)), AddMember(make.member(4)))
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))
    leader.written()
    for sender in (3, 4):
        leader.receive(sender, matched(2))
    assert leader.status.committed_configuration.is_joint

    request = leader.change(AddMember(make.member(5)))

    assert Refused(Refusal.TRANSFER_PENDING, NodeId(1)) == leader.answers[request]


def test_nobody_is_promoted_while_a_joint_configuration_waits_to_be_left(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    leader.change(
        RemoveMember(NodeId(3)), AddMember(make.member(4)), AddMember(make.member(5, JOINING))
    )
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))
    leader.written()
    for sender in (3, 4, 5):
        leader.receive(sender, matched(2))

    until_given_up(leader, 3, 4, 5)

    assert not leader.status.configuration.is_joint
    assert JOINING is role_of(leader, 5)


def until_given_up(leader: "Host", *followers: int) -> None:
    """Let the transfer's time pass, while the leader keeps its quorum."""
    give_up_at = leader.now + leader.config.election_timeout_max_us
    while leader.now < give_up_at:
        leader.tick()
        for follower in followers:
            leader.receive(follower, matched(1))


def test_a_joint_configuration_is_left_though_a_transfer_put_it_off(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    request = leader.change(RemoveMember(NodeId(3)), AddMember(make.member(4)))
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))
    leader.written()
    for sender in (3, 4):
        leader.receive(sender, matched(2))
    assert leader.status.committed_configuration.is_joint

    until_given_up(leader, 3, 4)

    assert make.configuration(1, 2, 4) == leader.status.configuration
    leader.written()
    leader.receive(4, matched(3))
    leader.work_all()
    assert Committed(EntryId(1, 3)) == leader.answers[request]


def test_whichever_leader_finds_a_joint_configuration_leaves_it(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    cluster[1].change(RemoveMember(NodeId(3)), AddMember(make.member(4)))
    cluster.deliver()
    cluster[2].work_all()
    cluster[4].work_all()
    cluster.cut_off = {1}
    cluster[1].outbox.clear()
    cluster[3].work_all()

    successor = cluster.elect(2)

    assert make.configuration(1, 2, 4) == successor.status.committed_configuration


def test_a_deposed_leader_does_not_know_what_becomes_of_a_joint_change(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    request = leader.change(RemoveMember(NodeId(3)), AddMember(make.member(4)))

    leader.receive(2, matched(0, term=2))

    assert {request: Unknown()} == leader.answers


# --- joining -------------------------------------------------------------------------


def test_a_joining_member_is_promoted_once_it_has_caught_up(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    """§4.2.1."""
    leader = cluster[1]
    leader.change(AddMember(make.member(4, JOINING)))
    cluster.settle()
    assert JOINING is role_of(leader, 4)

    cluster.beat(1)
    cluster.beat(1)

    assert VOTER is role_of(leader, 4)
    assert VOTER is role_of(cluster[4], 4)


def test_a_joining_member_that_is_silent_is_not_promoted(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    leader.change(AddMember(make.member(4, JOINING)))
    cluster.settle()
    cluster.cut_off = {4}
    for _ in range(3):
        cluster.beat(1)

    assert JOINING is role_of(leader, 4)


def test_a_joining_member_that_lags_behind_is_not_promoted(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    leader.change(AddMember(make.member(4, JOINING)))
    cluster.settle()
    cluster[4].disk_is_stuck = True
    for _ in range(3):
        leader.propose(b"x")
        cluster.beat(1)

    assert JOINING is role_of(leader, 4)
    cluster[4].disk_is_stuck = False
    cluster.settle()
    cluster.beat(1)
    cluster.beat(1)
    assert VOTER is role_of(leader, 4)


def test_two_joining_members_are_promoted_one_after_the_other(make: "type[Make]") -> None:
    cluster = make.cluster(blank=[4, 5])
    leader = cluster.elect(1)
    leader.change(AddMember(make.member(4, JOINING)), AddMember(make.member(5, JOINING)))
    cluster.settle()

    for _ in range(4):
        cluster.beat(1)

    assert (1, 2, 3, 4, 5) == leader.status.configuration.voters


def test_a_learner_stays_a_learner(cluster: "Cluster", make: "type[Make]") -> None:
    leader = cluster[1]
    leader.change(AddMember(make.member(4, LEARNER)))

    for _ in range(4):
        cluster.beat(1)

    assert LEARNER is role_of(leader, 4)
    assert leader.status.last_log == cluster[4].status.last_log


# --- removal -------------------------------------------------------------------------


def test_a_removed_leader_leads_until_its_removal_is_committed(cluster: "Cluster") -> None:
    """§4.2.2; its own log does not count any more."""
    leader = cluster[1]
    request = leader.change(RemoveMember(NodeId(1)))
    leader.written()
    leader.outbox.clear()

    leader.receive(2, matched(2))
    assert leader.plays(RoleName.LEADER)
    leader.receive(3, matched(2))

    assert leader.plays(RoleName.FOLLOWER)
    assert [2, 2] == [message.leader_commit for message in leader.sent(AppendEntries)][-2:]
    leader.work_all()
    assert {request: Committed(EntryId(1, 2))} == leader.answers


def test_a_removed_leader_never_campaigns_again(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.change(RemoveMember(NodeId(1)))
    cluster.settle()

    leader.tick()

    assert leader.plays(RoleName.FOLLOWER)
    assert [] == leader.outbox
    assert (2, 3) == cluster.elect(2).status.configuration.voters


def test_a_removed_member_learns_of_it_and_is_left_alone(cluster: "Cluster") -> None:
    leader = cluster[1]

    leader.change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.beat(1)

    assert [2] == [follower.node_id for follower in leader.status.followers]
    assert cluster[3].status.committed_configuration.member(NodeId(3)) is None


def test_a_removed_member_that_is_dead_is_forgotten_in_time(cluster: "Cluster") -> None:
    leader = cluster[1]
    cluster.cut_off = {3}
    since = leader.now
    leader.change(RemoveMember(NodeId(3)))
    cluster.settle()

    while 3 in [follower.node_id for follower in leader.status.followers]:
        cluster.beat(1)

    assert leader.config.election_timeout_max_us < leader.now - since <= 2_200_000


def test_a_member_is_not_forgotten_while_its_removal_may_be_rolled_back(
    cluster: "Cluster",
) -> None:
    leader = cluster[1]

    leader.change(RemoveMember(NodeId(3)))

    assert [2, 3] == [follower.node_id for follower in leader.status.followers]


def test_a_member_that_is_added_again_is_not_forgotten(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    cluster.cut_off = {3}
    leader.change(RemoveMember(NodeId(3)))
    cluster.settle()
    leader.change(AddMember(make.member(3, LEARNER)))
    cluster.settle()

    for _ in range(25):
        cluster.beat(1)

    assert [2, 3] == [follower.node_id for follower in leader.status.followers]


def test_a_removed_node_disturbs_nobody(cluster: "Cluster") -> None:
    """§4.2.3: it does not know, and campaigns."""
    leader = cluster[1]
    cluster.cut_off = {3}
    leader.change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.cut_off = set()
    cluster.beat(1)

    cluster[3].tick()
    cluster.settle()

    assert leader.plays(RoleName.LEADER)
    assert 1 == leader.term


def test_membership_survives_a_restart(cluster: "Cluster", make: "type[Make]") -> None:
    cluster[1].change(AddMember(make.member(4)))
    cluster.settle()

    restarted = cluster[4].restarted()

    assert make.configuration(1, 2, 3, 4) == restarted.status.configuration


def test_a_blank_nodes_configuration_is_empty(make: "type[Make]") -> None:
    blank = make.host(blank=True, config=Config())

    blank.receive(1, AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0))

    assert Configuration() == blank.status.configuration == blank.status.committed_configuration
