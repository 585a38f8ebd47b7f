"""Chapter 4, membership changes: a test for each sentence that demands something."""

import attrs

from leto.raft.actions import Committed, Refusal, Refused, RoleName
from leto.raft.configuration import (
    AddMember,
    ChangeRole,
    Configuration,
    MemberRole,
    RemoveMember,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Cluster, Host, Make, entries, member


def led(*, blank: tuple[int, ...] = (4, 5)) -> Cluster:
    """Three voters of whom the first leads, its no-op committed; the others are blank."""
    cluster = Make.cluster(blank=blank)
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def voters(host: Host) -> tuple[int, ...]:
    return host.status.configuration.voters


def pass_patience(cluster: Cluster) -> None:
    """Nobody has heard of a leader for long."""
    for host in cluster.hosts.values():
        host.now += 2 * host.config.election_timeout_max_us


# --- §4.1 safety -----------------------------------------------------------------------


def test_a_change_is_an_entry_of_the_log() -> None:
    """§4.1: the leader appends C_new and replicates it with the usual mechanism."""
    leader = led()[1]

    leader.change(AddMember(member(4, MemberRole.LEARNER)))

    (new,) = leader.writes[-1].entries
    assert isinstance(new.payload, Configuration)
    assert new == leader.sent(AppendEntries, to=2)[0].entries[0]


def test_a_configuration_counts_as_soon_as_it_is_in_the_log() -> None:
    """§4.1: a server always uses the latest one in its log, committed or not."""
    cluster = led()
    leader, follower = cluster[1], cluster[2]

    leader.change(RemoveMember(NodeId(3)))
    follower.receive(1, leader.sent(AppendEntries, to=2)[0])

    assert [(1, 2), (1, 2)] == [voters(leader), voters(follower)]
    assert follower.status.commit_index < follower.status.configuration_index


def test_a_change_is_complete_when_its_entry_is_committed() -> None:
    """§4.1: only then is the client told, and may the next change begin."""
    cluster = led()
    leader = cluster[1]

    request = leader.change(RemoveMember(NodeId(3)))
    before = request in leader.answers
    cluster.settle()

    assert not before
    assert isinstance(leader.answers[request], Committed)


def test_the_next_change_waits_for_the_one_before() -> None:
    """§4.1: or two majorities need not overlap."""
    leader = led()[1]
    leader.change(AddMember(member(4, MemberRole.LEARNER)))

    request = leader.change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.CHANGE_PENDING, NodeId(1)) == leader.answers[request]


def test_a_leader_changes_nothing_before_it_has_committed_in_its_term() -> None:
    """The erratum of 2015 to §4.1: or it may not know of a change that is under way."""
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
    """§4.1: a server must be prepared to fall back to the one before."""
    cluster = led()
    cluster.cut_off = {1}
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.elect(2)

    cluster.cut_off = set()
    cluster.beat(2)

    assert (1, 2, 3) == voters(cluster[1])


def test_entries_are_taken_from_a_leader_outside_ones_configuration() -> None:
    """§4.1: or a new server could never be added."""
    blank = Make.host(4, blank=True)

    blank.receive(
        1, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)
    )
    blank.work_all()

    assert list(entries(1)) == blank.disk.log


def test_a_vote_is_given_to_a_candidate_outside_ones_configuration() -> None:
    """§4.1: its vote may be needed to keep the cluster available."""
    host = Make.host(2)

    host.receive(9, RequestVote(term=1, last=BEFORE_LOG))
    host.written()

    assert [True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_only_a_leader_changes_the_configuration() -> None:
    """Figure 4.1: the others name the leader."""
    follower = led()[2]

    request = follower.change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.NOT_LEADER, NodeId(1)) == follower.answers[request]


def test_a_majority_of_four_is_three() -> None:
    """§4.1, figure 4.3: that of the larger cluster overlaps any of the smaller one."""
    cluster = Make.cluster(1, 2, 3, 4)
    leader = cluster.elect(1)
    cluster.beat(1)
    leader.propose(b"x")
    leader.written()

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))
    with_two = leader.status.commit_index
    leader.receive(3, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert (1, 2) == (with_two, leader.status.commit_index)


def test_a_new_majority_counts_for_the_entry_that_makes_it() -> None:
    """§4.1: C_new is committed by a majority of C_new, as what follows it is."""
    cluster = led()
    cluster.cut_off = {2}

    request = cluster[1].change(RemoveMember(NodeId(2)))
    cluster.settle()

    assert isinstance(cluster[1].answers[request], Committed)
    assert (1, 3) == voters(cluster[3])


# --- §4.2 availability -----------------------------------------------------------------


def test_a_new_server_catches_up_before_it_votes() -> None:
    """§4.2.1: it joins without a vote, and is made a voter once it has caught up."""
    cluster = led()
    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    cluster.settle()
    before = voters(cluster[1])

    cluster.beat(1)
    cluster.beat(1)

    assert ((1, 2, 3), (1, 2, 3, 4)) == (before, voters(cluster[1]))


def test_a_new_server_that_is_too_slow_is_not_made_a_voter() -> None:
    """§4.2.1: it may be heard, and yet fall further behind with each round."""
    cluster = led()
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


def test_an_empty_log_is_found_out_at_once() -> None:
    """§4.2.1: a new server says how short its log is, and is not searched entry by entry."""
    cluster = led()
    for _ in range(20):
        cluster[1].propose(b"x")
        cluster.settle()
    cluster[1].change(AddMember(member(4, MemberRole.LEARNER)))
    leader, new = cluster[1], cluster[4]

    new.receive(1, leader.take_sent(AppendEntries, to=4)[0])
    new.work_all()
    leader.receive(4, new.take_sent(AppendEntriesResponse)[0])

    assert BEFORE_LOG == leader.sent(AppendEntries, to=4)[0].prev


def test_a_non_voting_member_neither_campaigns_nor_is_asked() -> None:
    """§4.2.1: it has no part in elections."""
    cluster = Make.cluster(1, 2, 3, configuration=Make.configuration(1, 2, learner=[3]))
    cluster[1].tick()

    asked = {send.to for send in cluster[1].outbox}
    for _ in range(3):
        cluster[3].tick()

    assert {2} == asked
    assert [] == cluster[3].outbox


def test_a_new_server_that_is_silent_is_not_made_a_voter() -> None:
    """§4.2.1: an unavailable server must not be counted on."""
    cluster = led()
    cluster.cut_off = {4}

    cluster[1].change(AddMember(member(4, MemberRole.JOINING)))
    for _ in range(5):
        cluster.beat(1)

    assert (1, 2, 3) == voters(cluster[1])


def test_non_voting_members_count_in_no_majority() -> None:
    """§4.2.1: neither for votes nor for commitment."""
    cluster = Make.cluster(1, 2, 3, configuration=Make.configuration(1, 2, learner=[3]))
    cluster.elect(1)
    cluster.cut_off = {2}

    cluster[1].propose(b"x")
    cluster.settle()

    assert EntryId(1, 2) == cluster[3].status.last_log
    assert 1 == cluster[1].status.commit_index


def test_a_removed_leader_leads_until_its_removal_is_committed() -> None:
    """§4.2.2: it manages a cluster of which it is no part, and does not count itself."""
    cluster = led()
    leader = cluster[1]

    leader.change(RemoveMember(NodeId(1)))
    leader.work_all()
    leader.receive(2, AppendEntriesResponse(term=1, round=2, match_index=2))
    with_one_other = (leader.role, leader.status.commit_index)
    leader.receive(3, AppendEntriesResponse(term=1, round=2, match_index=2))

    assert (RoleName.LEADER, 1) == with_one_other
    assert (RoleName.FOLLOWER, 2) == (leader.role, leader.status.commit_index)


def test_a_removed_server_campaigns_as_long_as_its_removal_may_not_be_committed() -> None:
    """§4.2.2, figure 4.6: it may be the only one that can win. Its own vote does not count."""
    cluster = Make.cluster(1, 2)
    cluster.elect(1)
    cluster.cut_off = {2}
    cluster[1].change(RemoveMember(NodeId(1)))
    cluster.settle()
    cluster.hosts[NodeId(1)] = cluster[1].restarted()
    cluster.cut_off = set()

    pass_patience(cluster)
    cluster[2].tick()
    cluster.settle()
    second_alone = cluster[2].term
    cluster[1].tick()
    cluster.settle()
    pass_patience(cluster)
    cluster[2].tick()
    cluster.settle()

    assert 1 == second_alone
    assert (RoleName.LEADER, (2,)) == (cluster[2].role, voters(cluster[2]))


def test_a_server_whose_removal_is_committed_campaigns_no_more() -> None:
    """§4.2.2: it is needed no more."""
    cluster = led()
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.beat(1)

    pass_patience(cluster)
    cluster[3].tick()

    assert [] == cluster[3].outbox


def test_a_server_follows_no_vote_request_while_it_hears_a_leader() -> None:
    """§4.2.3: it neither grants nor learns the term within the minimum election timeout."""
    cluster = led()
    follower = cluster[2]

    follower.receive(3, RequestVote(term=9, last=EntryId(9, 9)))

    assert (1, []) == (follower.term, follower.sent(RequestVoteResponse))


def test_a_leader_is_not_deposed_by_a_removed_server() -> None:
    """§4.2.3: whatever its term."""
    leader = led()[1]

    leader.receive(9, RequestVote(term=9, last=EntryId(9, 9)))

    assert (RoleName.LEADER, 1) == (leader.role, leader.term)


def test_a_candidate_that_the_leader_has_sent_is_heard() -> None:
    """§4.2.3 with §3.10: a flag says that the disruption is wanted."""
    follower = led()[2]

    follower.receive(3, RequestVote(term=2, last=EntryId(1, 1), is_transfer=True))
    follower.written()

    assert [True] == [m.vote_granted for m in follower.sent(RequestVoteResponse)]


def test_a_vote_request_is_heard_again_once_the_leader_has_been_silent() -> None:
    """§4.2.3: for no longer than the minimum election timeout."""
    follower = led()[2]
    patience_us = follower.config.election_timeout_min_us
    question = RequestVote(term=2, last=EntryId(1, 1))

    follower.receive(3, question, after=patience_us - 1)
    too_early = follower.term
    follower.receive(3, question, after=1)
    follower.written()

    assert (1, 2) == (too_early, follower.term)
    assert [True] == [m.vote_granted for m in follower.sent(RequestVoteResponse)]


# --- §4.3 joint consensus --------------------------------------------------------------


def test_several_changes_go_through_a_joint_configuration() -> None:
    """§4.3: C_old,new comes first."""
    leader = led()[1]

    leader.change(AddMember(member(4)), AddMember(member(5)), RemoveMember(NodeId(3)))

    configuration = leader.status.configuration
    assert configuration.is_joint
    assert (1, 2, 4, 5) == configuration.voters
    assert [1, 2, 3] == [m.node_id for m in configuration.outgoing]


def test_while_joint_entries_go_to_all_servers_of_both() -> None:
    """§4.3: log entries are replicated to everybody in both configurations."""
    leader = led()[1]
    leader.change(AddMember(member(4)), RemoveMember(NodeId(3)))
    leader.outbox.clear()

    leader.tick()

    assert {2, 3, 4} == {send.to for send in leader.outbox}


def test_while_joint_agreement_needs_both_majorities() -> None:
    """§4.3: for elections and for commitment."""
    joint = attrs.evolve(
        Make.configuration(1, 4, 5), outgoing=tuple(member(number) for number in (1, 2, 3))
    )

    quorums = [joint.has_quorum(held.__contains__) for held in ({1, 4, 5}, {1, 2, 3}, {1, 2, 4})]

    assert [False, False, True] == quorums


def test_while_joint_the_new_voters_alone_commit_nothing() -> None:
    """§4.3: nor do the old ones alone."""
    leader = led()[1]
    leader.change(AddMember(member(4)), AddMember(member(5)), RemoveMember(NodeId(3)))
    leader.written()

    for number in (4, 5):
        leader.receive(number, AppendEntriesResponse(term=1, round=1, match_index=2))
    with_the_new = leader.status.commit_index
    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert (1, 2) == (with_the_new, leader.status.commit_index)


def test_while_joint_an_election_needs_both_majorities() -> None:
    """§4.3: votes are counted in each part."""
    joint = attrs.evolve(
        Make.configuration(1, 4, 5), outgoing=tuple(member(number) for number in (1, 2, 3))
    )
    host = Make.host(configuration=joint)
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
    """§4.3: or neither part could stop the other from deciding alone."""
    leader = led()[1]

    leader.change(AddMember(member(4)), AddMember(member(5)))
    leader.written()
    leader.receive(4, AppendEntriesResponse(term=1, round=1, match_index=2))
    before = leader.status.configuration.is_joint
    for number in (2, 5):
        leader.receive(number, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert before
    assert not leader.status.configuration.is_joint
    assert (1, 2, 3, 4, 5) == voters(leader)


def test_no_other_change_begins_while_joint() -> None:
    """§4.3: it is left first."""
    cluster = led()
    cluster[1].change(AddMember(member(4)), AddMember(member(5)))

    request = cluster[1].change(RemoveMember(NodeId(3)))

    assert Refused(Refusal.CHANGE_PENDING, NodeId(1)) == cluster[1].answers[request]


def test_a_leader_that_is_not_in_the_new_configuration_sees_the_change_through() -> None:
    """§4.3, §4.2.2: it steps down once C_new is committed, and not before."""
    cluster = led()
    leader = cluster[1]

    request = leader.change(RemoveMember(NodeId(1)), AddMember(member(4)))
    while_joint = leader.role
    cluster.settle()

    assert (RoleName.LEADER, RoleName.FOLLOWER) == (while_joint, leader.role)
    assert Committed(EntryId(1, 3)) == leader.answers[request]
    assert (2, 3, 4) == voters(cluster[4])


def test_when_the_joint_configuration_is_committed_the_new_one_follows() -> None:
    """§4.3: the leader creates C_new, and it alone counts from then on."""
    cluster = led()

    request = cluster[1].change(AddMember(member(4)), AddMember(member(5)))
    cluster.settle()

    assert not cluster[1].status.configuration.is_joint
    assert (1, 2, 3, 4, 5) == voters(cluster[5])
    assert Committed(EntryId(1, 3)) == cluster[1].answers[request]


def test_any_server_of_either_configuration_may_lead_meanwhile() -> None:
    """§4.3: and whoever does completes the change."""
    cluster = led()
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


def test_a_voter_becomes_a_learner_and_back() -> None:
    """§4.2.1 and §4.1: a vote is given and taken by the same mechanism."""
    cluster = led()

    cluster[1].change(ChangeRole(NodeId(3), MemberRole.LEARNER))
    cluster.settle()
    demoted = voters(cluster[3])
    cluster[1].change(ChangeRole(NodeId(3), MemberRole.VOTER))
    cluster.settle()

    assert ((1, 2), (1, 2, 3)) == (demoted, voters(cluster[3]))
