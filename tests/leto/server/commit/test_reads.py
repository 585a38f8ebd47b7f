"""Linearizable reads, many at a time."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.types import Micros
from leto.resp import OK, Reply
from leto.server import ReadMode
from leto.server.clients.slots import ReadSlot
from leto.server.world import StopRequested

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_a_follower_reads_what_the_leader_acknowledged(world: "World") -> None:
    machines = world.cluster()
    leader, follower = world.client(machines[0]), world.client(machines[1])

    for n in range(20):
        assert OK == leader.ask(f"SET a {n}")
        assert str(n).encode() == follower.ask("GET a")


def test_a_deposed_leader_answers_no_read(world: "World") -> None:
    machines = world.cluster()
    old = world.client(machines[0])
    assert OK == old.ask("SET a 1")
    machines[0].cut_off()
    leader = world.leader(machines[1:])
    assert OK == world.client(leader).ask("SET a 2")

    reply = old.ask("GET a")

    assert b"1" != reply


def test_a_read_waits_for_a_leader_and_is_answered_when_there_is_one(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a 1")
    machines[0].cut_off()
    client = world.client(machines[1])

    client.send("GET a")
    assert [] == client.received()
    world.leader(machines[1:])
    world.run(200)

    assert [b"1"] == client.received()


def test_nothing_is_asked_for_a_client_that_has_gone(world: "World") -> None:
    machines = world.cluster()
    machines[0].cut_off()
    machine = machines[1]
    machine.cut_off()  # nobody will lead
    client = world.client(machine)
    client.send("GET a")
    world.run(100)
    client.hang_up()
    asked = machine.node_at_work.replica._last_request

    world.run(200)

    assert asked == machine.node_at_work.replica._last_request


def test_reads_that_wait_share_one_request(world: "World") -> None:
    machines = world.cluster()
    follower = machines[1]
    clients = [world.client(follower) for _ in range(10)]
    replica = follower.node_at_work.replica
    machines[0].is_frozen = True
    before = replica._last_request

    for client in clients:
        client.send("GET a")
    machines[0].is_frozen = False
    world.run(300)

    assert [[None]] * 10 == [client.received() for client in clients]
    assert replica._last_request - before <= 3


@pytest.mark.parametrize("by", ["connection", "settings"])
def test_a_local_read_needs_nobody(world: "World", by: str) -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a 1")
    world.run(100)
    for machine in machines[:2]:
        machine.kill()
    if by == "settings":
        machines[2].kill()
        machines[2].settings = attrs.evolve(machines[2].settings, reads=ReadMode.LOCAL)
        machines[2].start()
    client = world.client(machines[2])
    if by == "connection":
        assert OK == client.ask("READONLY")

    client.send("GET a", "EXISTS a")

    expected: list[Reply] = [b"1", 1] if by == "connection" else [None, 0]
    assert expected == client.received()  # a restarted node has applied nothing yet


def test_readwrite_takes_readonly_back(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[2])
    client.send("READONLY", "READWRITE")
    for machine in machines[:2]:
        machine.kill()
    client.received()

    client.send("GET a")

    assert [] == client.received()


def test_a_local_read_between_writes_sees_the_first(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    client.send("READONLY")
    machine.holds_disk = True

    client.send("SET a 1", "GET a", "SET a 2")
    machine.release_disk()

    assert [OK, OK, b"1", OK] == client.received()


def test_a_read_at_the_leader_does_not_show_a_key_that_is_due(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a 1 PX 50")
    machine.holds_disk = True
    _pass(world, 60_000)

    client.send("GET a", "GET b")

    assert [] == client.received()
    machine.release_disk()
    assert [None, None] == client.received()


def test_a_read_of_another_key_does_not_wait_for_the_one_that_is_due(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a 1 PX 50")
    assert OK == client.ask("SET b 2")
    machine.holds_disk = True
    _pass(world, 60_000)

    client.send("GET b")

    assert [b"2"] == client.received()


def test_reads_of_whoever_hung_up_are_not_asked_again(world: "World") -> None:
    machines = world.cluster()
    for machine in machines[:2]:
        machine.kill()
    client = world.client(machines[2])
    client.send("GET a")

    client.hang_up()
    world.run(500)

    assert machines[2].node._reads.deadline is None


def test_a_stopping_node_takes_no_more_reads(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a b")
    machine.tell(StopRequested("the test"))

    client.send("GET a")
    machine.release_disk()

    replies = client.received()
    assert OK == replies[0]
    assert "stopping" in str(replies[1])


def _pass(world: "World", microseconds: Micros) -> None:
    """Let time pass in one step, whatever wanted to happen meanwhile."""
    world.now_us += microseconds
    world.unix_ms += microseconds // 1000


def test_a_state_machine_that_is_being_restored_is_not_read(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    reads = machine.node._reads
    connection = next(iter(machine.node.status.clients._connections.values()))
    slot = ReadSlot(connection, [(b"GET", b"a")], world.now_us, is_local=True)
    reads.is_barred = True

    assert not reads.do(slot, 1_000)
    assert slot.encoded is None
    reads.is_barred = False
    connection.owe(slot)
    client.send("SET b 1")  # what is applied lets it be tried again

    assert [None, OK] == client.received()


def test_a_read_whose_turn_comes_after_the_lease_has_run_out_asks_a_quorum(
    world: "World",
) -> None:
    machines = world.cluster(reads=ReadMode.LEASE)
    client = world.client(machines[0])
    assert OK == client.ask("RAFT LEASE 100")
    world.run(100)
    machines[0].holds_disk = True
    client.send("SET a 1", "GET a")  # leave to read is given at once, but the SET is in the way
    for follower in machines[1:]:
        follower.is_frozen = True
    world.run(120)

    machines[0].release_disk()

    assert [OK] == client.received()
    for follower in machines[1:]:
        follower.is_frozen = False
    world.run(100)
    assert [b"1"] == client.received()


def test_a_run_of_reads_is_cut_where_the_replies_become_too_many(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a " + "x" * 900)
    connection = next(iter(machine.node.status.clients._connections.values()))
    requests = [(b"MGET", b"a", b"a"), (b"STRLEN", b"a"), (b"GET", b"a"), (b"GET", b"a")]
    slot = ReadSlot(connection, requests, 0, is_local=True)

    assert machine.node._reads.do(slot, 1_800)

    assert requests[:3] == slot.requests
    assert slot.encoded is not None
    rest = slot.rest
    assert rest is not None
    assert requests[3:] == rest.requests
    assert (True, True, None) == (rest.is_ready, rest.is_local, rest.encoded)
