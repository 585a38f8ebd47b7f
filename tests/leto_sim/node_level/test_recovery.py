"""A quorum is lost for good, and an operator goes on without it."""

from collections.abc import Sequence

import attrs
import pytest

from leto.raft.events import ConfigurationForced
from leto_sim.faults import LoseQuorum
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.process import Process
from leto_sim.node_level.recovery import Recovery
from leto_sim.sometimes import Situation
from tests.support.sims import QUIET, cluster_of, elect, wait


def settled(nodes: int) -> tuple[Cluster, Process]:
    """A cluster whose configuration nobody doubts, and its leader."""
    cluster = cluster_of(nodes)
    return cluster, elect(cluster)


def followers(cluster: Cluster) -> list[Host]:
    return [host for host in cluster.hosts if host.alive is not cluster.leader]


def lose(cluster: Cluster, victims: Sequence[Host], *, best_first: bool = False) -> Recovery:
    recovery = Recovery(cluster)
    recovery.threaten(victims, best_first=best_first)
    assert cluster.leader is not None
    recovery.strike(cluster.leader.status.configuration)
    return recovery


def gone(cluster: Cluster) -> set[str]:
    return {host.name for host in cluster.hosts if host.is_gone}


def occurred(cluster: Cluster, situation: Situation) -> bool:
    return situation.title in cluster.panel.lookout.sometimes.counts


def test_so_many_are_lost_that_nothing_can_be_done() -> None:
    cluster, _ = settled(5)
    victims = followers(cluster)

    recovery = lose(cluster, victims)

    assert {host.name for host in victims[:3]} == gone(cluster)
    assert recovery.is_needed
    assert not recovery.threatens


def test_who_holds_most_is_lost_first_but_not_before_somebody_lacks_something() -> None:
    cluster, _ = settled(3)
    wait(cluster, lambda: len({p.memory.last for p in cluster.alive}) == 1)

    recovery = lose(cluster, cluster.hosts, best_first=True)

    assert set() == gone(cluster)
    assert recovery.threatens
    assert not recovery.is_needed


def test_a_quorum_is_not_lost_where_nobody_would_be_left() -> None:
    cluster, _ = settled(1)

    recovery = lose(cluster, cluster.hosts)

    assert (set(), True) == (gone(cluster), recovery.threatens)


def test_nor_by_too_few_victims() -> None:
    cluster, _ = settled(5)

    recovery = lose(cluster, cluster.hosts[:2])

    assert (set(), False) == (gone(cluster), recovery.is_needed)


def test_a_survivor_of_no_priority_goes_on_too() -> None:
    cluster = Cluster(attrs.evolve(QUIET, nodes=3, priorities=(1, 1, 0)))
    elect(cluster)
    recovery = lose(cluster, cluster.hosts)
    lost = gone(cluster)

    def goes_on() -> bool:
        recovery.make_round()
        return not recovery.is_needed

    wait(cluster, goes_on)

    assert {"id1", "id2"} == lost
    assert [1] == [member.priority for member in elect(cluster).status.configuration.members]


@pytest.mark.parametrize("seed", range(5))
def test_survivors_that_are_told_different_things_go_on_as_one(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("leto_sim.node_level.recovery._SHARE_OF_CONTRADICTIONS", 1)
    cluster = Cluster(attrs.evolve(QUIET, nodes=7, seed=seed))
    elect(cluster)
    recovery = lose(cluster, cluster.hosts[:4])

    def goes_on() -> bool:
        recovery.make_round()
        return not recovery.is_needed

    wait(cluster, goes_on)

    left = {host.node_id for host in cluster.hosts if not host.is_gone}
    assert left == set(elect(cluster).status.configuration.voters)


def test_nothing_strikes_while_the_configuration_is_not_settled() -> None:
    cluster, _ = settled(3)
    recovery = Recovery(cluster)
    recovery.threaten(cluster.hosts, best_first=False)

    recovery.strike(None)

    assert set() == gone(cluster)


@pytest.mark.parametrize("nodes", [2, 3, 4, 5, 7])
def test_the_survivors_go_on_and_are_joined_by_others(nodes: int) -> None:
    cluster, _ = settled(nodes)
    administrator = Administrator(cluster)

    administrator.lose_quorum(LoseQuorum(tuple(range(nodes))), lambda number: cluster.hosts[number])
    wait(cluster, lambda: administrator.has_lost_quorum)
    wait(cluster, lambda: administrator.is_idle)

    configuration = elect(cluster).status.committed_configuration
    assert len(configuration.members) >= min(3, nodes)
    assert not gone(cluster) & {member.name for member in configuration.members}
    assert 1 == len(cluster.panel.forcings.all)
    assert occurred(cluster, Situation.QUORUM_GIVEN_UP)


def test_whom_the_configuration_does_not_name_never_comes_back() -> None:
    cluster, _ = settled(4)
    stranger = cluster.add_blank_host()
    recovery = lose(cluster, cluster.hosts[:3])

    def goes_on() -> bool:
        recovery.make_round()
        return not recovery.is_needed

    wait(cluster, goes_on)

    assert stranger.is_gone
    assert {host.name for host in cluster.hosts if not host.is_gone} == {
        member.name for member in elect(cluster).status.configuration.members
    }


def force_by_mistake(cluster: Cluster) -> Host:
    """Both others are down, the third is told to go on alone and does. Its disk still works."""
    survivor = followers(cluster)[0]
    for host in cluster.hosts:
        if host is not survivor:
            cluster.crash(host)
    process, open_orders = survivor.alive, list[ConfigurationForced]()
    assert process is not None

    def force() -> bool:
        if not open_orders:
            order = ConfigurationForced(cluster.new_request_id(), (survivor.node_id,))
            open_orders.append(order)
            process.request(order, {order.request_id: lambda _: open_orders.clear()})
        return bool(cluster.panel.forcings.all)

    wait(cluster, force)
    return survivor


def test_whom_a_mistake_has_given_up_the_operator_does_without() -> None:
    """The power fails before the forced configuration is durable, and the others are gone."""
    cluster, _ = settled(3)
    administrator = Administrator(cluster)

    survivor = force_by_mistake(cluster)
    cluster.crash(survivor)
    cluster.start(survivor)

    assert administrator.has_lost_quorum
    wait(cluster, lambda: administrator.is_idle)
    assert cluster.leader is not None
    assert cluster.leader.status.is_ready
    assert 3 == len(cluster.leader.status.committed_configuration.members)


@pytest.mark.parametrize("at_once", [True, False])
def test_errands_about_members_of_before_are_given_up(at_once: bool) -> None:  # noqa: FBT001
    cluster, _ = settled(3)
    administrator = Administrator(cluster)
    lost = followers(cluster)[1]

    administrator.lose_disk(lost, at_once=at_once)
    survivor = force_by_mistake(cluster)
    wait(cluster, lambda: administrator.is_idle)

    names = {m.name for m in elect(cluster).status.committed_configuration.members}
    assert survivor.name in names
    assert lost.name not in names


def test_who_is_told_so_in_vain_refuses() -> None:
    cluster, leader = settled(3)
    recovery = Recovery(cluster)

    for process in cluster.alive:
        recovery.force_in_vain(process)
        assert not recovery.is_under_way

    assert leader is cluster.leader
    assert [] == cluster.panel.forcings.all
    assert occurred(cluster, Situation.FORCING_REFUSED)


def test_who_cannot_refuse_is_not_told() -> None:
    cluster, leader = settled(3)
    recovery = Recovery(cluster)
    leader.pause()

    recovery.force_in_vain(leader)
    leader.resume()

    assert not occurred(cluster, Situation.FORCING_REFUSED)
