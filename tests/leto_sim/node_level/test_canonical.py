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
    Proposal,
    ReadRequested,
    TimerFired,
    Written,
)
from leto.raft.messages import AppendEntries, AppendEntriesResponse, Conflict, ReadIndex
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.journal import Form
from leto_sim.node_level.canonical import canonical_event, canonical_write
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
        (ReadRequested(1), (b"event", repr(ReadRequested(1)).encode())),
        (
            MessageReceived(NodeId(9), ReadIndex(term=1, read=2)),
            (b"message", 9, repr(ReadIndex(term=1, read=2)).encode()),
        ),
        (MessageReceived(NodeId(9), CONFLICT), (b"message", 9, repr(CONFLICT).encode())),
    ],
)
def test_each_event_has_its_form(event: Event, form: Form) -> None:
    assert form == canonical_event(event)


def test_the_form_of_an_append_tells_every_field() -> None:
    form = canonical_event(MessageReceived(NodeId(9), APPEND))

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
