"""Rare situations around a whole server are recognized."""

import pytest

from leto.server.world import (
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    Delete,
    DialFailed,
    DialId,
    DiskJob,
    Fact,
    Log,
    LogLevel,
    Order,
    PauseReading,
    Port,
    Stop,
    Transmit,
    WriteAt,
)
from leto.wal import segment_name
from leto_sim.server_level.lookout import ServerLookout
from leto_sim.sometimes import Sometimes

CLIENT, PEER = ConnectionId(1), ConnectionId(2)


def seen(*happenings: Fact | Order) -> dict[str, int]:
    sometimes = Sometimes()
    lookout = ServerLookout(sometimes)
    lookout.told(ConnectionAccepted(CLIENT, Port.CLIENT, "here:1", "there:2"))
    for happening in happenings:
        if isinstance(happening, ConnectionClosed | DialFailed):
            lookout.told(happening)
        else:
            lookout.ordered(happening)  # type: ignore[arg-type]  # the tests mix no other facts in
    return dict(sometimes.counts)


@pytest.mark.parametrize(
    "happening,expected",
    [
        (ConnectionClosed(CLIENT, "connection reset by peer"), "client reset"),
        (ConnectionClosed(PEER, "connection reset by peer"), "link reset"),
        (ConnectionClosed(PEER, "closed here"), None),
        (DialFailed(DialId(1), "connection refused", refused=True), "dial refused"),
        (DialFailed(DialId(1), "timed out", refused=False), None),
        (Transmit(CLIENT, b"-LOADING Leto is loading\r\n"), "replied loading"),
        (Transmit(CLIENT, b"-not leader 10.0.0.1:5379\r\n"), "replied not leader"),
        (Transmit(CLIENT, b"-CLUSTERDOWN no leader\r\n"), "replied clusterdown"),
        (Transmit(CLIENT, b"-UNKNOWN it may be applied\r\n"), "replied unknown"),
        (Transmit(CLIENT, b"+OK\r\n"), None),
        (Transmit(PEER, b"-UNKNOWN it may be applied\r\n"), None),
        (PauseReading(CLIENT), "client not read"),
        (PauseReading(PEER), None),
        (Log(LogLevel.INFO, "joined"), "joined"),
        (Log(LogLevel.INFO, "leading"), None),
        (DiskJob(1, (Delete("x"),)), "file deleted"),
        (Stop(5, "the name 'id2' belongs to a member with other data"), "stranger refused"),
        (Stop(1, "gone; to come back, move its data directory away"), "removed ended"),
        (Stop(1, "the disk has failed, so this node stops"), "disk failed ended"),
        (Stop(0, "the operator wants it"), None),
    ],
)
def test_what_a_server_is_told_and_orders_tells_of_situations(
    happening: Fact | Order, expected: str | None
) -> None:
    assert ({} if expected is None else {expected: 1}) == seen(happening)


def test_a_connection_that_was_closed_here_is_nobodys_any_more() -> None:
    late = Transmit(CLIENT, b"-UNKNOWN it may be applied\r\n")

    assert {} == seen(Close(CLIENT, abort=False), late)


def test_a_log_that_goes_on_in_a_new_file_does_so_once() -> None:
    files = ("LOCK", segment_name(1), segment_name(1), segment_name(2))

    jobs = [DiskJob(number, (WriteAt(file, 0, b"x"),)) for number, file in enumerate(files, 1)]

    assert {"segment begun": 1} == seen(*jobs)


def test_a_life_that_begins_to_receive_in_the_middle_goes_on_where_an_earlier_one_was() -> None:
    file = "snapshot-9-2.received.partial"
    writes = (WriteAt(segment_name(1), 0, b"x"), WriteAt(file, 5, b"x"), WriteAt(file, 9, b"x"))

    assert {"resumed after restart": 1} == seen(DiskJob(1, writes))


def test_a_life_that_receives_from_the_beginning_goes_on_with_nothing() -> None:
    file = "snapshot-9-2.received.partial"

    assert {} == seen(DiskJob(1, (WriteAt(file, 0, b"x"), WriteAt(file, 5, b"x"))))
