"""All clients of a node."""

from typing import TYPE_CHECKING

from leto.resp import OK
from leto.server import Limits

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_clients_are_counted_while_they_are_there(world: "World") -> None:
    machine = world.founded()
    clients = machine.node.status.clients
    one, two, _ = (world.client(machine) for _ in range(3))

    one.hang_up()
    two.ask("QUIT")

    assert 1 == len(clients)
    assert 3 == clients.accepted_count


def test_requests_are_counted(world: "World") -> None:
    machine = world.founded()
    world.client(machine).send("PING", "SET a b", "NOPE")

    assert 3 == machine.node.status.clients.request_count


def test_clients_do_not_wait_for_each_other(world: "World") -> None:
    machine = world.founded()
    busy, other = world.client(machine), world.client(machine)
    machine.holds_disk = True

    busy.send("SET a b")
    other.send("CLIENT GETNAME")

    assert [] == busy.received()
    assert [None] == other.received()
    machine.release_disk()
    assert [OK] == busy.received()


def test_of_many_that_leave_the_protocol_the_operator_is_told_of_one_a_second(
    world: "World",
) -> None:
    machine = world.founded()
    for _ in range(3):
        world.client(machine).send_raw(b"POST / HTTP/1.1\r\n")
    told = machine.messages("client left the protocol")

    world.run(1_000)
    world.client(machine).send_raw(b"*x\r\n")

    assert ["Protocol error: that is HTTP"] == [line["reason"] for line in told]
    assert 2 == len(machine.messages("client left the protocol"))


def test_one_that_does_not_read_is_dropped_alone(world: "World") -> None:
    machine = world.founded()
    lazy, other = world.client(machine), world.client(machine)
    assert lazy.end.other is not None
    clients = machine.node.status.clients
    connection = next(iter(clients._connections.values()))

    clients.hang_up(connection, "the test says so")
    world.settle()

    assert 1 == len(clients)
    assert OK == other.ask("SET a b")


def test_reads_are_done_by_whoever_serves(world: "World") -> None:
    client = world.client(world.founded())

    assert client.ask("GET a") is None


def test_who_is_held_back_goes_on_in_another_turn_unless_it_has_left(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=1_000))
    one, two = world.client(machine), world.client(machine)
    clients = machine.node.status.clients
    first, second = clients._connections.values()
    assert OK == one.ask("SET a " + "x" * 900)
    assert clients.deadline is None

    two.hang_up()
    clients.hold_back(second)
    one.send(*["GET a"] * 5)
    world.settle()

    assert [b"x" * 900] * 5 == one.received()
    assert clients.deadline is None
    assert [first] == list(clients._connections.values())
