"""Machines: founded, started, crashed, wiped; and who hears whom."""

import attrs
import pytest

from leto.raft.actions import Write
from leto.raft.configuration import MemberRole
from leto.raft.entries import HardState
from leto.raft.messages import AppendEntriesResponse, ReadIndex
from leto.raft.types import NodeId
from leto_sim.clock import MS
from leto_sim.node_level.cluster import Cluster, member
from leto_sim.node_level.process import Process
from tests.support.sims import QUICK, QUIET, cluster_of, elect, pass_time, wait


def test_founders_hold_the_same_configuration() -> None:
    cluster = cluster_of(3)

    configurations = {process.status.configuration for process in cluster.alive}

    assert 1 == len(configurations)
    assert ["id1", "id2", "id3"] == [host.name for host in cluster.hosts]
    assert 3 == len(configurations.pop().voters)


@pytest.mark.parametrize("nodes", [1, 2, 3, 5])
def test_founders_elect_a_leader(nodes: int) -> None:
    cluster = cluster_of(nodes)

    leader = elect(cluster)

    assert cluster.panel.elections >= 1
    assert leader is cluster.leader


def test_everybody_is_told_who_was_elected() -> None:
    cluster, elected = cluster_of(3), list[Process]()
    cluster.on_elected = elected.append

    leader = elect(cluster)

    assert [leader] == elected


def test_a_crashed_node_starts_with_what_its_disk_holds() -> None:
    cluster = cluster_of(3)
    host = cluster.host_of(elect(cluster).node_id)
    assert host is not None
    term = host.platter.hard_state.current_term

    cluster.crash(host)
    assert host not in [cluster.host_of(process.node_id) for process in cluster.alive]
    cluster.start(host)

    assert host.alive is not None
    assert (2, term) == (host.incarnation, host.alive.status.current_term)


def test_starting_what_runs_and_crashing_what_is_down_changes_nothing() -> None:
    cluster = cluster_of(1)
    host = cluster.hosts[0]

    cluster.start(host)
    assert 1 == host.incarnation
    cluster.crash(host)
    cluster.crash(host)

    assert None is host.alive


def test_a_wiped_node_never_starts_again() -> None:
    cluster = cluster_of(3)

    cluster.wipe(cluster.hosts[0])
    cluster.start(cluster.hosts[0])

    assert cluster.hosts[0].is_gone
    assert None is cluster.hosts[0].alive
    assert ["id2", "id3"] == [name for name, _ in cluster.lanes()]


def test_a_retired_machine_stays_off() -> None:
    cluster = cluster_of(3)

    cluster.retire(cluster.hosts[0])
    cluster.start(cluster.hosts[0])

    assert None is cluster.hosts[0].alive


def test_a_blank_node_waits_to_be_invited() -> None:
    cluster = cluster_of(1)

    host = cluster.add_blank_host()
    stranger = cluster.add_blank_host("id1")
    pass_time(cluster, 10 * QUICK.election_timeout_max_us)

    assert ("id2", "id1") == (host.name, stranger.name)
    assert host.alive is not None
    assert 0 == host.alive.status.current_term
    assert host.node_id != stranger.node_id != cluster.hosts[0].node_id


def test_lanes_show_how_everybody_stands() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    followers = [process for process in cluster.alive if process is not leader]
    followers[0].pause()
    host = cluster.host_of(followers[1].node_id)
    assert host is not None
    cluster.crash(host)

    lanes = dict(cluster.lanes())

    term = leader.status.current_term
    assert f"L{term}" == lanes[leader.name]
    assert f"zf{term}" == lanes[followers[0].name]
    assert "x" == lanes[followers[1].name]


def test_nothing_arrives_from_the_silenced_until_they_start_anew() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    host = cluster.host_of(leader.node_id)
    assert host is not None

    cluster.silence(host)
    wait(cluster, lambda: cluster.leader is not leader and cluster.leader is not None)
    cluster.crash(host)
    cluster.start(host)

    wait(cluster, lambda: host.alive is not None and host.alive.status.leader is not None)


def test_a_message_to_nobody_is_lost() -> None:
    cluster = cluster_of(1)

    cluster.network.send(cluster.hosts[0].node_id, NodeId(99), ReadIndex(term=0, read=1))
    pass_time(cluster, 50_000)

    assert "99" == cluster.name_of(NodeId(99))
    assert "id1" == cluster.name_of(cluster.hosts[0].node_id)


def test_a_death_is_noticed_where_links_reach() -> None:
    def time_to_a_new_leader(cluster: Cluster) -> int:
        leader = elect(cluster)
        host = cluster.host_of(leader.node_id)
        assert host is not None
        cluster.crash(host)
        died_at = cluster.scheduler.now
        wait(cluster, lambda: cluster.leader is not None)
        return cluster.scheduler.now - died_at

    noticed = time_to_a_new_leader(cluster_of(3, tells_deaths=True))
    unnoticed = time_to_a_new_leader(cluster_of(3))

    assert noticed < QUICK.election_timeout_min_us < unnoticed


def test_request_ids_are_never_repeated() -> None:
    cluster = cluster_of(1)

    assert [1, 2, 3] == [cluster.new_request_id() for _ in range(3)]


def test_a_member_is_what_the_configuration_has_of_it() -> None:
    joining = member(NodeId(5), "id9", MemberRole.JOINING)

    assert (NodeId(5), "id9", MemberRole.JOINING) == (
        joining.node_id,
        joining.name,
        joining.role,
    )


def test_remarks_are_events_of_the_run() -> None:
    cluster = cluster_of(1)
    events, digest = cluster.journal.events, cluster.journal.digest

    cluster.remark("the sun rises")

    assert events + 1 == cluster.journal.events
    assert digest != cluster.journal.digest


def test_messages_from_before_a_restart_still_arrive() -> None:
    cluster = cluster_of(2)
    source, target = cluster.hosts
    assert source.alive is not None
    begins_a_term = Write(seq=1, hard_state=HardState(99, source.node_id))
    cluster.panel.write_issued(source.alive, begins_a_term)
    cluster.network.send(source.node_id, target.node_id, ReadIndex(term=99, read=1))

    cluster.crash(target)
    cluster.start(target)
    cluster.crash(source)
    cluster.start(source)
    pass_time(cluster, 10 * MS)

    assert target.alive is not None
    assert 99 == target.alive.status.current_term


def test_founders_have_the_roles_and_priorities_of_the_scenario() -> None:
    scenario = attrs.evolve(QUIET, nodes=4, learners=1, priorities=(2, 0))

    cluster = Cluster(scenario)

    members = {m.name: m for m in elect(cluster).status.configuration.members}
    assert [2, 0, 1, 1] == [members[f"id{n}"].priority for n in (1, 2, 3, 4)]
    assert ["learner"] == [m.role.value for m in members.values() if not m.is_voter]


def test_a_trap_springs_once_at_the_first_message_of_its_name() -> None:
    cluster, sprung = cluster_of(3), list[int]()
    host = cluster.hosts[0]
    cluster.set_trap(host, "AppendEntriesResponse", lambda: sprung.append(1))
    cluster.set_trap(cluster.hosts[1], "TimeoutNow", lambda: sprung.append(2))

    cluster.take_traps_away(cluster.hosts[1])
    elect(cluster)
    message = AppendEntriesResponse(term=0, round=0, match_index=0)
    for _ in range(2):
        cluster.try_trap(host.node_id, message)
    pass_time(cluster, 10 * MS)

    assert [1] == sprung
