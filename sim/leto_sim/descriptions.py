"""Events and messages in words, as short as a line of a trace must be.

Responsible for the words alone.
"""

from typing import assert_never

from leto.raft.actions import RoleName
from leto.raft.entries import Entry
from leto.raft.events import (
    Applied,
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    ReadRequested,
    SnapshotChunkRead,
    SnapshotRequested,
    SnapshotRestored,
    SnapshotTaken,
    TimerFired,
    TransferRequested,
    WriteFailed,
    Written,
)
from leto.raft.messages import (
    NO_ROOM,
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.traces import NameOf
from leto.raft.types import Term

DOWN, PAUSED = "x", "z"
"""How a node stands that does not run; and what stands before the rest of one that is paused."""

ROLE_LETTERS = {
    RoleName.FOLLOWER: "f",
    RoleName.PRE_CANDIDATE: "p",
    RoleName.CANDIDATE: "c",
    RoleName.LEADER: "L",
}


def describe_standing(role: RoleName, term: Term) -> str:
    """A node's role and term, such as `L3`."""
    return f"{ROLE_LETTERS[role]}{term}"


def describe_event(event: Event, name_of: NameOf) -> str:
    """What happened."""
    match event:
        case MessageReceived(sender=sender, message=message):
            return f"< {name_of(sender)} {describe_message(message)}"
        case TimerFired():
            return "timer"
        case Written(seq=seq):
            return f"written {seq}"
        case WriteFailed(reason=reason):
            return f"write failed: {reason}"
        case Applied(index=index):
            return f"applied {index}"
        case CommandsProposed(proposals=proposals):
            return "proposed " + ", ".join(f"#{proposal.request_id}" for proposal in proposals)
        case ReadRequested(request_id=request_id):
            return f"read requested #{request_id}"
        case ChangeRequested(request_id=request_id, changes=changes):
            names = ", ".join(type(change).__name__ for change in changes)
            return f"change requested #{request_id} {names}"
        case TransferRequested(request_id=request_id, to=to):
            return f"transfer requested #{request_id} to {name_of(to) if to else 'anyone'}"
        case ConfigurationForced(request_id=request_id, survivors=survivors):
            return f"forced #{request_id} on {', '.join(map(name_of, survivors))}"
        case PeerGone(node_id=node_id):
            return f"{name_of(node_id)} is gone"
        case DiskRoomChanged(has_room=has_room):
            return "disk has room" if has_room else "disk is full"
        case SnapshotRequested(request_id=request_id):
            return f"snapshot requested #{request_id}"
        case SnapshotTaken(last_included=last_included):
            return f"snapshot taken {last_included}"
        case SnapshotRestored(last_included=last_included):
            return f"snapshot restored {last_included}"
        case SnapshotChunkRead(offset=offset, data=data):
            return f"chunk read {offset}+{len(data)}"
        case _:
            assert_never(event)


def describe_message(message: Message) -> str:
    """What is said."""
    term = f"t{message.term}"
    match message:
        case AppendEntries(prev=prev, entries=entries, leader_commit=commit):
            return f"AppendEntries {term} {prev} [{_describe_entries(entries)}] commit {commit}"
        case AppendEntriesResponse(match_index=match_index, conflict=conflict):
            if conflict is None:
                return f"appended {term} up to {match_index}"
            if conflict == NO_ROOM:
                return f"no room {term} behind {match_index}"
            return f"not appended {term} after {conflict.rejected}, try {conflict.hint}"
        case PreVote(last=last):
            return f"PreVote {term} last {last}"
        case PreVoteResponse(vote_granted=granted):
            return f"pre-vote {_granted(granted=granted)} {term}"
        case RequestVote(last=last, is_transfer=is_transfer):
            return f"RequestVote {term} last {last}{' (transfer)' if is_transfer else ''}"
        case TimeoutNow():
            return f"TimeoutNow {term}"
        case RequestVoteResponse(vote_granted=granted):
            return f"vote {_granted(granted=granted)} {term}"
        case InstallSnapshot(snapshot=mark, offset=offset, data=data):
            return f"InstallSnapshot {term} {mark.last_included} {offset}+{len(data)}"
        case InstallSnapshotResponse(next_offset=next_offset, match_index=match_index):
            return f"snapshot {term} next {next_offset}, up to {match_index}"
        case ReadIndex():
            return f"ReadIndex {term}"
        case ReadIndexResponse(index=index):
            return f"read index {term} {index}"
        case _:
            assert_never(message)


def _describe_entries(entries: tuple[Entry, ...]) -> str:
    if len(entries) <= 1:
        return "".join(str(entry.id) for entry in entries)
    return f"{entries[0].id}..{entries[-1].id}"


def _granted(*, granted: bool) -> str:
    return "granted" if granted else "refused"
