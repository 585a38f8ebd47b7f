"""One form for every event."""

import pytest

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import Entry, HardState, Noop, SnapshotChunk
from leto.raft.events import (
    Applied,
    CommandsProposed,
    Event,
    MessageReceived,
    PeerGone,
    Proposal,
    ReadRequested,
    TimerFired,
    Written,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Conflict,
    ReadIndex,
    ReadIndexResponse,
    TimeoutNow,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.journal import Form
from leto_sim.node_level.canonical import FORMS, canonical_write
from tests.support.observed import entry

APPEND = AppendEntries(
    term=3,
    round=7,
    prev=EntryId(2, 5),
    entries=(entry(3, 6, b"a"), Entry(EntryId(3, 7), Noop())),
    leader_commit=4,
    lease_us=8,
)
APPENDED = AppendEntriesResponse(term=3, round=7, match_index=6)
CONFLICT = AppendEntriesResponse(
    term=3, round=7, match_index=6, conflict=Conflict(EntryId(2, 5), BEFORE_LOG)
)


@pytest.mark.parametrize(
    "event,form",
    [
        (TimerFired(), (b"timer",)),
        (Written(4), (b"written", 4)),
        (Applied(4), (b"applied", 4)),
        (
            CommandsProposed((Proposal(1, b"a"), Proposal(2, b"b"))),
            (b"propose", (1, b"a"), (2, b"b")),
        ),
        (MessageReceived(NodeId(9), APPENDED), (b"appended", 9, 3, 7, 6)),
        (ReadRequested(1), (b"read requested", 1, b"index")),
        (PeerGone(NodeId(9)), (b"event", b"PeerGone(node_id=9)")),
        (
            MessageReceived(NodeId(9), ReadIndexResponse(term=1, read=2, index=None)),
            (b"readable", 9, 1, 2, None),
        ),
        (MessageReceived(NodeId(9), ReadIndex(term=1, read=2)), (b"read", 9, 1, 2)),
        (
            MessageReceived(NodeId(9), TimeoutNow(term=1)),
            (b"message", 9, b"TimeoutNow(term=1)"),
        ),
        (MessageReceived(NodeId(9), CONFLICT), (b"appended", 9, 3, 7, 6, 5, 2, 0, 0)),
    ],
)
def test_each_event_has_its_form(event: Event, form: Form) -> None:
    assert form == FORMS[type(event)](event)


def test_the_form_of_an_append_tells_every_field() -> None:
    form = FORMS[MessageReceived](MessageReceived(NodeId(9), APPEND))

    assert (b"append", 9, 3, 7, 5, 2, 4, 8, (6, 3, b"a"), (7, 3, b"noop")) == form


def test_the_form_of_a_write_tells_everything_that_becomes_durable() -> None:
    chunk = SnapshotChunk(last_included=EntryId(1, 2), offset=0, data=b"x")
    configured = Entry(EntryId(3, 7), EMPTY_CONFIGURATION)
    writes = [
        Write(seq=1),
        Write(seq=1, hard_state=HardState(2)),
        Write(seq=1, truncate_from=3),
        Write(seq=1, entries=(entry(3, 6, b"a"),)),
        Write(seq=1, entries=(configured,)),
        Write(seq=1, chunk=chunk),
    ]

    forms = [canonical_write(write) for write in writes]

    assert len(writes) == len(set(forms))
    assert (7, 3, repr(EMPTY_CONFIGURATION).encode()) == forms[4][-1]
