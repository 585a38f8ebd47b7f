"""One form for every event, so that runs can be compared by a digest.

Responsible for the form alone: a tuple of numbers and bytes, which the journal
digests. The frequent events are taken apart by hand, for speed; for all others an
attrs value's `repr` is canonical enough: it names every field in order, and no
address, hash or set is in it. Each form begins with a word of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from leto.raft.actions import Write
from leto.raft.entries import Command, Entry, Noop
from leto.raft.events import (
    Applied,
    CommandsProposed,
    Event,
    MessageReceived,
    ReadRequested,
    TimerFired,
    Written,
)
from leto.raft.messages import AppendEntries, AppendEntriesResponse, ReadIndex, ReadIndexResponse
from leto.raft.types import EntryId
from leto_sim.journal import Form


def canonical_entry(entry: Entry) -> Form:
    """The entry's canonical form."""
    payload = entry.payload
    if type(payload) is Command:
        content = payload.data
    else:
        content = b"noop" if type(payload) is Noop else repr(payload).encode()
    return (entry.id.index, entry.id.term, content)


def canonical_write(write: Write) -> Form:
    """The canonical form of a write that becomes durable."""
    hard_state, chunk, snapshot = write.hard_state, write.chunk, write.snapshot
    return (
        b"durable",
        write.seq,
        None if hard_state is None else (hard_state.current_term, hard_state.voted_for),
        write.truncate_from,
        None if chunk is None else (*_id(chunk.last_included), chunk.offset, chunk.data),
        None if snapshot is None else repr(snapshot).encode(),
        *map(canonical_entry, write.entries),
    )


def _id(entry_id: EntryId) -> Form:
    return (entry_id.index, entry_id.term)


def _canonical_message(event: MessageReceived) -> Form:
    message = event.message
    if type(message) is AppendEntries:
        prev = message.prev
        form: Form = (
            b"append",
            event.sender,
            message.term,
            message.round,
            prev.index,
            prev.term,
            message.leader_commit,
            message.lease_us,
        )
        return (*form, *map(canonical_entry, message.entries)) if message.entries else form
    if type(message) is AppendEntriesResponse:
        form = (b"appended", event.sender, message.term, message.round, message.match_index)
        conflict = message.conflict
        return form if conflict is None else (*form, *_id(conflict.rejected), *_id(conflict.hint))
    if type(message) is ReadIndex:
        return (b"read", event.sender, message.term, message.read)
    if type(message) is ReadIndexResponse:
        return (b"readable", event.sender, message.term, message.read, message.index)
    return (b"message", event.sender, repr(message).encode())


def _canonical_proposals(event: CommandsProposed) -> Form:
    proposals = [(proposal.request_id, proposal.data) for proposal in event.proposals]
    return (b"propose", *proposals)


def _canonical_timer(_: TimerFired) -> Form:
    return _TIMER


def _canonical_written(event: Written) -> Form:
    return (b"written", event.seq)


def _canonical_applied(event: Applied) -> Form:
    return (b"applied", event.index)


def _canonical_read(event: ReadRequested) -> Form:
    return (b"read requested", event.request_id, event.policy.value.encode())


def _canonical_rest(event: Event) -> Form:
    return (b"event", repr(event).encode())


_TIMER = (b"timer",)

FORMS: Final[Mapping[type[Event], Callable[..., Form]]] = dict.fromkeys(
    get_args(Event), _canonical_rest
) | {
    MessageReceived: _canonical_message,
    TimerFired: _canonical_timer,
    Written: _canonical_written,
    Applied: _canonical_applied,
    CommandsProposed: _canonical_proposals,
    ReadRequested: _canonical_read,
}
"""What makes an event's canonical form, by the event's type."""
