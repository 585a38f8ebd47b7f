"""Machines start, die and come back; whoever looks sees how they stand."""

from leto_sim.clock import SECOND
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.scenario import ServerScenario


def formed(*, nodes: int = 3, traced: bool = False, names_hosts: bool = True) -> ServerCluster:
    scenario = ServerScenario(seed=1, nodes=nodes, names_hosts=names_hosts)
    cluster = ServerCluster(scenario, traced=traced)
    while not cluster.is_whole:
        assert cluster.scheduler.now < 30 * SECOND
        cluster.scheduler.step()
    return cluster


def test_first_server_founds_and_the_others_join() -> None:
    cluster = formed()
    leader = cluster.leader

    assert leader is not None
    assert [None, "10.0.0.1:5379", "10.0.0.1:5379"] == [m.join for m in cluster.machines]
    assert ["id1", "id2", "id3"] == sorted(m.name for m in leader.status.configuration.members)


def test_servers_find_out_their_hosts_if_nobody_names_them() -> None:
    cluster = formed(names_hosts=False)
    leader = cluster.leader

    assert leader is not None
    assert [f"10.0.0.{n}:15379" for n in (1, 2, 3)] == sorted(
        member.address for member in leader.status.configuration.members
    )


def test_cluster_without_a_leader_is_not_whole() -> None:
    cluster = formed()

    for machine in cluster.machines:
        cluster.kill(machine)

    assert cluster.leader is None
    assert not cluster.is_whole


def test_server_that_runs_is_not_started_again() -> None:
    cluster = formed(nodes=1)

    cluster.start(cluster.machines[0])

    assert 1 == cluster.machines[0].lives


def test_killing_what_is_down_changes_nothing() -> None:
    cluster = formed(nodes=1)
    machine = cluster.machines[0]

    cluster.kill(machine)
    cluster.kill(machine)
    cluster.request_stop(machine)

    assert machine.process is None


def test_lanes_show_how_the_servers_stand() -> None:
    cluster = formed()
    leader = cluster.leader
    assert leader is not None
    cluster.kill(cluster.machines[1])
    third = cluster.machines[2].process
    assert third is not None
    third.pause()

    lanes = dict(cluster.lanes())

    term = leader.status.current_term
    assert {"id1": f"L{term}", "id2": "x", "id3": f"zf{term}"} == lanes


def test_server_that_is_reading_its_disk_takes_no_part() -> None:
    cluster = ServerCluster(ServerScenario(seed=1))

    assert (("id1", "."), ("id2", "."), ("id3", ".")) == cluster.lanes()


def test_trace_tells_every_event_and_every_log_line() -> None:
    cluster = formed(nodes=1, traced=True)

    lines = cluster.journal.last_events

    assert any("leading" in line.text for line in lines)
    assert all(line.lanes[0][0] == "id1" for line in lines)


def test_server_that_stops_is_gone_until_somebody_starts_it() -> None:
    cluster = formed(nodes=1)
    machine = cluster.machines[0]

    cluster.request_stop(machine)
    end = cluster.scheduler.now + 5 * SECOND
    while cluster.scheduler.step() and cluster.scheduler.now < end:
        pass

    assert machine.process is None
