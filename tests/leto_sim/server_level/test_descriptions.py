"""Facts and orders in words."""

import pytest

from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    Fact,
    FileFound,
    Log,
    LogLevel,
    Order,
    OutputBacklog,
    PauseReading,
    Port,
    ResumeReading,
    Started,
    Stop,
    StopRequested,
    SyncFile,
    Transmit,
    WriteAt,
)
from leto_sim.server_level.descriptions import describe_fact

ONE, DIAL = ConnectionId(1), DialId(3)
HERE, THERE = "10.0.0.1:5379", "10.0.0.2:40001"


@pytest.mark.parametrize(
    "value, words",
    [
        (Started((FileFound("a", 1),)), "starts with 1 file"),
        (ClockTicked(), "timer"),
        (ConnectionAccepted(ONE, Port.PEER, HERE, THERE), f"accepts {THERE} as peer: connection 1"),
        (ConnectionDialled(DIAL, ONE, HERE, THERE), f"reaches {THERE}: connection 1"),
        (DialFailed(DIAL, "timed out", refused=False), "reaches nobody: timed out"),
        (BytesReceived(ONE, b"a"), "received 1 byte on 1"),
        (OutputBacklog(ONE, 0), "0 bytes unsent on 1"),
        (ConnectionClosed(ONE, "closed here"), "connection 1 has ended: closed here"),
        (DiskJobDone(7, (b"a", b"b")), "disk job 7 done"),
        (DiskJobFailed(7, "no such file"), "disk job 7 failed: no such file"),
        (StopRequested("enough"), "is asked to stop: enough"),
        (DiskRoomMeasured(1_500_000_000), "1,500 MB free on the disk"),
        (Dial(DIAL, HERE), f"dials {HERE}"),
        (Transmit(ONE, b"ab"), "transmits 2 bytes on 1"),
        (PauseReading(ONE), "reads no more from 1"),
        (ResumeReading(ONE), "reads from 1 again"),
        (Close(ONE), "closes 1"),
        (Close(ONE, abort=True), "aborts 1"),
        (
            DiskJob(7, (WriteAt("f", 3, b"ab"), WriteAt("f", 5, b"ab"), SyncFile("f"))),
            "disk job 7: 2 x write, sync",
        ),
        (Log(LogLevel.INFO, "link up", (("peer", "id2"),)), "logs link up: peer id2"),
        (Log(LogLevel.INFO, "restored"), "logs restored"),
        (Stop(1, "the disk has failed"), "ends with exit code 1: the disk has failed"),
        (Stop(0, ""), "ends with exit code 0"),
    ],
)
def test_each_has_its_words(value: Fact | Order, words: str) -> None:
    assert words == describe_fact(value)
