"""Which machines must go on while everything else stays broken."""

from random import Random

import attrs
import pytest

from leto_sim.clock import SECOND
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.core import choose_core
from leto_sim.server_level.nemesis import ServerNemesis
from leto_sim.server_level.operator import ServerOperator
from leto_sim.server_level.scenario import ServerScenario


def whole(nodes: int) -> ServerCluster:
    cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes))
    while not cluster.is_whole:
        assert cluster.scheduler.now < 30 * SECOND
        cluster.scheduler.step()
    return cluster


def test_the_core_is_a_quorum_and_no_more() -> None:
    cluster = whole(5)

    cores = [choose_core(cluster, Random(seed)) for seed in range(20)]

    assert {3} == {len(core or ()) for core in cores}
    assert len({tuple(machine.name for machine in core or ()) for core in cores}) > 1


def test_nothing_is_expected_while_the_cluster_forms() -> None:
    cluster = ServerCluster(ServerScenario(seed=1))

    assert choose_core(cluster, Random(1)) is None


def test_nothing_is_expected_once_a_quorum_is_lost() -> None:
    cluster = whole(3)
    for machine in cluster.machines[:2]:
        machine.is_stranger = True

    assert choose_core(cluster, Random(1)) is None


def test_what_a_change_may_lead_to_counts() -> None:
    cluster = whole(3)
    leader = cluster.leader
    assert leader is not None
    members = leader.status.configuration.members
    joint = attrs.evolve(leader.status.configuration, outgoing=members[:1])
    entry = leader.memory.entries[-1]
    later = attrs.evolve(entry.id, index=entry.id.index + 1)
    leader.memory.entries.append(attrs.evolve(entry, id=later, payload=joint))
    cluster.panel.configurations.issued[later] = joint

    assert choose_core(cluster, Random(1)) is None


@pytest.mark.parametrize("seed", range(6))
def test_the_core_writes_whatever_befalls_the_others(seed: int) -> None:
    cluster = whole(3)
    nemesis = ServerNemesis(cluster, ServerOperator(cluster))
    core = cluster.machines[1:]

    nemesis.heal_core(core, Random(seed))

    before = cluster.panel.commits
    while cluster.panel.commits == before or cluster.leader not in [m.life for m in core]:
        assert cluster.scheduler.now < 60 * SECOND
        cluster.scheduler.step()


def test_all_is_healed_after_the_core() -> None:
    cluster = whole(3)
    nemesis = ServerNemesis(cluster, ServerOperator(cluster))
    nemesis.heal_core(cluster.machines[1:], Random(1))
    while cluster.scheduler.now < 10 * SECOND:
        cluster.scheduler.step()

    nemesis.heal()

    while not cluster.is_whole or cluster.machines[0].life is None:
        assert cluster.scheduler.now < 60 * SECOND
        cluster.scheduler.step()
