"""One form for every event, so that runs can be compared by a digest.

Responsible for the form alone: a tuple of numbers and bytes, which the journal
digests. The frequent events are taken apart by hand, for speed; for all others an
attrs value's `repr` is canonical enough: it names every field in order, and no
address, hash or set is in it. Each form begins with a word of its own.
"""

from collections.abc import Callable

from leto.raft.actions import Write
from leto.raft.entries import Command, Entry, Noop
from leto.raft.events import Applied, CommandsProposed, Event, MessageReceived, TimerFired, Written
from leto.raft.messages import AppendEntries, AppendEntriesResponse
from leto_sim.journal import Form


def canonical_event(event: Event) -> Form:
    """The event's canonical form."""
    encode = _ENCODERS.get(type(event))
    return encode(event) if encode is not None else (b"event", repr(event).encode())


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
    rest = (write.hard_state, write.truncate_from, write.chunk, write.snapshot)
    return (
        b"durable",
        write.seq,
        b"" if rest == _NOTHING else repr(rest).encode(),
        *map(canonical_entry, write.entries),
    )


def _canonical_message(event: MessageReceived) -> Form:
    sender, message = event.sender, event.message
    if type(message) is AppendEntries:
        return (
            b"append",
            sender,
            message.term,
            message.round,
            message.prev.index,
            message.prev.term,
            message.leader_commit,
            message.lease_us,
            *map(canonical_entry, message.entries),
        )
    if type(message) is AppendEntriesResponse and message.conflict is None:
        return (b"appended", sender, message.term, message.round, message.match_index)
    return (b"message", sender, repr(message).encode())


def _canonical_proposals(event: CommandsProposed) -> Form:
    proposals = [(proposal.request_id, proposal.data) for proposal in event.proposals]
    return (b"propose", *proposals)


def _canonical_timer(_: TimerFired) -> Form:
    return _TIMER


def _canonical_written(event: Written) -> Form:
    return (b"written", event.seq)


def _canonical_applied(event: Applied) -> Form:
    return (b"applied", event.index)


_NOTHING = (None, None, None, None)
_TIMER = (b"timer",)
_ENCODERS: dict[type, Callable[..., Form]] = {
    MessageReceived: _canonical_message,
    TimerFired: _canonical_timer,
    Written: _canonical_written,
    Applied: _canonical_applied,
    CommandsProposed: _canonical_proposals,
}
