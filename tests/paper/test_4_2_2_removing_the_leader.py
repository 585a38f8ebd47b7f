"""§4.2.2 Removing the current leader."""

from leto.raft.actions import RoleName
from leto.raft.configuration import RemoveMember
from leto.raft.messages import (
    AppendEntriesResponse,
)
from leto.raft.types import NodeId
from tests.support.hosts import Make, entry
from tests.support.situations import campaigns, pass_patience, vote, voters, with_newcomers


def test_a_removed_leader_leads_until_its_removal_is_committed() -> None:
    """§4.2.2, figure 4.1: A leader that removes itself leads, without counting itself, until
    that is committed.
    """
    cluster = with_newcomers()
    leader = cluster[1]

    leader.change(RemoveMember(NodeId(1)))
    leader.work_all()
    leader.receive(2, AppendEntriesResponse(term=1, round=2, match_index=2))
    with_one_other = (leader.role, leader.status.commit_index)
    leader.receive(3, AppendEntriesResponse(term=1, round=2, match_index=2))

    assert (RoleName.LEADER, 1) == with_one_other
    assert (RoleName.FOLLOWER, 2) == (leader.role, leader.status.commit_index)


def test_a_removed_server_campaigns_as_long_as_its_removal_may_not_be_committed() -> None:
    """§4.2.2, figure 4.6: Whoever its own configuration leaves out still campaigns while that
    may be uncommitted.
    """
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


def test_the_own_vote_does_not_count_of_who_is_left_out() -> None:
    """§4.2.2: Whoever its own configuration leaves out does not count its own vote."""
    without_it = Make.configuration(2, 3)
    host = Make.host(log=(entry(1, 1), entry(2, 1, without_it)))
    campaigns(host, 2, 3)

    host.receive(2, vote(2))
    with_one_other = host.role
    host.receive(3, vote(2))

    assert (RoleName.CANDIDATE, RoleName.LEADER) == (with_one_other, host.role)


def test_after_a_removed_leader_another_one_is_elected() -> None:
    """§4.2.2: The members of the new configuration then elect one of themselves."""
    cluster = with_newcomers()
    cluster[1].change(RemoveMember(NodeId(1)))
    cluster.settle()

    pass_patience(cluster)
    cluster[2].tick()
    cluster.settle()

    assert (RoleName.LEADER, 2) == (cluster[2].role, cluster[3].status.leader)


def test_a_server_whose_removal_is_committed_campaigns_no_more() -> None:
    """§4.2.2: Whoever knows that its removal is committed campaigns no more."""
    cluster = with_newcomers()
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()
    cluster.beat(1)

    pass_patience(cluster)
    cluster[3].tick()

    assert [] == cluster[3].outbox
