"""The operator restarts what stops, and replaces what is lost by the servers' own commands."""

import pytest

from leto.resp import OK, ErrorReply, Reply
from leto.server.world import Stop
from leto_sim.clock import MS, SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.damage import DiskDamage
from leto_sim.server_level.errands import LOST
from leto_sim.server_level.operator import ServerOperator, has_moved, is_carried_out, is_heard_of
from leto_sim.server_level.scenario import ServerScenario


class Site:
    """A cluster that has formed, and its operator."""

    def __init__(self, nodes: int = 3) -> None:
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes))
        self.operator = ServerOperator(self.cluster)
        while not self.cluster.is_whole:
            assert self.cluster.scheduler.now < 20 * SECOND
            self.cluster.scheduler.step()

    def run_for(self, duration_us: int) -> None:
        end = self.cluster.scheduler.now + duration_us
        while self.cluster.scheduler.now < end:
            self.cluster.scheduler.step()


def test_question_is_asked_until_it_is_settled() -> None:
    site = Site(nodes=1)
    site.cluster.kill(site.cluster.machines[0])
    heard: list[Reply] = []

    site.operator.ask(site.cluster.addresses, (b"SET", b"k", b"v"), is_carried_out, heard.append)
    site.run_for(500 * MS)
    heard_while_down = list(heard)
    site.cluster.start(site.cluster.machines[0])
    site.run_for(5 * SECOND)

    assert [] == heard_while_down
    assert [OK] == heard
    assert {} == site.cluster.clients


def test_server_that_may_stop_is_started_again() -> None:
    site = Site(nodes=1)
    machine = site.cluster.machines[0]
    machine.may_stop = True

    site.cluster.request_stop(machine)
    site.run_for(5 * SECOND)

    assert 2 == machine.lives
    assert machine.process is not None


def test_server_that_stops_for_no_reason_is_a_violation() -> None:
    site = Site(nodes=1)
    machine = site.cluster.machines[0]

    with pytest.raises(PropertyViolated, match="a server stops only for a reason"):
        site.cluster.on_stop(machine, Stop(1, "out of order"))


def test_a_leader_alone_is_told_where_it_is() -> None:
    site = Site(nodes=1)
    machine = site.cluster.machines[0]

    assert site.operator.move_server(machine)
    site.cluster.kill(machine)
    site.cluster.start(machine)
    is_idle_at_once = site.operator.is_idle
    site.run_for(5 * SECOND)

    leader = site.cluster.leader
    assert not is_idle_at_once
    assert site.operator.is_idle
    assert leader is not None
    assert [machine.peer_address] == [m.address for m in leader.status.configuration.members]


def test_a_move_is_over_when_the_data_is_lost_meanwhile() -> None:
    name_taken = ErrorReply(
        "ERR the name 'id2' belongs to a member with other data; LEAVE id2 first"
    )

    assert has_moved(OK)
    assert has_moved(name_taken)
    assert not has_moved(
        ErrorReply("ERR cannot reach 10.0.0.2:15380: refused; nothing was changed")
    )
    assert not has_moved(LOST)


def test_disk_of_a_small_cluster_is_never_lost() -> None:
    site = Site(nodes=2)

    site.operator.lose_disk(site.cluster.machines[1])

    assert 1 == site.cluster.machines[1].lives


def test_disk_is_not_lost_while_another_is_being_replaced() -> None:
    site = Site()

    site.operator.lose_disk(site.cluster.machines[1])
    site.operator.lose_disk(site.cluster.machines[2])

    assert not site.operator.is_idle
    assert 1 == site.cluster.machines[2].lives


def test_lost_disk_is_replaced_once_the_old_member_has_left() -> None:
    site = Site()
    machine = site.cluster.machines[1]
    lost = machine.node_id

    site.operator.lose_disk(machine)
    while not site.operator.is_idle:
        assert site.cluster.scheduler.now < 40 * SECOND
        site.cluster.scheduler.step()

    assert lost == machine.lost_id
    assert lost != machine.node_id
    assert 3 == machine.lives
    assert not machine.is_stranger


def wounded(site: Site, number: int = 1) -> Machine:
    machine = site.cluster.machines[number]
    site.operator.damage_disk(machine, DiskDamage.FLIPPED)
    assert machine.is_damaged
    return machine


def test_server_with_a_damaged_disk_refuses_to_start_and_is_replaced() -> None:
    site = Site()
    machine = wounded(site)
    was = machine.node_id

    site.cluster.kill(machine)
    site.cluster.start(machine)
    site.run_for(5 * MS)
    site.cluster.start(machine)  # somebody else tries, too
    while machine.node_id == was or not site.operator.is_idle:
        assert site.cluster.scheduler.now < 60 * SECOND
        site.cluster.scheduler.step()

    assert was == machine.lost_id
    assert not machine.is_damaged


def test_damage_goes_unnoticed_while_the_server_runs() -> None:
    site = Site()
    machine = wounded(site)

    site.run_for(2 * SECOND)

    assert 1 == machine.lives
    assert machine.takes_part


def test_nothing_else_is_lost_while_a_disk_is_damaged() -> None:
    site = Site()
    wounded(site)

    for machine in (site.cluster.machines[0], site.cluster.machines[2]):
        site.operator.lose_disk(machine)
        site.operator.damage_disk(machine, DiskDamage.LOST)

    assert [1, 1, 1] == [machine.lives for machine in site.cluster.machines]
    assert [False, True, False] == [machine.is_damaged for machine in site.cluster.machines]


def test_removed_node_ends_and_its_machine_comes_back_as_another() -> None:
    site = Site()
    machine = site.cluster.machines[1]
    removed = machine.node_id

    site.operator.remove_node(machine)
    while machine.node_id == removed or not site.operator.is_idle:
        assert site.cluster.scheduler.now < 60 * SECOND
        site.cluster.scheduler.step()

    assert removed == machine.lost_id
    assert 2 == machine.lives


def test_node_of_a_small_cluster_is_never_removed() -> None:
    site = Site(nodes=2)

    site.operator.remove_node(site.cluster.machines[1])

    assert site.operator.is_idle


def test_server_that_is_removed_may_also_end_for_another_reason() -> None:
    site = Site()
    machine = site.cluster.machines[1]

    site.operator.remove_node(machine)
    site.cluster.kill(machine)
    machine.may_stop = True
    site.cluster.on_stop(machine, Stop(1, "the disk has failed"))
    site.run_for(2 * SECOND)

    assert machine.lives > 1


@pytest.mark.parametrize(
    "reply, carried_out, heard_of",
    [
        (OK, True, True),
        (LOST, False, True),
        (ErrorReply("CLUSTERDOWN no leader"), False, False),
    ],
)
def test_reply_may_settle_a_question(
    reply: Reply,
    carried_out: bool,  # noqa: FBT001
    heard_of: bool,  # noqa: FBT001
) -> None:
    assert (carried_out, heard_of) == (is_carried_out(reply), is_heard_of(reply))
