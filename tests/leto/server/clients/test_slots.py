"""The replies that a connection still owes."""

from typing import TYPE_CHECKING

import pytest

from leto.resp import OK, ErrorReply
from leto.server.clients.slots import OrderSlot, ReadSlot, WriteSlot

if TYPE_CHECKING:
    from leto.server.clients.connections import ClientConnection
    from tests.leto.server.conftest import World


@pytest.fixture
def connection(world: "World") -> "ClientConnection":
    machine = world.founded()
    world.client(machine)
    return next(iter(machine.node.status.clients._connections.values()))


def test_a_slot_is_filled_once(connection: "ClientConnection") -> None:
    slot = WriteSlot(connection, [(b"DEL", b"a"), (b"GET", b"a")], since=5)

    slot.fill((1, None))
    slot.fill((2, b"x"))
    slot.refuse(ErrorReply("late"))

    assert b":1\r\n$-1\r\n" == slot.encoded


def test_a_refusal_answers_each_request_of_the_run(connection: "ClientConnection") -> None:
    slot = WriteSlot(connection, [(b"DEL", b"a")] * 3, since=5)

    slot.refuse(ErrorReply("no"))

    assert b"-no\r\n" * 3 == slot.encoded


def test_a_slot_speaks_the_protocol_of_its_time(connection: "ClientConnection") -> None:
    connection.protocol = 3
    slot = ReadSlot(connection, [(b"GET", b"a")], since=5, is_local=False)
    connection.protocol = 2

    slot.fill((None,))

    assert b"_\r\n" == slot.encoded


def test_a_dropped_slot_takes_no_answer(connection: "ClientConnection") -> None:
    slot = WriteSlot(connection, [(b"DEL", b"a")], since=5)

    slot.drop()
    slot.fill((1,))

    assert b"" == slot.encoded


def test_a_local_read_is_ready_at_once(connection: "ClientConnection") -> None:
    assert ReadSlot(connection, [(b"GET", b"a")], since=5, is_local=True).is_ready
    assert not ReadSlot(connection, [(b"GET", b"a")], since=5, is_local=False).is_ready


def test_an_order_has_one_answer(connection: "ClientConnection") -> None:
    slot = OrderSlot(connection, (b"SNAPSHOT",), since=5, late=ErrorReply("late"))

    slot.answer(OK)

    assert b"+OK\r\n" == slot.encoded


def test_what_is_cut_off_may_be_read_whatever_becomes_of_the_lease(
    connection: "ClientConnection",
) -> None:
    slot = ReadSlot(connection, [(b"GET", b"a"), (b"GET", b"b")], since=5, is_local=False)
    slot.valid_until = 9
    connection.protocol = 3

    slot.cut(1, now=8)

    rest = slot.rest
    assert rest is not None
    assert ([(b"GET", b"a")], [(b"GET", b"b")]) == (slot.requests, rest.requests)
    assert (8, True, None, 2) == (rest.since, rest.is_ready, rest.valid_until, rest.protocol)
