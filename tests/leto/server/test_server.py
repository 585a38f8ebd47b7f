"""A whole node: what its clients see, and what they never see."""

from typing import TYPE_CHECKING

import pytest

from leto.kv import KeyValueMachine
from leto.raft.actions import RoleName
from leto.resp import OK, ErrorReply, Reply, Request, Simple
from leto.server import Limits
from leto.server.clients import errors
from leto.server.world import ClockTicked, DiskRoomMeasured, OutputBacklog, Port

if TYPE_CHECKING:
    from tests.leto.server.conftest import Client, World


def test_a_founded_node_serves_what_it_was_told(world: "World") -> None:
    client = world.client(world.founded())

    assert OK == client.ask("SET a b")
    assert b"b" == client.ask("GET a")
    assert client.ask("GET missing") is None
    assert 1 == client.ask("DEL a")


def test_replies_leave_in_the_order_of_the_requests(world: "World") -> None:
    client = world.client(world.founded())

    client.send("SET a 1", "GET a", "PING", "SET a 2", "GET a", "INCR a", "ECHO x", "GET a")

    assert [OK, b"1", Simple("PONG"), OK, b"2", 3, b"x", b"3"] == client.received()


def test_a_read_between_two_writes_sees_the_first_and_not_the_second(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True

    client.send("SET a 1", "GET a")
    client.send("SET a 2")
    client.send("GET a", "SET a 3")
    assert [] == client.received()
    machine.release_disk()

    assert [OK, b"1", OK, b"2", OK] == client.received()


def test_nothing_is_acknowledged_before_it_is_durable(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True

    client.send("SET a b")

    assert [] == client.received()
    machine.release_disk()
    assert [OK] == client.received()


def test_what_was_acknowledged_survives_a_kill(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a b")

    machine.kill()
    machine.start()
    world.leader()

    assert b"b" == world.client(machine).ask("GET a")


def test_a_second_life_has_the_same_identity_and_another_incarnation(world: "World") -> None:
    machine = world.founded()
    (first,) = machine.messages("node founded")

    machine.kill()
    machine.start()

    (second,) = machine.messages("node restored")
    assert first["node"] == second["node"]
    assert first["cluster"] == second["cluster"]
    assert (1, 2) == (first["incarnation"], second["incarnation"])


def test_every_node_of_three_has_what_the_leader_acknowledged(world: "World") -> None:
    machines = world.cluster()

    assert OK == world.client(machines[0]).ask("SET a b")

    assert [b"b"] * 3 == [world.client(machine).ask("GET a") for machine in machines]


def test_a_follower_says_where_the_leader_is(world: "World") -> None:
    machines = world.cluster()
    follower = world.client(machines[1])

    assert ErrorReply("not leader 127.0.0.1:1379") == follower.ask("SET a b")
    assert ErrorReply("not leader 127.0.0.1:1379") == follower.ask("JOIN 127.0.0.1:1 x")
    assert ErrorReply("not leader 127.0.0.1:1379") == follower.ask("LEAVE id3")


def test_survivors_elect_another_leader_and_go_on(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a b")

    machines[0].kill()
    leader = world.leader(machines[1:])

    client = world.client(leader)
    assert b"b" == client.ask("GET a")
    assert OK == client.ask("SET a c")
    (other,) = [m for m in machines[1:] if m is not leader]
    assert b"c" == world.client(other).ask("GET a")
    port = leader.settings.listen_address.port
    assert ErrorReply(f"not leader 127.0.0.1:{port}") == world.client(other).ask("SET a d")


def test_a_restarted_founder_that_leads_again_is_named_with_its_host(world: "World") -> None:
    machines = world.cluster()
    for machine in machines:
        machine.kill()
    for machine in machines:
        machine.start()

    leader = world.leader()

    port = leader.settings.listen_address.port
    world.run(500)
    for machine in machines:
        if machine is not leader:
            reply = world.client(machine).ask("SET a b")
            assert ErrorReply(f"not leader 127.0.0.1:{port}") == reply
    assert "127.0.0.1:15379" == leader.members["id1"].address


def test_without_a_quorum_writes_are_refused_and_reads_time_out_in_four_seconds(
    world: "World",
) -> None:
    machines = world.cluster()
    machines[0].kill()
    machines[1].kill()
    world.run(2_000)
    client = world.client(machines[2])

    assert ErrorReply("CLUSTERDOWN no leader is known, not applied") == client.ask("SET a b")
    asked_at = world.now_us
    reply = client.ask("GET a")
    assert ErrorReply("CLUSTERDOWN no leader has confirmed the read in time") == reply
    assert world.now_us - asked_at <= 4_000_000 + 10_000


def test_a_write_whose_fate_is_open_is_called_unknown(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    machines[1].kill()
    machines[2].kill()

    client.send("SET a b")

    world.run(4_100)
    assert [ErrorReply("UNKNOWN the write may still be applied")] == client.received()


def test_a_node_told_to_stop_answers_and_says_goodbye(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    client.send("SET a b")

    machines[0].ask_to_stop()

    stop = machines[0].stop
    assert stop is not None
    assert (0, "") == (stop.exit_code, stop.message)
    assert [OK] == client.received()
    assert "it said: this node stops" in [m["reason"] for m in machines[1].messages("link down")]


def test_a_stopping_node_waits_a_second_for_what_is_on_its_way(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a 1")
    client.send("SET b 1")
    client.send("SET c 1")  # two are being written: this one waits

    machine.ask_to_stop()
    client.send("SET d 1")

    assert not machine.has_ended
    world.run(1_100)
    unknown = ErrorReply("UNKNOWN the write may still be applied")
    stopping = ErrorReply("CLUSTERDOWN this node is stopping, not applied")
    assert [unknown, unknown, stopping, stopping] == client.received()
    assert machine.has_ended


def test_who_asks_once_more_does_not_put_off_the_end(world: "World") -> None:
    machine = world.founded()
    machine.holds_disk = True
    world.client(machine).send("SET a 1")
    machine.ask_to_stop()
    world.run(900)

    machine.ask_to_stop()

    world.run(200)
    assert machine.has_ended


def test_a_failed_disk_ends_the_node_with_a_clear_line(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a b")

    machine.fail_disk("input/output error")

    assert [ErrorReply("UNKNOWN the write may still be applied")] == client.received()
    stop = machine.stop
    assert stop is not None
    assert 1 == stop.exit_code
    assert "the disk has failed" in stop.message
    assert "input/output error" in stop.message


def test_after_the_end_nothing_is_done_any_more(world: "World") -> None:
    machine = world.founded()
    server = machine.node
    machine.ask_to_stop()

    assert () == server.handle(ClockTicked(), world.now_us, world.unix_ms)
    assert server.deadline is None


def test_clients_hear_loading_while_the_directory_is_read(world: "World") -> None:
    machine = world.machine()
    machine.holds_disk = True
    machine.start()
    client = world.client(machine)

    client.send("GET a", "SET a b", "PING", "SNAPSHOT", "CLIENT ID", "ROLE")

    loading = ErrorReply("LOADING Leto is loading the dataset in memory")
    replies = client.received()
    assert [loading] * 4 == replies[:4]
    assert isinstance(replies[4], int)
    assert (b"slave", b"", 0, b"connect", 0) == replies[5]


def test_peers_are_sent_away_while_the_directory_is_read(world: "World") -> None:
    machine = world.machine()
    machine.holds_disk = True
    machine.start()
    peer = world.client(machine)  # on the client port; now one on the peer port

    machine.accept(Port.PEER, peer.end, "127.0.0.1:15379", "127.0.0.1:40001")
    world.settle()

    assert peer.is_closed


@pytest.mark.parametrize("restart", [False, True])
def test_a_key_with_a_time_to_live_is_gone_on_every_node_after_an_idle_second(
    world: "World", *, restart: bool
) -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET k v PX 100")
    assert b"v" == world.client(machines[1]).ask("GET k")

    if restart:
        for machine in machines:
            machine.kill()
        for machine in machines:
            machine.start()
    world.run(1_000)
    world.leader()

    clients = [world.client(machine) for machine in machines]
    assert [None] * 3 == [client.ask("GET k") for client in clients]
    assert [0] * 3 == [client.ask("DBSIZE") for client in clients]


def test_the_same_facts_give_the_same_orders(new_world: "type[World]") -> None:
    def run() -> list[str]:
        world = new_world(seed=7)
        machines = world.cluster()
        client = world.client(machines[0])
        client.send("SET a b PX 50", "GET a", "INCR n")
        world.run(1_000)
        return [repr(order) for machine in machines for order in machine.orders]

    assert run() == run()


def test_an_idle_node_leads_and_its_role_is_seen(world: "World") -> None:
    machine = world.founded()
    world.run(500)

    assert RoleName.LEADER == machine.role
    assert machine.node.status.node_id is not None
    assert machine.node.status.uptime_us > 0


def test_a_directory_that_cannot_be_read_ends_the_node(world: "World") -> None:
    machine = world.machine()
    machine.start_with_held_disk()

    machine.fail_disk("permission denied")

    assert machine.stop is not None
    assert "the data directory cannot be read or written: permission denied" in machine.stop.message


def test_a_node_that_is_stopped_while_it_boots_stops(world: "World") -> None:
    machine = world.machine()
    machine.start_with_held_disk()

    machine.ask_to_stop()

    assert machine.stop is not None
    assert 0 == machine.stop.exit_code


def test_output_that_waits_is_told_to_the_connection(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert client.end.other is not None

    machine.tell(OutputBacklog(client.end.other.connection, 2_000_000))
    client.send("PING")

    assert [] == client.received()


def test_a_second_end_changes_nothing(world: "World") -> None:
    machine = world.founded()
    server = machine.node
    machine.ask_to_stop()

    server._end(9, "again")

    assert [] == server._turn.take()


def test_the_program_around_a_node_may_ask_it_too(world: "World") -> None:
    machine = world.founded()
    told: list[object] = []

    machine.node.program.change_lease(0, told.append)
    machine.tell(ClockTicked())
    world.run(100)

    assert [b""] == told


def test_a_full_disk_refuses_writes_until_there_is_room(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a b")

    machine.tell(DiskRoomMeasured(0))

    assert errors.DISK_FULL == client.ask("SET a c")
    assert b"b" == client.ask("GET a")
    assert b"aof_last_write_status:err" in info_of(client)
    machine.tell(DiskRoomMeasured(1 << 40))
    assert OK == client.ask("SET a d")
    assert b"aof_last_write_status:ok\r\ndisk_free_bytes:1099511627776\r\n" in info_of(client)


def info_of(client: "Client") -> bytes:
    reply = client.ask("INFO persistence")
    assert isinstance(reply, bytes)
    return reply


def test_a_node_that_boots_on_a_full_disk_refuses_writes(world: "World") -> None:
    machine = world.founded()
    machine.kill()
    machine.start_with_held_disk()
    machine.tell(DiskRoomMeasured(0))
    world.settle()

    machine.release_disk()

    world.leader()
    assert errors.DISK_FULL == world.client(machine).ask("SET a c")


def test_a_disk_must_have_room_for_another_snapshot(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a " + 1_000_000 * "x")
    assert OK == client.ask("SNAPSHOT")
    reserve_bytes = machine.settings.limits.disk_reserve_bytes

    machine.tell(DiskRoomMeasured(reserve_bytes + 1_000_000))
    assert errors.DISK_FULL == client.ask("SET a c")
    machine.tell(DiskRoomMeasured(2 * reserve_bytes + 1_000_000))
    assert OK == client.ask("SET a c")


def test_a_leader_that_is_stopped_is_relieved_first(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    assert OK == client.ask("SET a b")
    stopped_at = world.now_us

    machines[0].ask_to_stop()

    assert machines[0].has_ended
    assert stopped_at == world.now_us  # nobody had to wait for a timeout
    leader = world.leader(machines[1:])
    assert stopped_at == world.now_us
    assert b"b" == world.client(leader).ask("GET a")


def test_a_leader_that_nobody_can_relieve_stops_all_the_same(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    for follower in machines[1:]:
        follower.is_frozen = True
    client.send("SET a b")

    machines[0].ask_to_stop()

    client.send("SET a c")
    assert [] == client.received()
    assert not machines[0].has_ended
    world.run(1_000)
    assert 0 == machines[0].exit_code
    assert [errors.UNKNOWN, errors.STOPPING] == client.received()


def test_a_stopping_node_that_does_not_lead_says_who_does(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[1])
    machines[0].is_frozen = machines[2].is_frozen = True
    client.send("GET a")  # nobody confirms it

    machines[1].ask_to_stop()

    client.send("SET a b")
    assert not machines[1].has_ended
    world.run(1_000)
    assert 0 == machines[1].exit_code
    assert [errors.NO_READ, ErrorReply("not leader 127.0.0.1:1379")] == client.received()


class Loud(KeyValueMachine):
    """Somebody's own."""

    def read(self, request: Request, stamp_ms: int) -> Reply:
        reply = super().read(request, stamp_ms)
        return reply.upper() if isinstance(reply, bytes) else reply


def test_a_machine_of_ones_own_is_replicated(world: "World") -> None:
    machine = world.machine()
    machine.content = Loud()
    machine.start()
    world.leader()
    client = world.client(machine)

    assert OK == client.ask("SET a quiet")

    assert b"QUIET" == client.ask("GET a")
    assert machine.content is machine.node.status.machine


def test_what_a_client_has_yet_to_read_is_read_for_it_later(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=100))
    client = world.client(machine)
    assert OK == client.ask("SET a " + "x" * 90)

    client.send(*["GET a"] * 10)

    assert [b"x" * 90] * 10 == client.received()
