"""Facts and orders have one form in bytes, and a short one in words."""

import pytest

from leto.server.world import (
    BytesReceived,
    ConnectionId,
    DiskJob,
    DiskJobDone,
    Fact,
    Order,
    Started,
    SyncFile,
    Transmit,
    WriteAt,
)
from leto_sim.journal import Form
from leto_sim.server_level.canonical import canonical_fact, describe_fact

ONE = ConnectionId(1)


@pytest.mark.parametrize(
    "value, form, words",
    [
        (BytesReceived(ONE, b"ab"), (b"received", 1, b"ab"), "received 2 bytes on 1"),
        (Transmit(ONE, b"ab"), (b"transmit", 1, b"ab"), "transmits 2 bytes on 1"),
        (DiskJobDone(7, (b"a", b"b")), (b"done", 7, b"a", b"b"), "disk job 7 done"),
        (
            DiskJob(7, (WriteAt("f", 3, b"ab"), SyncFile("f"))),
            (b"job", 7, (b"write", b"f", 3, b"ab"), (b"step", b"SyncFile(file='f')")),
            "disk job 7: WriteAt, SyncFile",
        ),
        (Started(()), (b"fact", b"Started(files=())"), "Started(files=())"),
    ],
)
def test_value_has_a_form_and_words(value: Fact | Order, form: Form, words: str) -> None:
    assert form == canonical_fact(value)
    assert words == describe_fact(value)
