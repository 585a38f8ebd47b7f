"""One form in bytes for every event, so that runs can be compared by a digest.

Responsible for the form alone. The frequent events are written out by hand, for
speed; for all others an attrs value's `repr` is canonical enough: it names every
field in order, and no address, hash or set is in it.
"""

from collections.abc import Callable

from leto.raft.actions import Write
from leto.raft.entries import Command, Entry, Noop
from leto.raft.events import Applied, CommandsProposed, Event, MessageReceived, TimerFired, Written
from leto.raft.messages import AppendEntries, AppendEntriesResponse, Message


def canonical_event(event: Event) -> bytes:
    """The event's canonical form."""
    if type(event) is MessageReceived:
        return b"message %d " % event.sender + _canonical_message(event.message)
    encode = _ENCODERS.get(type(event))
    return encode(event) if encode is not None else repr(event).encode()


def canonical_entry(entry: Entry) -> bytes:
    """The entry's canonical form."""
    payload = entry.payload
    if type(payload) is Command:
        content = payload.data
    else:
        content = b"noop" if type(payload) is Noop else repr(payload).encode()
    return b"%d@%d %s" % (entry.id.index, entry.id.term, content)


def canonical_write(write: Write) -> bytes:
    """The canonical form of a write that becomes durable."""
    hard_state = write.hard_state
    return b"durable %d %s %s %s %s" % (
        write.seq,
        b"" if hard_state is None else repr(hard_state).encode(),
        b"" if write.truncate_from is None else b"truncate %d" % write.truncate_from,
        b",".join([canonical_entry(entry) for entry in write.entries]),
        b""
        if write.chunk is None and write.snapshot is None
        else repr((write.chunk, write.snapshot)).encode(),
    )


def _canonical_message(message: Message) -> bytes:
    if type(message) is AppendEntries:
        prev = message.prev
        return b"append %d %d %d@%d %d %d %s" % (
            message.term,
            message.round,
            prev.index,
            prev.term,
            message.leader_commit,
            message.lease_us,
            b",".join([canonical_entry(entry) for entry in message.entries]),
        )
    if type(message) is AppendEntriesResponse and message.conflict is None:
        return b"appended %d %d %d" % (message.term, message.round, message.match_index)
    return repr(message).encode()


def _canonical_proposals(event: CommandsProposed) -> bytes:
    return b"propose " + b",".join(
        [b"%d %s" % (proposal.request_id, proposal.data) for proposal in event.proposals]
    )


def _canonical_timer(_: TimerFired) -> bytes:
    return b"timer"


def _canonical_written(event: Written) -> bytes:
    return b"written %d" % event.seq


def _canonical_applied(event: Applied) -> bytes:
    return b"applied %d" % event.index


_ENCODERS: dict[type, Callable[..., bytes]] = {
    TimerFired: _canonical_timer,
    Written: _canonical_written,
    Applied: _canonical_applied,
    CommandsProposed: _canonical_proposals,
}
