"""§4.3 Arbitrary changes using joint consensus."""

from leto.raft.actions import Committed, Refusal, Refused, RoleName
from leto.raft.configuration import AddMember, RemoveMember
from leto.raft.messages import (
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVoteResponse,
)
from leto.raft.types import EntryId, NodeId
from tests.support.hosts import Make, member
from tests.support.situations import joint, pass_patience, voters, with_newcomers


def test_several_changes_go_through_a_joint_configuration() -> None:
    """§4.3, figure 4.8: A change of several voters goes through a joint configuration first."""
    leader = with_newcomers()[1]

    leader.change(AddMember(member(4)), AddMember(member(5)), RemoveMember(NodeId(3)))

    configuration = leader.status.configuration
    assert configuration.is_joint
    assert (1, 2, 4, 5) == configuration.voters
    assert [1, 2, 3] == [m.node_id for m in configuration.outgoing]


def test_while_joint_entries_go_to_all_servers_of_both() -> None:
    """§4.3: While joint, entries go to everybody in both configurations."""
    leader = with_newcomers()[1]
    leader.change(AddMember(member(4)), RemoveMember(NodeId(3)))
    leader.outbox.clear()

    leader.tick()

    assert {2, 3, 4} == {send.to for send in leader.outbox}


def test_any_server_of_either_configuration_may_lead_meanwhile() -> None:
    """§4.3: While joint, anybody of either configuration may lead, and whoever does completes
    the change.
    """
    cluster = with_newcomers()
    cluster[1].change(AddMember(member(4)), RemoveMember(NodeId(3)))
    for _ in range(2):
        cluster.deliver()
        for number in (2, 3, 4):
            cluster[number].work_all()
    cluster.cut_off = {1}
    assert cluster[3].status.configuration.is_joint

    pass_patience(cluster)
    cluster[3].tick()
    cluster.settle()

    assert (2, NodeId(3)) == (cluster[2].term, cluster[2].status.leader)
    assert (1, 2, 4) == voters(cluster[2])
    assert RoleName.FOLLOWER is cluster[3].role  # it was to leave, and has


def test_while_joint_commands_are_served() -> None:
    """§4.3: While joint, commands are served as ever."""
    leader = with_newcomers()[1]
    leader.change(AddMember(member(4)), AddMember(member(5)))
    request = leader.propose(b"x")
    leader.written()

    for number in (2, 4, 5):
        leader.receive(number, AppendEntriesResponse(term=1, round=1, match_index=3))
    leader.work_all()

    assert Committed(EntryId(1, 3)) == leader.answers[request]


def test_a_leader_without_the_joint_configuration_undoes_it() -> None:
    """§4.3: If the leader crashes, one of the old configuration may lead, and undoes the change."""
    cluster = with_newcomers()
    cluster.cut_off = {1}
    cluster[1].change(AddMember(member(4)), RemoveMember(NodeId(3)))
    cluster.settle()
    was_joint = cluster[1].status.configuration.is_joint

    cluster.elect(2)
    cluster.cut_off = set()
    cluster.beat(2)

    assert was_joint
    assert [(1, 2, 3)] * 3 == [voters(cluster[number]) for number in (1, 2, 3)]
    assert not cluster[1].status.configuration.is_joint


def test_who_is_not_in_the_new_configuration_may_be_shut_down_then() -> None:
    """§4.3: When the new configuration is committed, the old one counts no more."""
    cluster = with_newcomers()
    cluster[1].change(
        AddMember(member(4)),
        AddMember(member(5)),
        RemoveMember(NodeId(2)),
        RemoveMember(NodeId(3)),
    )
    cluster.settle()
    cluster.cut_off = {2, 3}

    request = cluster[1].propose(b"x")
    cluster.settle()

    assert (1, 4, 5) == voters(cluster[5])
    assert isinstance(cluster[1].answers[request], Committed)


def test_while_joint_agreement_needs_both_majorities() -> None:
    """§4.3: While joint, votes and commitment need a majority of each."""
    configuration = joint(old=(1, 2, 3), new=(1, 4, 5))

    quorums = [
        configuration.has_quorum(held.__contains__) for held in ({1, 4, 5}, {1, 2, 3}, {1, 2, 4})
    ]

    assert [False, False, True] == quorums


def test_of_three_and_nine_two_and_five_agree() -> None:
    """§4.3: While joint, votes and commitment need a majority of each."""
    configuration = joint(old=(1, 2, 3), new=tuple(range(4, 13)))
    two, five = {1, 2}, {4, 5, 6, 7, 8}

    quorums = [
        configuration.has_quorum(held.__contains__)
        for held in (two | five, {1} | five, two | {4, 5, 6, 7})
    ]

    assert [True, False, False] == quorums


def test_while_joint_the_new_voters_alone_commit_nothing() -> None:
    """§4.3: While joint, votes and commitment need a majority of each."""
    leader = with_newcomers()[1]
    leader.change(AddMember(member(4)), AddMember(member(5)), RemoveMember(NodeId(3)))
    leader.written()

    for number in (4, 5):
        leader.receive(number, AppendEntriesResponse(term=1, round=1, match_index=2))
    with_the_new = leader.status.commit_index
    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert (1, 2) == (with_the_new, leader.status.commit_index)


def test_while_joint_an_election_needs_both_majorities() -> None:
    """§4.3: While joint, votes and commitment need a majority of each."""
    host = Make.host(configuration=joint(old=(1, 2, 3), new=(1, 4, 5)))
    host.tick()
    asked = host.take_sent(PreVote)[0]
    for number in (2, 4):
        answer = PreVoteResponse(term=0, round=asked.round, vote_granted=True)
        host.receive(number, answer)
    host.written()

    for number in (4, 5):
        host.receive(number, RequestVoteResponse(term=1, vote_granted=True))
    with_the_new = host.role
    host.receive(3, RequestVoteResponse(term=1, vote_granted=True))

    assert (RoleName.CANDIDATE, RoleName.LEADER) == (with_the_new, host.role)


def test_the_new_configuration_waits_until_the_joint_one_is_committed() -> None:
    """§4.3, figure 4.8: The new configuration is proposed once the joint one is committed, and
    not before.
    """
    leader = with_newcomers()[1]

    leader.change(AddMember(member(4)), AddMember(member(5)))
    leader.written()
    leader.receive(4, AppendEntriesResponse(term=1, round=1, match_index=2))
    before = leader.status.configuration.is_joint
    for number in (2, 5):
        leader.receive(number, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert before
    assert not leader.status.configuration.is_joint
    assert (1, 2, 3, 4, 5) == voters(leader)


def test_when_the_joint_configuration_is_committed_the_new_one_follows() -> None:
    """§4.3, figure 4.8: The new configuration is proposed once the joint one is committed, and
    not before.
    """
    cluster = with_newcomers()

    request = cluster[1].change(AddMember(member(4)), AddMember(member(5)))
    cluster.settle()

    assert not cluster[1].status.configuration.is_joint
    assert (1, 2, 3, 4, 5) == voters(cluster[5])
    assert Committed(EntryId(1, 3)) == cluster[1].answers[request]


def test_no_other_change_begins_while_joint() -> None:
    """§4.3: No other change begins while one is under way; it is rejected."""
    cluster = with_newcomers()
    cluster[1].change(AddMember(member(4)), AddMember(member(5)))

    request = cluster[1].change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.CHANGE_PENDING, NodeId(1)) == cluster[1].answers[request]


def test_a_leader_that_is_not_in_the_new_configuration_sees_the_change_through() -> None:
    """§4.3, §4.2.2: A leader outside the new configuration steps down when that is committed."""
    cluster = with_newcomers()
    leader = cluster[1]

    request = leader.change(RemoveMember(NodeId(1)), AddMember(member(4)))
    while_joint = leader.role
    cluster.settle()

    assert (RoleName.LEADER, RoleName.FOLLOWER) == (while_joint, leader.role)
    assert Committed(EntryId(1, 3)) == leader.answers[request]
    assert (2, 3, 4) == voters(cluster[4])
