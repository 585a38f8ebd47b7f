"""Going on after a quorum was lost for good, on an operator's word."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Unknown
from leto.raft.configuration import ChangePriority, ChangeRole, Configuration, MemberRole
from leto.raft.entries import Entry
from leto.raft.events import ConfigurationForced, PeerGone
from leto.raft.messages import AppendEntries, RequestVote, RequestVoteResponse
from leto.raft.roles import Follower
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make


def force(host: "Host", *survivors: int) -> int:
    return host.ask(
        lambda request_id: ConfigurationForced(request_id, tuple(map(NodeId, survivors)))
    )


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Five voters of which three are gone for good, the leader among them."""
    cluster = make.cluster(1, 2, 3, 4, 5)
    cluster.elect(1).propose(b"x")
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1, 2, 3}
    return cluster


def despair(host: "Host") -> None:
    """Let the host ask in vain for an election timeout, or wait for so long if it may not ask."""
    host.tick()
    since = host.now
    while host.now - since < host.config.election_timeout_max_us:
        host.tick()
    assert not host.plays(RoleName.CANDIDATE)


def despair_together(cluster: "Cluster") -> None:
    """Let both survivors ask in vain, without an answer from each other."""
    for survivor in (cluster[4], cluster[5]):
        despair(survivor)
        survivor.outbox.clear()


def vote(host: "Host", voter: int, *, granted: bool = True) -> None:
    host.receive(voter, RequestVoteResponse(term=host.term, vote_granted=granted))


def lead_again(host: "Host", *, term: int) -> None:
    """The leader that was thought to be lost speaks."""
    host.receive(1, AppendEntries(term=term, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0))


def test_the_survivors_go_on(cluster: "Cluster", make: "type[Make]") -> None:
    survivor = cluster[5]
    despair_together(cluster)

    request = force(survivor, 4, 5)
    cluster.settle()

    assert survivor.plays(RoleName.LEADER)
    assert Committed(EntryId(2, 3)) == survivor.answers[request]
    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)
    assert forced == survivor.status.committed_configuration
    assert b"x" == survivor.content()


def test_nothing_is_forced_before_every_survivor_has_voted(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    cluster.cut_off = {1, 2}
    survivor = cluster[5]
    despair(survivor)
    survivor.outbox.clear()

    force(survivor, 3, 4, 5)
    survivor.work_all()
    asked = [send.to for send in survivor.outbox]
    vote(survivor, 4)
    configurations = [survivor.status.configuration]

    assert [3, 4] == asked
    assert survivor.plays(RoleName.CANDIDATE)
    assert [make.configuration(1, 2, 3, 4, 5)] == configurations


def test_the_nodes_own_vote_is_durable_first(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair_together(cluster)
    survivor.disk_is_stuck = True

    force(survivor, 4, 5)
    vote(survivor, 4)
    before = survivor.role
    survivor.written()

    assert [RoleName.CANDIDATE, RoleName.LEADER] == [before, survivor.role]


def test_two_survivors_that_are_told_different_things_do_not_both_go_on(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    cluster.cut_off = {1, 2}
    for survivor in (cluster[3], cluster[4], cluster[5]):
        despair(survivor)
        survivor.outbox.clear()

    one, other = force(cluster[4], 3, 4), force(cluster[5], 3, 5)
    cluster.settle()

    assert [RoleName.LEADER, RoleName.FOLLOWER] == [cluster[4].role, cluster[5].role]
    assert Committed(EntryId(2, 3)) == cluster[4].answers[one]
    assert make.configuration(1, 2, 3, 4, 5) == cluster[5].status.configuration
    assert Refused(Refusal.SURVIVOR_SILENT) == cluster[5].answers[other]


def test_of_two_that_need_each_other_neither_goes_on_in_that_term(cluster: "Cluster") -> None:
    despair_together(cluster)

    requests = [force(cluster[survivor], 4, 5) for survivor in (4, 5)]
    cluster.settle()

    refused = Refused(Refusal.SURVIVOR_SILENT)
    assert [{request: refused} for request in requests] == [cluster[n].answers for n in (4, 5)]
    assert [2, 2] == [cluster[n].term for n in (4, 5)]


def test_who_was_refused_may_be_asked_again_at_once(cluster: "Cluster") -> None:
    despair_together(cluster)
    for number in (4, 5):
        force(cluster[number], 4, 5)
    cluster.settle()
    survivor = cluster[5]
    assert survivor.deadline == survivor.now

    survivor.tick()
    survivor.outbox.clear()
    again = force(survivor, 4, 5)
    cluster.settle()

    assert Committed(EntryId(3, 3)) == survivor.answers[again]


def test_one_survivor_is_enough(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)

    force(survivor, 5)
    survivor.work_all()

    assert survivor.status.is_ready
    assert (5,) == survivor.status.configuration.voters


def test_nothing_is_forced_while_a_quorum_may_be_alive(cluster: "Cluster") -> None:
    survivor = cluster[5]
    early = force(survivor, 5)
    assert Refused(Refusal.QUORUM_ALIVE, NodeId(1)) == survivor.answers[early]

    survivor.tick()
    late = force(survivor, 5)

    assert Refused(Refusal.QUORUM_ALIVE) == survivor.answers[late]


def test_survivors_are_members(cluster: "Cluster") -> None:
    despair(cluster[5])

    request = force(cluster[5], 5, 9)

    assert {request: Refused(Refusal.NOT_A_MEMBER)} == cluster[5].answers


def test_a_survivor_whose_own_removal_is_not_committed_is_one(
    make: "type[Make]", cluster: "Cluster"
) -> None:
    """What is not committed may be rolled back (§4.1), and it may be all there is."""
    survivor = cluster[5]
    removal = Entry(EntryId(1, 3), make.configuration(1, 2, 3, 4))
    survivor.receive(
        1,
        AppendEntries(term=1, round=9, prev=EntryId(1, 2), entries=(removal,), leader_commit=2),
    )
    survivor.work_all()
    despair(survivor)

    request = force(survivor, 5)
    survivor.work_all()

    assert request in survivor.answers
    assert (5,) == survivor.status.configuration.voters


def test_the_node_that_is_asked_survives(cluster: "Cluster") -> None:
    despair(cluster[5])

    request = force(cluster[5], 4)

    assert {request: Refused(Refusal.CANNOT_LEAD)} == cluster[5].answers


def test_a_survivor_that_says_nothing_ends_it(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 3, 5)
    cluster.settle()
    assert {} == survivor.answers

    survivor.tick()

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == survivor.answers
    assert 2 == survivor.status.last_log.index


def test_a_survivor_that_would_rather_not_ends_it_at_once(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 4, 5)

    vote(survivor, 4, granted=False)

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == survivor.answers


def test_a_survivor_that_has_promised_a_leader_keeps_its_word(cluster: "Cluster") -> None:
    despair(cluster[5])
    cluster[5].outbox.clear()
    voter = cluster[4]
    lease_us = 60_000_000
    voter.receive(
        1,
        AppendEntries(
            term=1, round=9, prev=BEFORE_LOG, entries=(), leader_commit=0, lease_us=lease_us
        ),
    )

    request = force(cluster[5], 4, 5)
    cluster.settle()
    cluster[5].tick()

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == cluster[5].answers
    assert 1 == voter.term


def test_who_has_promised_a_leader_does_not_stand_itself(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    survivor.node._state.promised_until = survivor.now + 1

    request = force(survivor, 5)

    assert {request: Refused(Refusal.QUORUM_ALIVE)} == survivor.answers


def test_who_has_a_quorums_votes_leads_and_forces_nothing(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    cluster.cut_off = {1, 2}
    survivor = cluster[5]
    despair(survivor)
    survivor.outbox.clear()

    request = force(survivor, 3, 4, 5)
    cluster.settle()

    assert survivor.plays(RoleName.LEADER)
    assert {request: Refused(Refusal.QUORUM_ALIVE, NodeId(5))} == survivor.answers
    assert make.configuration(1, 2, 3, 4, 5) == survivor.status.configuration


def test_a_leader_that_speaks_meanwhile_ends_it(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 4, 5)
    survivor.work_all()

    lead_again(survivor, term=2)

    assert {request: Refused(Refusal.QUORUM_ALIVE, NodeId(1))} == survivor.answers


def test_a_later_term_ends_it(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 4, 5)
    survivor.work_all()

    survivor.receive(4, RequestVote(term=9, last=BEFORE_LOG))

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == survivor.answers


def test_a_disk_that_fails_ends_it(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 4, 5)

    survivor.fail()

    assert {request: Refused(Refusal.FAILED)} == survivor.answers


def test_a_disk_that_fails_in_an_ordinary_campaign_owes_no_answer(cluster: "Cluster") -> None:
    cluster.cut_off = {1, 2}
    survivor = cluster[5]
    survivor.disk_is_stuck = True
    survivor.tick()
    cluster.settle()
    assert survivor.plays(RoleName.CANDIDATE)

    survivor.fail()

    assert {} == survivor.answers


def test_a_crash_before_the_votes_are_there_changes_nothing(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    survivor = cluster[5]
    despair_together(cluster)
    force(survivor, 4, 5)
    survivor.work_all()

    cluster.hosts[NodeId(5)] = survivor = survivor.restarted()

    assert (2, make.configuration(1, 2, 3, 4, 5)) == (survivor.term, survivor.status.configuration)
    despair_together(cluster)
    request = force(survivor, 4, 5)
    cluster.settle()
    assert Committed(EntryId(3, 3)) == survivor.answers[request]


def test_a_learner_survives_and_has_a_vote(cluster: "Cluster", make: "type[Make]") -> None:
    cluster.cut_off = set()
    cluster[1].change(*_demote(4))
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1, 2, 3}
    despair_together(cluster)

    force(cluster[5], 4, 5)
    cluster.settle()

    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)
    assert forced == cluster[5].status.committed_configuration


def test_a_learner_may_be_all_that_is_left(cluster: "Cluster", make: "type[Make]") -> None:
    cluster.cut_off = set()
    cluster[1].change(*_demote(5))
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1, 2, 3, 4}
    survivor = cluster[5]
    despair(survivor)

    force(survivor, 5)
    survivor.work_all()

    forced = attrs.evolve(make.configuration(5), is_forced=True)
    assert forced == survivor.status.committed_configuration


def without_priority(cluster: "Cluster") -> "Host":
    """The last survivor, which never campaigns of itself."""
    cluster.cut_off = set()
    cluster[1].change(ChangePriority(NodeId(5), 0))
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1, 2, 3, 4}
    return cluster[5]


def test_a_survivor_of_priority_0_may_lead_from_now_on(cluster: "Cluster") -> None:
    survivor = without_priority(cluster)
    despair(survivor)
    assert survivor.plays(RoleName.FOLLOWER)

    force(survivor, 5)
    survivor.work_all()

    assert [1] == [member.priority for member in survivor.status.configuration.members]
    assert survivor.restarted().status.configuration.is_forced


def test_who_must_not_campaign_waits_for_as_long(cluster: "Cluster") -> None:
    survivor = without_priority(cluster)
    early = force(survivor, 5)
    survivor.tick()

    soon = force(survivor, 5)

    assert [Refusal.QUORUM_ALIVE] * 2 == [
        outcome.refusal
        for outcome in map(survivor.answers.__getitem__, (early, soon))
        if isinstance(outcome, Refused)
    ]


@pytest.mark.parametrize("what", ["its leader", "another candidate", "a death"])
def test_who_must_not_campaign_waits_again_after_it_has_heard_of(
    cluster: "Cluster", what: str
) -> None:
    survivor = without_priority(cluster)
    despair(survivor)
    match what:
        case "its leader":
            lead_again(survivor, term=1)
        case "another candidate":
            survivor.receive(4, RequestVote(term=2, last=EntryId(9, 9)))
        case _:
            survivor.handle(PeerGone(NodeId(1)))

    request = force(survivor, 5)

    outcome = survivor.answers[request]
    assert isinstance(outcome, Refused)
    assert Refusal.QUORUM_ALIVE is outcome.refusal


def test_who_heard_nobody_since_its_disk_hung_is_not_in_despair(cluster: "Cluster") -> None:
    survivor = without_priority(cluster)
    despair(survivor)
    survivor.disk_is_stuck = True
    survivor.receive(4, RequestVote(term=2, last=BEFORE_LOG))
    despair(survivor)

    request = force(survivor, 5)

    assert {request: Refused(Refusal.QUORUM_ALIVE)} == survivor.answers


def test_who_had_waited_is_in_despair_at_once_when_it_may_campaign(cluster: "Cluster") -> None:
    survivor = without_priority(cluster)
    despair(survivor)
    force(survivor, 4, 5)
    survivor.work_all()
    survivor.tick()  # nobody has answered

    role = survivor.node._state.role

    assert isinstance(role, Follower)
    assert role.leaderless_since is not None
    again = force(survivor, 5)
    survivor.work_all()
    assert Committed(EntryId(3, 4)) == survivor.answers[again]


def test_who_was_losing_its_vote_has_it_again(cluster: "Cluster", make: "type[Make]") -> None:
    cluster.cut_off = {2, 3, 4}
    cluster[1].change(*_demote(4, 5))
    cluster.settle()
    cluster.cut_off = {1, 2, 3}
    despair(cluster[5])
    force(cluster[5], 4, 5)
    cluster[5].work_all()

    vote(cluster[5], 4)

    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)
    assert forced == cluster[5].status.configuration


def _demote(*node_ids: int) -> tuple[ChangeRole, ...]:
    return tuple(ChangeRole(NodeId(node_id), MemberRole.LEARNER) for node_id in node_ids)


def test_a_forced_configuration_that_another_leader_replaces_is_unknown(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    survivor = cluster[5]
    despair(survivor)
    request = force(survivor, 4, 5)
    survivor.work_all()
    vote(survivor, 4)
    assert survivor.plays(RoleName.LEADER)

    survivor.receive(
        1,
        AppendEntries(
            term=9, round=0, prev=EntryId(1, 2), entries=(make.entry(3, 9),), leader_commit=3
        ),
    )
    survivor.work_all()

    assert {request: Unknown(NodeId(1))} == survivor.answers
    assert make.configuration(1, 2, 3, 4, 5) == survivor.status.configuration


def test_a_leader_that_speaks_again_ends_despair(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    lead_again(survivor, term=1)

    request = force(survivor, 5)

    assert {request: Refused(Refusal.QUORUM_ALIVE, NodeId(1))} == survivor.answers


def test_a_removal_that_is_committed_for_certain_is_final(
    make: "type[Make]", cluster: "Cluster"
) -> None:
    """Another change follows it, and no leader proposes that before (§4.1)."""
    survivor = cluster[4]
    removal = Entry(EntryId(1, 3), make.configuration(1, 2, 3, 4))
    another = Entry(EntryId(1, 4), make.configuration(1, 2, 4))
    survivor.receive(
        1,
        AppendEntries(
            term=1, round=9, prev=EntryId(1, 2), entries=(removal, another), leader_commit=2
        ),
    )
    survivor.work_all()
    despair(survivor)

    request = force(survivor, 4, 5)

    assert Refused(Refusal.NOT_A_MEMBER) == survivor.answers[request]
    assert {1, 2, 3, 4} == survivor.status.possible_members.keys()


def test_who_takes_another_s_place_does_not_survive_beside_it(
    make: "type[Make]", cluster: "Cluster"
) -> None:
    survivor = cluster[4]
    members = make.configuration(1, 2, 3, 4, 6).members
    heir = attrs.evolve(members[-1], name=cluster[5].status.configuration.members[-1].name)
    replacement = Entry(EntryId(1, 3), Configuration((*members[:-1], heir)))
    survivor.receive(
        1,
        AppendEntries(term=1, round=9, prev=EntryId(1, 2), entries=(replacement,), leader_commit=2),
    )
    survivor.work_all()
    despair(survivor)

    request = force(survivor, 4, 5, 6)

    assert Refused(Refusal.ALREADY_MEMBER) == survivor.answers[request]
