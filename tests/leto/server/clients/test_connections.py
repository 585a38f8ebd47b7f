"""One client's connection: order, bounds, and the end."""

from typing import TYPE_CHECKING

import pytest

from leto.resp import OK, ErrorReply, Simple, encode_request
from leto.server import Limits
from leto.server.clients import errors
from leto.server.world import Close, ConnectionId, OutputBacklog, Transmit

if TYPE_CHECKING:
    from tests.leto.server.conftest import Client, Machine, World

PONG = Simple("PONG")


def connection_of(client: "Client") -> ConnectionId:
    assert client.end.other is not None
    return client.end.other.connection


def is_paused(machine: "Machine", client: "Client") -> bool:
    return connection_of(client) in machine.paused


def test_requests_may_be_cut_anywhere(world: "World") -> None:
    client = world.client(world.founded())
    data = encode_request((b"SET", b"a", b"x" * 100)) + encode_request((b"GET", b"a"))

    for at in range(len(data)):
        client.send_raw(data[at : at + 1])

    assert [OK, b"x" * 100] == client.received()


def test_inline_commands_and_empty_lines_are_taken_as_redis_does(world: "World") -> None:
    client = world.client(world.founded())

    client.send_raw(b"\r\nSET a 'b c'\r\n*0\r\nGET a\n")

    assert [OK, b"b c"] == client.received()


def test_replies_of_one_turn_leave_in_one_piece(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    before = len(machine.orders)

    client.send(*["SET a b"] * 16)

    sent = [order for order in machine.orders[before:] if isinstance(order, Transmit)]
    assert [b"+OK\r\n" * 16] == [order.data for order in sent]


def test_whoever_leaves_the_protocol_is_told_and_closed_behind_earlier_replies(
    world: "World",
) -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True

    client.send_raw(encode_request((b"SET", b"a", b"b")) + b"*1\r\n!x\r\nPING\r\n")
    client.send_raw(b"PING\r\n")

    assert not client.is_closed
    machine.release_disk()
    assert [OK, ErrorReply("ERR Protocol error: expected '$', got '!'")] == client.received()
    assert client.is_closed


def test_a_browser_is_told_and_closed_before_it_can_do_harm(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)

    client.send_raw(b"GET / HTTP/1.1\r\nHost: localhost:5379\r\n\r\nSET a b\r\n")

    told = client.received()
    assert ErrorReply("ERR Protocol error: that is HTTP") == told[-1]
    assert client.is_closed
    assert world.client(machine).ask("GET a") is None


def test_a_command_that_nobody_could_serve_is_not_gathered(world: "World") -> None:
    machine = world.founded(limits=Limits(request_bytes_max=20_000))
    client = world.client(machine)

    client.send_raw(b"*900\r\n$4\r\nMGET\r\n" + b"$9999\r\n%b\r\n" % (b"x" * 9999) * 2)
    client.send_raw(b"$9999\r\n")

    assert [ErrorReply("ERR Protocol error: too big request")] == client.received()
    assert client.is_closed


def test_a_deep_pipeline_pauses_reading_until_half_is_answered(world: "World") -> None:
    machine = world.founded(limits=Limits(pipeline_commands_max=10))
    client = world.client(machine)
    machine.holds_disk = True

    client.send(*["INCR n"] * 25)

    assert is_paused(machine, client)
    assert [] == client.received()
    machine.release_disk()
    assert list(range(1, 26)) == client.received()
    assert not is_paused(machine, client)


def test_immediate_replies_behind_a_slow_one_count_too(world: "World") -> None:
    machine = world.founded(limits=Limits(pipeline_commands_max=10))
    client = world.client(machine)
    machine.holds_disk = True

    client.send("INCR n", *["PING"] * 30)

    assert is_paused(machine, client)
    machine.release_disk()
    assert [1, *[PONG] * 30] == client.received()


def test_a_pipeline_of_large_values_pauses_reading(world: "World") -> None:
    machine = world.founded(limits=Limits(pipeline_bytes_max=1_000))
    client = world.client(machine)
    machine.holds_disk = True

    client.send("SET a " + "x" * 900)
    client.send("SET b " + "x" * 900)
    assert not is_paused(machine, client)
    client.send("SET c " + "x" * 900)
    assert is_paused(machine, client)
    machine.release_disk()

    assert [OK] * 3 == client.received()
    assert not is_paused(machine, client)


def test_who_does_not_read_replies_is_not_read(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=100))
    client = world.client(machine)

    machine.tell(OutputBacklog(connection_of(client), 101))
    world.settle()
    assert is_paused(machine, client)
    machine.tell(OutputBacklog(connection_of(client), 60))
    world.settle()
    assert is_paused(machine, client)  # not before half of it has left
    client.send("PING")
    assert [PONG] == client.received()
    machine.tell(OutputBacklog(connection_of(client), 0))
    world.settle()

    assert not is_paused(machine, client)


def test_requests_that_wait_for_output_to_leave_are_served_then(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=100))
    client = world.client(machine)
    machine.tell(OutputBacklog(connection_of(client), 101))

    client.send("PING")

    assert [] == client.received()
    machine.tell(OutputBacklog(connection_of(client), 0))
    world.settle()
    assert [PONG] == client.received()


def test_a_pipeline_of_large_values_is_read_as_it_leaves(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=1_000, output_hard_bytes=3_000))
    client = world.client(machine)
    assert OK == client.ask("SET a " + "x" * 900)
    before = len(machine.orders)

    client.send(*["GET a"] * 20)
    world.settle()

    sent = [order.data for order in machine.orders[before:] if isinstance(order, Transmit)]
    assert [b"x" * 900] * 20 == client.received()
    assert max(map(len, sent)) < 3_000 < sum(map(len, sent))


def owing_reads(world: "World", machine: "Machine") -> "Client":
    """A client that has not read two large values, and has asked for more."""
    client = world.client(machine)
    assert OK == client.ask("SET a " + "x" * 900)
    client.send(*["GET a"] * 2)
    assert [b"x" * 900] * 2 == client.received()
    machine.tell(OutputBacklog(connection_of(client), 1_800))
    return client


def test_reads_wait_while_earlier_replies_are_unread(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=2_000))
    client = owing_reads(world, machine)
    client.send(*["GET a"] * 5)
    world.settle()
    one = client.received()

    machine.tell(OutputBacklog(connection_of(client), 2_700))
    machine.tell(OutputBacklog(connection_of(client), 0))
    world.settle()

    assert [b"x" * 900] == one
    assert [b"x" * 900] * 4 == client.received()


def test_a_read_that_waits_is_done_before_a_later_write(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=2_000))
    client = owing_reads(world, machine)
    client.send("GET a", "GET a", "GET a")
    world.settle()

    client.send("SET a y", "GET a")
    machine.tell(OutputBacklog(connection_of(client), 0))
    world.settle()

    assert [*[b"x" * 900] * 3, OK, b"y"] == client.received()


def test_reads_before_a_write_that_has_come_are_all_done_before_it(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=1_000))
    client = world.client(machine)
    assert OK == client.ask("SET a " + "x" * 900)

    client.send(*["GET a"] * 20, "SET a y", "GET a")
    world.settle()

    assert [*[b"x" * 900] * 20, OK, b"y"] == client.received()


def test_a_read_that_waits_for_too_long_is_refused(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=2_000))
    client = owing_reads(world, machine)
    client.send("GET a", "GET a", "GET a")
    machine.tell(OutputBacklog(connection_of(client), 2_700))

    world.run(5_000)

    assert [b"x" * 900, errors.NO_READ, errors.NO_READ] == client.received()


def test_who_hangs_up_while_reads_wait_is_forgotten(world: "World") -> None:
    machine = world.founded(limits=Limits(output_soft_bytes=1_000))
    client = owing_reads(world, machine)
    client.send(*["GET a"] * 5)

    client.hang_up()
    world.run(5_000)

    assert 0 == len(machine.node.status.clients)


def test_who_lets_too_much_pile_up_is_closed_with_a_log_line(world: "World") -> None:
    machine = world.founded(limits=Limits(output_hard_bytes=1_000))
    client = world.client(machine)
    client.send("SET a " + "x" * 600)
    connection = connection_of(client)
    machine.tell(OutputBacklog(connection, 500))

    client.send("GET a")

    assert client.is_closed
    assert Close(connection, abort=True) in machine.orders
    (line,) = machine.messages("client dropped")
    assert "too many bytes of its replies are unread" == line["reason"]


def test_reads_that_were_answered_are_not_kept(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))

    for _ in range(10):
        client.ask("GET a")
    client.send("GET a", "READONLY", "GET a")

    assert 0 == len(connection.open_reads)


def test_replies_to_whoever_has_hung_up_are_dropped_but_its_write_is_done(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a b", "GET a", "ECHO x")

    client.hang_up()
    machine.release_disk()

    assert [] == client.received()
    assert b"b" == world.client(machine).ask("GET a")


@pytest.mark.parametrize("command", ["NOPE", "GET", "SET a"])
def test_an_error_does_not_end_the_connection(world: "World", command: str) -> None:
    client = world.client(world.founded())

    assert isinstance(client.ask(command), ErrorReply)
    assert PONG == client.ask("PING")
