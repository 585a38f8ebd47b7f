"""Going on after a quorum was lost for good, on an operator's word."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Unknown
from leto.raft.configuration import ChangeRole, MemberRole
from leto.raft.events import ConfigurationForced
from leto.raft.messages import AppendEntries, PreVoteResponse
from leto.raft.roles import PreCandidate
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


def despair(host: "Host", *grants: int) -> None:
    """Let the host ask in vain for an election timeout; so many say that they would vote for it."""
    host.tick()
    since = host.now
    while host.now - since < host.config.election_timeout_max_us:
        for voter in grants:
            grant(host, voter)
        host.tick()
    assert host.plays(RoleName.PRE_CANDIDATE)


def grant(host: "Host", voter: int, term: int = 1) -> None:
    role = host.node._state.role
    assert isinstance(role, PreCandidate)
    host.receive(voter, PreVoteResponse(term=term, round=role.round, vote_granted=True))


def test_the_survivors_go_on(cluster: "Cluster", make: "type[Make]") -> None:
    survivor = cluster[5]
    despair(survivor, 4)
    cluster[4].now = survivor.now

    request = force(survivor, 4, 5)
    cluster.settle()

    assert survivor.plays(RoleName.LEADER)
    assert Committed(EntryId(2, 3)) == survivor.answers[request]
    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)
    assert forced == survivor.status.committed_configuration
    assert b"x" == survivor.content()


def test_two_survivors_that_are_told_the_same_go_on_as_one(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    for survivor, other in ((4, 5), (5, 4)):
        despair(cluster[survivor], other)
    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)

    requests = [force(cluster[survivor], 4, 5) for survivor in (4, 5)]
    cluster.settle()
    begun = [(host.term, host.status.configuration) for host in (cluster[4], cluster[5])]
    cluster.elect(5)
    cluster.settle()

    assert [(2, forced), (2, forced)] == begun
    assert forced == cluster[4].status.configuration == cluster[5].status.committed_configuration
    assert [{request: Unknown()} for request in requests] == [cluster[n].answers for n in (4, 5)]


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


def test_the_node_that_is_asked_survives(cluster: "Cluster") -> None:
    despair(cluster[5])

    request = force(cluster[5], 4)

    assert {request: Refused(Refusal.CANNOT_LEAD)} == cluster[5].answers


def test_a_survivor_who_would_not_vote_for_the_node_is_not_forced_to_follow(
    cluster: "Cluster",
) -> None:
    despair(cluster[5])

    request = force(cluster[5], 4, 5)

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == cluster[5].answers


def test_a_grant_of_the_round_before_counts_and_an_older_one_does_not(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    grant(survivor, 4)
    survivor.tick()
    survivor.tick()
    too_late = force(survivor, 4, 5)
    grant(survivor, 4)
    survivor.tick()

    in_time = force(survivor, 4, 5)

    assert {too_late: Refused(Refusal.SURVIVOR_SILENT)} == survivor.answers
    assert in_time not in survivor.answers
    assert survivor.plays(RoleName.CANDIDATE)


def test_a_learner_does_not_survive(cluster: "Cluster") -> None:
    cluster.cut_off = set()
    cluster[1].change(*_demote(4))
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1, 2, 3}
    despair(cluster[5])
    cluster.settle()

    request = force(cluster[5], 4, 5)

    assert {request: Refused(Refusal.SURVIVOR_SILENT)} == cluster[5].answers


def test_who_was_losing_its_vote_has_it_again(cluster: "Cluster", make: "type[Make]") -> None:
    cluster.cut_off = {2, 3, 4}
    cluster[1].change(*_demote(4, 5))
    cluster.settle()
    cluster.cut_off = {1, 2, 3}
    despair(cluster[5], 4)

    force(cluster[5], 4, 5)

    forced = attrs.evolve(make.configuration(4, 5), is_forced=True)
    assert forced == cluster[5].status.configuration


def _demote(*node_ids: int) -> tuple[ChangeRole, ...]:
    return tuple(ChangeRole(NodeId(node_id), MemberRole.LEARNER) for node_id in node_ids)


def test_a_forced_configuration_that_another_leader_replaces_is_unknown(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    survivor = cluster[5]
    despair(survivor, 4)
    request = force(survivor, 4, 5)

    survivor.receive(
        1,
        AppendEntries(
            term=9, round=0, prev=EntryId(1, 2), entries=(make.entry(3, 9),), leader_commit=3
        ),
    )
    survivor.work_all()

    assert {request: Unknown(NodeId(1))} == survivor.answers
    assert make.configuration(1, 2, 3, 4, 5) == survivor.status.configuration


def test_a_forced_configuration_that_does_not_win_is_unknown(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor, 4)
    request = force(survivor, 4, 5)
    survivor.work_all()
    assert {} == survivor.answers

    survivor.tick()

    assert {request: Unknown()} == survivor.answers


def test_a_leader_that_speaks_again_ends_despair(cluster: "Cluster") -> None:
    survivor = cluster[5]
    despair(survivor)
    survivor.receive(
        1, AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)
    )

    request = force(survivor, 5)

    assert {request: Refused(Refusal.QUORUM_ALIVE, NodeId(1))} == survivor.answers
