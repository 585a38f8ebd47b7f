"""Facts and orders have one form in bytes."""

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
from leto_sim.server_level.canonical import FORMS

ONE = ConnectionId(1)


@pytest.mark.parametrize(
    "value, form",
    [
        (BytesReceived(ONE, b"ab"), (b"received", 1, b"ab")),
        (Transmit(ONE, b"ab"), (b"transmit", 1, b"ab")),
        (DiskJobDone(7, (b"a", b"b")), (b"done", 7, b"a", b"b")),
        (
            DiskJob(7, (WriteAt("f", 3, b"ab"), SyncFile("f"))),
            (b"job", 7, (b"write", b"f", 3, b"ab"), (b"step", b"SyncFile(file='f')")),
        ),
        (Started(()), (b"fact", b"Started(files=())")),
    ],
)
def test_value_has_a_form(value: Fact | Order, form: Form) -> None:
    assert form == FORMS[type(value)](value)
