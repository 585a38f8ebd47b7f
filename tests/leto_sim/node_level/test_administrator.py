"""Members come and go, one errand after the other."""

import pytest

from leto.raft.actions import Refusal, Refused, Unknown
from leto.raft.configuration import MemberRole
from leto_sim.node_level.administrator import (
    IMPOSSIBLE_REFUSED,
    MEMBERS_MAX,
    Administrator,
    expect_refusal,
)
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.faults import Reshape
from leto_sim.result import PropertyViolated
from tests.support.sims import QUICK, cluster_of, elect, pass_time, wait


class Staff:
    """A cluster with a leader, and its administrator."""

    def __init__(self, nodes: int = 3) -> None:
        self.cluster: Cluster = cluster_of(nodes)
        self.administrator = Administrator(self.cluster)
        elect(self.cluster)

    @property
    def names(self) -> list[str]:
        leader = elect(self.cluster)
        return sorted(m.name for m in leader.status.committed_configuration.members)

    def follower(self) -> Host:
        leader = elect(self.cluster)
        return next(h for h in self.cluster.hosts if h.alive is not None and h.alive is not leader)

    def finish(self) -> None:
        wait(self.cluster, lambda: self.administrator.is_idle)


@pytest.fixture
def staff() -> Staff:
    return Staff()


def test_a_blank_node_joins_and_becomes_a_voter(staff: Staff) -> None:
    staff.administrator.add_node()
    assert not staff.administrator.is_idle

    staff.finish()

    assert ["id1", "id2", "id3", "id4"] == staff.names
    wait(
        staff.cluster,
        lambda: all(
            member.role is MemberRole.VOTER
            for member in elect(staff.cluster).status.committed_configuration.members
        ),
    )


def test_one_errand_at_a_time(staff: Staff) -> None:
    staff.administrator.add_node()
    staff.administrator.add_node()
    staff.administrator.remove_node(staff.follower())

    staff.finish()

    assert ["id1", "id2", "id3", "id4"] == staff.names


def test_a_removed_node_is_switched_off_after_a_while(staff: Staff) -> None:
    removed = staff.follower()

    staff.administrator.remove_node(removed)
    staff.finish()

    assert removed.name not in staff.names
    assert removed.alive is not None
    pass_time(staff.cluster, 20 * QUICK.election_timeout_max_us)
    assert removed.is_gone


def test_the_leader_itself_may_be_removed(staff: Staff) -> None:
    host = staff.cluster.host_of(elect(staff.cluster).node_id)
    assert host is not None

    staff.administrator.remove_node(host)
    staff.finish()

    assert host.name not in staff.names


@pytest.mark.parametrize("at_once", [True, False])
def test_a_lost_disk_is_replaced_by_a_stranger_of_its_name(staff: Staff, at_once: bool) -> None:  # noqa: FBT001
    lost = staff.follower()

    staff.administrator.lose_disk(lost, at_once=at_once)
    staff.finish()

    assert ["id1", "id2", "id3"] == staff.names
    assert lost.is_gone
    named = elect(staff.cluster).status.committed_configuration.named(lost.name)
    assert named is not None
    assert lost.node_id != named.node_id


def test_two_voters_cannot_spare_one() -> None:
    staff = Staff(nodes=2)

    staff.administrator.remove_node(staff.cluster.hosts[0])
    staff.administrator.lose_disk(staff.cluster.hosts[0], at_once=True)

    assert staff.administrator.is_idle
    assert not staff.cluster.hosts[0].is_gone


def test_who_is_gone_cannot_be_lost_again(staff: Staff) -> None:
    lost = staff.follower()
    staff.administrator.lose_disk(lost, at_once=True)
    staff.finish()

    staff.administrator.remove_node(lost)

    assert staff.administrator.is_idle


def test_without_a_leader_nothing_is_begun() -> None:
    cluster = cluster_of(3)
    administrator = Administrator(cluster)

    administrator.add_node()
    administrator.remove_node(cluster.hosts[0])

    assert administrator.is_idle
    assert 3 == len(cluster.hosts)


def test_a_cluster_grows_to_a_limit() -> None:
    staff = Staff(nodes=MEMBERS_MAX)

    staff.administrator.add_node()

    assert staff.administrator.is_idle


def test_an_errand_survives_the_leader_that_was_asked(staff: Staff) -> None:
    staff.administrator.add_node()
    pass_time(staff.cluster, QUICK.election_timeout_min_us)
    host = staff.cluster.host_of(elect(staff.cluster).node_id)
    assert host is not None
    staff.cluster.crash(host)

    staff.finish()

    assert ["id1", "id2", "id3", "id4"] == staff.names


def test_of_five_voters_two_may_be_lost_and_no_third() -> None:
    staff = Staff(5)
    leader = elect(staff.cluster)
    followers = [host for host in staff.cluster.hosts if host.alive is not leader]

    for host in followers:
        staff.administrator.lose_disk(host, at_once=True)

    assert 2 == len([host for host in staff.cluster.hosts if host.is_gone])
    staff.finish()
    assert ["id1", "id2", "id3", "id4", "id5"] == staff.names


def test_nobody_is_removed_while_data_is_lost() -> None:
    staff = Staff(5)
    host = staff.follower()
    staff.administrator.corrupt_disk(host)

    for other in staff.cluster.hosts:
        staff.administrator.remove_node(other)
    pick = dict(enumerate(staff.cluster.hosts)).get
    staff.administrator.reshape(Reshape(1, 0, (0,), (), ()), pick)

    assert host.is_corrupt
    assert staff.administrator.is_idle


def test_a_cluster_keeps_a_voter_whoever_is_to_leave() -> None:
    staff = Staff(3)
    pick = dict(enumerate(staff.cluster.hosts)).get

    staff.administrator.reshape(Reshape(0, 0, (0, 1, 9), (1, 2), ((0, 2), (2, 2))), pick)
    staff.finish()

    members = elect(staff.cluster).status.committed_configuration.members
    assert [("id3", 2)] == [(member.name, member.priority) for member in members]


def test_of_two_priorities_for_one_member_the_first_is_set() -> None:
    staff = Staff(3)
    pick = dict(enumerate(staff.cluster.hosts)).get

    staff.administrator.reshape(Reshape(0, 0, (), (), ((1, 2), (1, 3))), pick)
    staff.finish()

    members = elect(staff.cluster).status.committed_configuration.members
    assert {"id2": 2} == {m.name: m.priority for m in members if m.priority != 1}


def test_a_learner_becomes_a_voter_again() -> None:
    staff = Staff(3)
    pick = dict(enumerate(staff.cluster.hosts)).get
    demoted = Reshape(0, 0, (), (0,), ())

    for voters in (2, 3):
        staff.administrator.reshape(demoted, pick)
        staff.finish()
        configuration = elect(staff.cluster).status.committed_configuration
        assert voters == len(configuration.voters)


def test_members_move_to_addresses_of_their_own_together_with_other_changes() -> None:
    staff = Staff(4)
    hosts = staff.cluster.hosts
    pick = dict(enumerate(hosts)).get
    before = {m.name: m.address for m in elect(staff.cluster).status.configuration.members}

    for fault in (
        Reshape(0, 0, (3,), (2,), (), moving=(1, 1, 2, 3, 9)),
        Reshape(0, 0, (), (), (), moving=(1,)),
    ):
        staff.administrator.reshape(fault, pick)
        staff.finish()

    members = elect(staff.cluster).status.committed_configuration.members
    addresses = {m.name: m.address for m in members}
    assert {"id1", "id2", "id3"} == addresses.keys()
    assert before["id1"] == addresses["id1"]
    assert f"{before['id2']}:3" == addresses["id2"]
    assert f"{before['id3']}:2" == addresses["id3"]


def test_leases_are_set_one_after_the_other(staff: Staff) -> None:
    staff.administrator.set_lease(QUICK.election_timeout_min_us)
    staff.administrator.set_lease(0)  # too early: there is another errand
    staff.finish()
    first = elect(staff.cluster).status.committed_configuration.lease_us

    staff.administrator.set_lease(0)
    staff.finish()

    assert QUICK.election_timeout_min_us == first
    assert 0 == elect(staff.cluster).status.committed_configuration.lease_us


def test_a_reshaping_that_fits_nothing_is_none() -> None:
    staff = Staff(1)

    staff.administrator.reshape(Reshape(0, 0, (0,), (), ((7, 2),)), lambda _: None)

    assert staff.administrator.is_idle


def test_after_its_work_is_over_an_administrator_does_nothing(staff: Staff) -> None:
    staff.administrator.add_node()

    staff.administrator.stop()
    pass_time(staff.cluster, 10 * QUICK.election_timeout_max_us)
    host = staff.follower()
    host.is_corrupt = True
    staff.cluster.crash(host)
    staff.cluster.start(host)

    assert ["id1", "id2", "id3"] == staff.names
    assert not host.is_gone


def test_what_cannot_be_and_is_not_refused_is_a_violation() -> None:
    expect_refusal(None)
    expect_refusal(Refused(Refusal.LAST_VOTER))

    with pytest.raises(PropertyViolated, match=IMPOSSIBLE_REFUSED):
        expect_refusal(Unknown())
