"""§4.2.4 Availability argument: a cluster goes on during a change, whoever fails."""

import pytest

from leto.raft.actions import Committed, RoleName
from leto.raft.configuration import AddMember, ChangeRole, MemberRole, RemoveMember
from leto.raft.messages import (
    RequestVote,
)
from leto.raft.types import EntryId, NodeId
from tests.support.hosts import member
from tests.support.situations import pass_patience, with_newcomers


@pytest.mark.parametrize("reached", [set[int](), {2}, {4}, {2, 3}, {2, 3, 4}], ids=str)
def test_a_leader_is_elected_whoever_has_the_new_configuration(reached: set[int]) -> None:
    """§4.2.4: A leader is elected at every step of a change, whoever has the new configuration."""
    cluster = with_newcomers(blank=(4,))
    cluster[1].change(AddMember(member(4, MemberRole.LEARNER)))
    cluster.settle()
    cluster.cut_off = {2, 3, 4} - reached
    cluster[1].change(ChangeRole(NodeId(4), MemberRole.VOTER))
    cluster.settle()
    cluster.cut_off = {1}

    pass_patience(cluster)
    others = [cluster[number] for number in (2, 3, 4)]
    for host in others:
        if not any(other.plays(RoleName.LEADER) for other in others):
            host.tick()
            cluster.settle()

    (leader,) = [other for other in others if other.plays(RoleName.LEADER)]
    request = leader.propose(b"x")
    cluster.settle()
    assert isinstance(leader.answers[request], Committed)


def test_a_leader_that_reaches_its_members_stays() -> None:
    """§4.2.4: A leader that reaches its own configuration stays, whoever else campaigns."""
    cluster = with_newcomers()
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()

    for _ in range(50):
        cluster[2].receive(3, RequestVote(term=99, last=EntryId(9, 9)))
        cluster[1].receive(3, RequestVote(term=99, last=EntryId(9, 9)))
        cluster.beat(1)

    assert (RoleName.LEADER, 1, 1) == (cluster[1].role, cluster[1].term, cluster[2].term)
