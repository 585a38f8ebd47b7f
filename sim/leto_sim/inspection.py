"""All about one node at a moment, in words: what it believes, and what its disk holds.

Responsible for the words alone. It reads a node's status and the world's own images
of its log and its disk, and changes nothing.
"""

from collections.abc import Iterable, Sequence

from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry, Payload, SnapshotMark
from leto.raft.status import FollowerStatus, Status
from leto.raft.traces import NameOf
from leto_sim.platter import LogImage, Platter

ENTRIES_SHOWN = 20
_BYTES_SHOWN = 32


def describe_life(status: Status, memory: LogImage, name_of: NameOf) -> Sequence[str]:
    """What a node that runs believes. `memory` is its log, durable or not."""
    voted_for = "nobody" if status.voted_for is None else name_of(status.voted_for)
    leader = "unknown" if status.leader is None else name_of(status.leader)
    return [
        f"role           {status.role.value}",
        f"term           {status.current_term}, voted for {voted_for}, leader {leader}",
        f"commit index   {status.commit_index}",
        f"last applied   {status.last_applied}",
        f"durable index  {status.durable_index}, {status.writes_outstanding} writes outstanding",
        f"snapshot       {_snapshot(status.snapshot)}",
        f"configuration  from {status.configuration_index}: {_configuration(status.configuration)}",
        *(_follower(follower, name_of) for follower in status.followers),
        *_log(memory, status),
    ]


def describe_disk(platter: Platter, name_of: NameOf) -> Sequence[str]:
    """What a power cut would leave of a node."""
    hard_state, log = platter.hard_state, platter.log
    voted_for = "nobody" if hard_state.voted_for is None else name_of(hard_state.voted_for)
    held = f"{log.entries[0].id} to {log.last}" if log.entries else f"nothing after {log.last}"
    return [
        f"on its disk    term {hard_state.current_term}, voted for {voted_for}",
        f"               log {held}",
        f"               snapshot {_snapshot(platter.snapshot)}",
    ]


def _snapshot(mark: SnapshotMark | None) -> str:
    if mark is None:
        return "none"
    return f"{mark.last_included}, {mark.size_bytes} bytes, log kept after {mark.before_log}"


def _configuration(configuration: Configuration) -> str:
    members = _members(configuration.members)
    if configuration.is_joint:
        members += f"; joint with {_members(configuration.outgoing)}"
    return members or "none"


def _members(members: Iterable[Member]) -> str:
    return ", ".join(f"{member.name} {member.role.value}" for member in members)


def _follower(follower: FollowerStatus, name_of: NameOf) -> str:
    return (
        f"  {name_of(follower.node_id):<12} {follower.mode.value},"
        f" match {follower.match_index}, next {follower.next_index}"
    )


def _log(memory: LogImage, status: Status) -> Iterable[str]:
    hidden = max(0, len(memory.entries) - ENTRIES_SHOWN)
    before = f", {hidden} more" if hidden else ""
    yield f"log            after {memory.before_log}{before}"
    for entry in memory.entries[hidden:]:
        yield f"  {entry.id!s:<12} {_fate(entry, status):<11} {_payload(entry.payload)}"


def _fate(entry: Entry, status: Status) -> str:
    index = entry.id.index
    if index <= status.last_applied:
        return "applied"
    if index <= status.commit_index:
        return "committed"
    return "durable" if index <= status.durable_index else "in memory"


def _payload(payload: Payload) -> str:
    match payload:
        case Command(data=data):
            cut = f"… ({len(data)} bytes)" if len(data) > _BYTES_SHOWN else ""
            return f"{data[:_BYTES_SHOWN]!r}{cut}"
        case Configuration():
            return f"configuration: {_configuration(payload)}"
        case _:
            return "no-op"
