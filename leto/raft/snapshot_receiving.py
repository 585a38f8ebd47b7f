"""Receiving a leader's snapshot, chunk by chunk, and installing it (figure 5.3).

Responsible for what a follower keeps of a transfer, where it asks to go on, after a
restart too, and for the moment when what it received replaces its log. The content is
opaque, and kept by whoever performs the actions. The write that then names it, and all
that follows, is `leto.raft.snapshots`.

Invariants:
    1. A received snapshot is named only if its checksum is right.
"""

import zlib

import attrs

from leto.raft.appending import replace_log
from leto.raft.entries import SnapshotChunk, SnapshotMark
from leto.raft.messages import InstallSnapshot, InstallSnapshotResponse
from leto.raft.roles import Follower
from leto.raft.snapshot_work import Receiving
from leto.raft.snapshots import attest_installed, name_snapshot
from leto.raft.state import State
from leto.raft.traces.snapshots import SnapshotInstalled, SnapshotReceiveStarted, SnapshotSpoiled
from leto.raft.types import NodeId


def on_install_snapshot(state: State, sender: NodeId, message: InstallSnapshot) -> None:
    """Keep the chunk; with the last one, install the snapshot (figure 5.3)."""
    role = state.role
    assert isinstance(role, Follower), "InstallSnapshot makes a follower of whoever is not"
    work = state.snapshots
    # Our log will begin behind it, whatever the leader's kept. So the mark is the
    # same for the same content, and another leader's transfer goes on where one ended.
    mark = attrs.evolve(message.snapshot, before_log=message.snapshot.last_included)
    if mark.last_included.term > message.term:
        return  # no leader has an entry of a term to come
    role.deadline = state.now + state.election_timeout()
    role.heard_at = state.now
    if mark.last_included.index <= state.commit_index or state.log.holds(mark.last_included):
        # Figure 5.3: a log that holds it needs no snapshot; what it covers is committed.
        state.commit_index = max(state.commit_index, mark.last_included.index)
        work.receiving = None
        attest_installed(state, sender, message.transfer, mark)
        return
    if work.naming is not None or not state.has_disk_room:
        return  # one at a time, and while there is room; the leader asks again
    if work.receiving is None or work.receiving.snapshot != mark:
        work.receiving = _begin(state, mark)
        offset = work.receiving.next_offset
        state.trace(SnapshotReceiveStarted, sender, mark.last_included, offset)
    is_next = message.offset == work.receiving.next_offset
    if is_next and _keep_chunk(state, message) and work.receiving.next_offset == mark.size_bytes:
        _install(state, sender, message.transfer)
        return
    _ask_for_next(state, sender, message.transfer)


def _begin(state: State, mark: SnapshotMark) -> Receiving:
    """Receive from the start, or go on where an earlier life was interrupted."""
    part, state.snapshots.part = state.snapshots.part, None
    if part is None or part.last_included != mark.last_included:
        return Receiving(mark)
    if part.size_bytes >= mark.size_bytes:
        return Receiving(mark)  # it is not of this snapshot
    return Receiving(mark, part.size_bytes, part.checksum)


def _keep_chunk(state: State, message: InstallSnapshot) -> bool:
    receiving = state.snapshots.receiving
    assert receiving is not None, "a chunk belongs to a snapshot being received"
    end = message.offset + len(message.data)
    if end > receiving.snapshot.size_bytes:
        return False
    receiving.next_offset = end
    receiving.checksum = zlib.crc32(message.data, receiving.checksum)
    last_included = receiving.snapshot.last_included
    state.lane.record_chunk(
        SnapshotChunk(last_included=last_included, offset=message.offset, data=message.data)
    )
    return True


def _install(state: State, sender: NodeId, transfer: int) -> None:
    work = state.snapshots
    receiving, work.receiving = work.receiving, None
    assert receiving is not None, "what is installed was received"
    if receiving.checksum != receiving.snapshot.checksum:  # invariant 1: begin again
        state.trace(SnapshotSpoiled, sender, receiving.snapshot.last_included)
        state.send_after(
            state.lane.latest,
            sender,
            InstallSnapshotResponse(term=state.current_term, transfer=transfer, next_offset=0),
        )
        return
    state.trace(SnapshotInstalled, sender, receiving.snapshot.last_included)
    replace_log(state, receiving.snapshot)
    # What a snapshot covers is committed; it is applied once the snapshot counts.
    state.commit_index = receiving.snapshot.last_included.index
    name_snapshot(state, receiving.snapshot, received_from=sender, transfer=transfer)


def _ask_for_next(state: State, leader: NodeId, transfer: int) -> None:
    receiving = state.snapshots.receiving
    next_offset = receiving.next_offset if receiving is not None else 0
    response = InstallSnapshotResponse(
        term=state.current_term, transfer=transfer, next_offset=next_offset
    )
    state.send_after(state.lane.latest, leader, response)
