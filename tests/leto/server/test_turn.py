"""The call of `handle` that is under way."""

from leto.server.turn import Turn, earliest
from leto.server.world import Close, ConnectionId, Log, LogLevel


def test_orders_leave_with_the_turn_that_gave_them() -> None:
    turn = Turn()
    turn.begin(5, 7)
    turn.order(Close(ConnectionId(1)))

    assert (5, 7) == (turn.now, turn.unix_ms)
    assert [Close(ConnectionId(1))] == turn.take()
    assert [] == turn.take()


def test_log_lines_are_orders_with_a_level() -> None:
    turn = Turn()
    turn.info("a", peer="id2")
    turn.warn("b")
    turn.error("c", count=3)

    assert [
        Log(LogLevel.INFO, "a", (("peer", "id2"),)),
        Log(LogLevel.WARNING, "b"),
        Log(LogLevel.ERROR, "c", (("count", 3),)),
    ] == turn.take()


def test_the_earliest_of_no_times_is_none() -> None:
    assert 3 == earliest(None, 5, 3, None, 4)
    assert earliest(None, None) is None
