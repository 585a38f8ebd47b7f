"""Which part of the node serves which connection."""

import pytest

from leto.server.switchboard import Endpoint, Switchboard
from leto.server.turn import Turn
from leto.server.world import (
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    Port,
)

ONE, TWO = ConnectionId(1), ConnectionId(2)


class Ear:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def received(self, data: bytes) -> None:
        self.heard.append(data)

    def backlog(self, unsent_bytes: int) -> None:
        self.heard.append(unsent_bytes)

    def closed(self, reason: str) -> None:
        self.heard.append(reason)

    def dialled(self, fact: ConnectionDialled) -> Endpoint:
        self.heard.append(fact)
        return self

    def dial_failed(self, fact: DialFailed) -> None:
        self.heard.append(fact)


@pytest.fixture
def turn() -> Turn:
    return Turn()


@pytest.fixture
def board(turn: Turn) -> Switchboard:
    return Switchboard(turn)


def accepted(connection: ConnectionId) -> ConnectionAccepted:
    return ConnectionAccepted(connection, Port.CLIENT, "here:1", "there:2")


def test_what_is_accepted_is_served_by_whoever_listens(board: Switchboard) -> None:
    ear = Ear()
    board.listen(Port.CLIENT, lambda _: ear)

    board.accepted(accepted(ONE))
    board.received(ONE, b"x")
    board.backlog(ONE, 5)
    board.closed(ConnectionClosed(ONE, "gone"))

    assert [b"x", 5, "gone"] == ear.heard


def test_where_nobody_listens_connections_are_sent_away(turn: Turn, board: Switchboard) -> None:
    board.accepted(accepted(ONE))

    assert [Close(ONE, abort=True)] == turn.take()


def test_facts_of_a_connection_that_was_closed_are_dropped(turn: Turn, board: Switchboard) -> None:
    ear = Ear()
    board.listen(Port.CLIENT, lambda _: ear)
    board.accepted(accepted(ONE))

    board.close(ONE)
    board.close(ONE)
    board.received(ONE, b"x")
    board.backlog(ONE, 5)
    board.closed(ConnectionClosed(ONE, "gone"))

    assert [] == ear.heard
    assert [Close(ONE)] == turn.take()


def test_a_dial_reaches_whoever_wanted_it(turn: Turn, board: Switchboard) -> None:
    ear = Ear()
    first, second = board.dial("a:1", ear), board.dial("b:2", ear)
    dialled = ConnectionDialled(first, TWO, "here:1", "a:1")
    failed = DialFailed(second, "no", refused=True)

    board.dialled(dialled)
    board.dial_failed(failed)
    board.received(TWO, b"x")

    assert [dialled, failed, b"x"] == ear.heard
    assert [Dial(DialId(1), "a:1"), Dial(DialId(2), "b:2")] == turn.take()


def test_the_answer_to_a_dial_that_nobody_knows_is_closed(turn: Turn, board: Switchboard) -> None:
    board.dialled(ConnectionDialled(DialId(9), TWO, "here:1", "a:1"))
    board.dial_failed(DialFailed(DialId(9), "no", refused=True))

    assert [Close(TWO, abort=True)] == turn.take()


def test_a_connection_that_has_ended_has_no_endpoint_any_more(board: Switchboard) -> None:
    ear = Ear()
    board.listen(Port.CLIENT, lambda _: ear)
    board.accepted(accepted(ONE))

    board.closed(ConnectionClosed(ONE, "gone"))
    board.received(ONE, b"x")
    board.closed(ConnectionClosed(ONE, "again"))

    assert ["gone"] == ear.heard


def test_a_dial_is_answered_once(board: Switchboard) -> None:
    ear = Ear()
    failed = DialFailed(board.dial("a:1", ear), "no", refused=True)

    board.dial_failed(failed)
    board.dial_failed(failed)

    assert [failed] == ear.heard
