"""The core is a quorum of all that may be decided by; and it may be stuck by right."""

from random import Random

import attrs

from leto.raft.configuration import AddMember, MemberRole
from leto.raft.events import ChangeRequested
from leto.raft.types import RequestId
from leto_sim.clock import TRUE_RATE
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster, Host, member
from leto_sim.node_level.core import choose_core, ids_of, why_stuck
from leto_sim.node_level.process import Process
from tests.support.sims import QUIET, cluster_of, elect, wait


def cores(cluster: Cluster) -> list[list[Host]]:
    chosen = [choose_core(cluster, Random(seed)) for seed in range(60)]
    assert None not in chosen
    return [core for core in chosen if core is not None]


def test_a_core_is_any_quorum_and_some_more() -> None:
    cluster = cluster_of(5)

    chosen = cores(cluster)

    assert {3, 4, 5} == {len(core) for core in chosen}
    assert len({ids_of(core) for core in chosen}) > 10


def test_whose_data_is_lost_is_in_no_core() -> None:
    cluster = cluster_of(3)
    elect(cluster)
    cluster.hosts[0].is_corrupt = True

    assert [2] == list({len(core) for core in cores(cluster)})
    cluster.wipe(cluster.hosts[1])
    assert None is choose_core(cluster, Random(1))


def test_a_core_is_a_quorum_of_what_is_not_committed_yet_too() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    for host in cluster.hosts:
        if host.node_id != leader.node_id:
            cluster.crash(host)
    administrator = Administrator(cluster)
    configuration = leader.status.configuration

    administrator.add_node()
    administrator.add_node()
    wait(cluster, lambda: leader.status.configuration != configuration)

    new = cluster.hosts[-1]
    assert all(len(set(ids_of(core)) - {new.node_id}) >= 2 for core in cores(cluster))


def test_a_core_is_a_quorum_of_what_a_leader_has_yet_to_hear_of_too() -> None:
    cluster = cluster_of(5)
    leader = elect(cluster)
    joining = [cluster.add_blank_host(), cluster.add_blank_host()]
    asked = tuple(AddMember(member(host.node_id, host.name, MemberRole.VOTER)) for host in joining)

    leader.pause()
    leader.request(ChangeRequested(RequestId(1), asked), {RequestId(1): lambda _: None})

    chosen = [choose_core(cluster, Random(seed), asked) for seed in range(60)]
    assert {4, 5} == {len(core) for core in chosen if core is not None}
    assert {3, 4, 5} == {len(core) for core in cores(cluster)}


def test_a_core_is_a_quorum_once_members_that_join_are_voters_too() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    administrator = Administrator(cluster)
    administrator.add_node()
    wait(cluster, lambda: len(leader.status.committed_configuration.members) > 3)

    assert {3, 4} == {len(core) for core in cores(cluster)}


def test_a_committed_configuration_replaces_those_before_it() -> None:
    cluster = cluster_of(3)
    administrator = Administrator(cluster)
    elect(cluster)

    administrator.remove_node(cluster.hosts[0])
    wait(cluster, lambda: administrator.is_idle)

    remaining = ids_of(cluster.hosts[1:])
    assert all(remaining <= ids_of(core) for core in cores(cluster))


def test_whoever_could_win_and_may_campaign_has_no_excuse() -> None:
    cluster = cluster_of(3)
    elect(cluster)

    assert None is why_stuck(cluster.hosts)


def test_it_is_nobodys_fault_if_only_the_unwanted_could_win() -> None:
    cluster = Cluster(attrs.evolve(QUIET, priorities=(0, 0, 0)))

    assert (
        why_stuck(cluster.hosts) == "only id1, id2, id3 could win an election, and has no priority"
    )


def stopped() -> tuple[Cluster, Process]:
    """Three that follow a leader whose clock stands still, and the leader."""
    cluster = cluster_of(4)
    leader = elect(cluster)
    wait(cluster, lambda: all(p.status.leader == leader.node_id for p in cluster.alive))
    leader.clock.run_at(0, cluster.scheduler.now)
    return cluster, leader


def test_it_is_nobodys_fault_if_no_time_passes_for_a_leader_that_some_of_them_hear() -> None:
    cluster, leader = stopped()
    core = [host for host in cluster.hosts if host.alive is not leader]
    wait(cluster, lambda: any(p.status.leader is None for p in cluster.alive))

    assert why_stuck(core) is None
    assert f"the clock of {leader.name} stands still, and some of the core follow it" == (
        why_stuck(core, cluster.alive)
    )
    leader.clock.run_at(TRUE_RATE, cluster.scheduler.now)
    assert why_stuck(core, cluster.alive) is None


def test_it_is_somebodys_if_all_of_them_hear_it_or_it_is_one_of_them() -> None:
    cluster, leader = stopped()

    others = [host for host in cluster.hosts if host.alive is not leader]

    assert why_stuck(others, cluster.alive) is None
    assert why_stuck(cluster.hosts, cluster.alive) is None


def test_without_a_quorum_there_is_no_excuse() -> None:
    cluster = Cluster(attrs.evolve(QUIET, priorities=(0, 0, 0)))
    for host in cluster.hosts[1:]:
        cluster.crash(host)

    assert None is why_stuck(cluster.hosts)
