"""What a golden trace says of each action: one line, the same in every run.

Responsible for words only: it drives nothing. Entries are `index@term` with what
they carry; ids that a node issued are `life.number`; times are not said, since
they come from dice.
"""

from typing import assert_never

from leto.raft import traces
from leto.raft.actions import (
    Action,
    AnnounceRole,
    Answer,
    Apply,
    Committed,
    Compact,
    FailStop,
    Outcome,
    Readable,
    ReadSnapshotChunk,
    Refused,
    RestoreSnapshot,
    Send,
    SnapshotDone,
    TakeSnapshot,
    Trace,
    Transferred,
    Unknown,
    Write,
)
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry, Noop
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
from leto.raft.types import Micros, NodeId


def of_node(node_id: NodeId | None) -> str:
    return "nobody" if node_id is None else f"id{node_id}"


def of_action(node: str, action: Action, now: Micros) -> str:
    """The line for what a node ordered; a role is said by `of_role`."""
    match action:
        case Send(to=to, message=message):
            return f"{node} -> {of_node(to)} {of_message(message)}"
        case Write():
            return f"{node} writes {_of_write(action)}"
        case Apply(entries=entries):
            return f"{node} applies {_of_entries(entries)}"
        case TakeSnapshot(last_included=last_included):
            return f"{node} takes a snapshot as of {last_included}"
        case RestoreSnapshot(snapshot=snapshot):
            return f"{node} restores the snapshot as of {snapshot.last_included}"
        case ReadSnapshotChunk():
            return f"{node} reads {action.size_bytes} bytes of the snapshot at {action.offset}"
        case Compact(before_log=before_log):
            return f"{node} compacts up to {before_log}"
        case Answer(request_id=request_id, outcome=outcome):
            return f"{node} answers r{request_id}: {_of_outcome(outcome, now)}"
        case AnnounceRole(role=role, term=term, leader=leader):
            return f"{node} is {role.value} in term {term}, led by {of_node(leader)}"
        case FailStop(reason=reason):
            return f"{node} stops for good: {reason}"
        case Trace(record=record):
            return f"{node} . {traces.describe(record, of_node)}"
        case _:
            assert_never(action)


def of_message(message: Message) -> str:
    return f"{type(message).__name__}@{message.term}{_details(message)}"


def _details(message: Message) -> str:
    match message:
        case AppendEntries():
            content = f" {_of_entries(message.entries)}" if message.entries else ""
            lease = f" lease={message.lease_us // 1000}ms" if message.lease_us else ""
            return (
                f" round={message.round} prev={message.prev}{content}"
                f" commit={message.leader_commit}{lease}"
            )
        case AppendEntriesResponse(conflict=conflict):
            tail = f" rejects {conflict.rejected}, hint {conflict.hint}" if conflict else ""
            tail = " no room" if conflict == NO_ROOM else tail
            return f" round={message.round} match={message.match_index}{tail}"
        case PreVote():
            return f" last={message.last}"
        case RequestVote():
            return f" last={message.last}{' by transfer' if message.is_transfer else ''}"
        case PreVoteResponse(vote_granted=granted) | RequestVoteResponse(vote_granted=granted):
            return " granted" if granted else " refused"
        case TimeoutNow():
            return ""
        case InstallSnapshot():
            last_included = message.snapshot.last_included
            return f" as of {last_included} offset={message.offset} bytes={len(message.data)}"
        case InstallSnapshotResponse():
            return f" next_offset={message.next_offset} match={message.match_index}"
        case ReadIndex(read=read):
            return f" read={_of_id(read)}"
        case ReadIndexResponse(read=read, index=index):
            return f" read={_of_id(read)} {'refused' if index is None else f'index={index}'}"
        case _:
            assert_never(message)


def of_entry(entry: Entry) -> str:
    match entry.payload:
        case Noop():
            return str(entry.id)
        case Command(data=data):
            return f"{entry.id}={data.decode()}"
        case Configuration():
            return f"{entry.id}:{of_configuration(entry.payload)}"


def of_configuration(configuration: Configuration) -> str:
    """Voters by number, other members with their role, and from whom it comes while joint."""
    members = " ".join(map(_of_member, configuration.members))
    outgoing = " ".join(str(member.node_id) for member in configuration.outgoing)
    return (
        f"({members}"
        f"{f' from {outgoing}' if outgoing else ''}"
        f"{f' lease={configuration.lease_us // 1000}ms' if configuration.lease_us else ''}"
        f"{' forced' if configuration.is_forced else ''})"
    )


def _of_member(member: Member) -> str:
    role = "" if member.is_voter else f":{member.role.value}"
    priority = "" if member.priority == 1 else f"!{member.priority}"
    return f"{member.node_id}{role}{priority}"


def _of_entries(entries: tuple[Entry, ...]) -> str:
    return f"[{' '.join(map(of_entry, entries))}]"


def _of_id(number: int) -> str:
    return f"{number >> 32}.{number & 0xFFFFFFFF}"


def _of_write(write: Write) -> str:
    parts = [f"#{write.seq}"]
    if write.hard_state is not None:
        vote = of_node(write.hard_state.voted_for)
        parts.append(f"term={write.hard_state.current_term} vote={vote}")
    if write.truncate_from is not None:
        parts.append(f"truncate-from={write.truncate_from}")
    if write.entries:
        parts.append(_of_entries(write.entries))
    if write.chunk is not None:
        parts.append(f"chunk={write.chunk.offset}+{len(write.chunk.data)}")
    if write.snapshot is not None:
        mark = write.snapshot
        parts.append(f"snapshot={mark.last_included} log-after={mark.before_log}")
    return " ".join(parts)


def _of_outcome(outcome: Outcome, now: Micros) -> str:
    match outcome:
        case Committed(id=entry_id):
            return f"committed {entry_id}"
        case Readable(index=index, policy=policy, valid_until=valid_until):
            until = "" if valid_until is None else f" for {(valid_until - now) // 1000}ms"
            return f"readable at {index} ({policy.value}{until})"
        case SnapshotDone(last_included=last_included):
            return f"snapshot as of {last_included}"
        case Transferred(to=to):
            return f"transferred to {of_node(to)}"
        case Refused(refusal=refusal, leader=leader):
            return f"refused, {refusal.value}; leader is {of_node(leader)}"
        case Unknown(leader=leader):
            return f"unknown; leader is {of_node(leader)}"
        case _:
            assert_never(outcome)
