"""Sending a snapshot, chunk by chunk, to followers that are too far behind (§5.1).

Responsible for a leader's transfers: which chunk is read next and for whom, within one
window for all followers; what is sent again; when entries go on. The content is opaque,
and read by whoever performs the actions. How a follower receives it is
`leto.raft.snapshot_receiving`.
"""

from leto.raft.actions import ReadSnapshotChunk
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotChunkRead
from leto.raft.messages import InstallSnapshot, InstallSnapshotResponse
from leto.raft.progress import Progress, Transfer
from leto.raft.roles import Leader
from leto.raft.state import State
from leto.raft.traces.snapshots import SnapshotSendAbandoned, SnapshotSendStarted, SnapshotSent
from leto.raft.types import NodeId

HEARTBEATS_BEFORE_RESENDING = 5
"""How long a chunk may stay unanswered: the receiver syncs it to its disk first."""


def start_transfer(state: State, progress: Progress) -> None:
    """The entries that the follower needs are compacted: send it our snapshot (§5.1)."""
    assert state.snapshot is not None, "compacted entries are in a snapshot"
    progress.become_snapshot(
        Transfer(state.new_id(), state.snapshot, offset=0, reading=False, asked_at=state.now)
    )
    state.trace(SnapshotSendStarted, progress.node_id, state.snapshot.last_included)
    _want_chunk(state, progress)
    _read_wanted(state)


def _want_chunk(state: State, progress: Progress) -> None:
    transfer = progress.transfer
    assert transfer is not None, "in snapshot mode there is a transfer"
    transfer.is_waiting, transfer.asked_at = True, state.now


def _read_wanted(state: State) -> None:
    """Read for those whose turn it is, as far as the window goes: who waits longest first.

    The window is one for all followers: however many need a snapshot, heartbeats and
    entries find room on the links and the disk.
    """
    leader = state.role
    assert isinstance(leader, Leader), "only a leader sends snapshots"
    transfers = [p.transfer for p in leader.progress.values() if p.transfer is not None]
    in_flight = sum(_chunk_bytes(state, t) for t in transfers if not t.is_waiting)
    waiting = [t for t in transfers if t.is_waiting]
    for transfer in sorted(waiting, key=lambda t: (t.was_lost, t.asked_at)):
        size_bytes = _chunk_bytes(state, transfer)
        if in_flight and in_flight + size_bytes > state.config.snapshot_bytes_in_flight_max:
            return
        in_flight += size_bytes
        _read_chunk(state, transfer)


def _chunk_bytes(state: State, transfer: Transfer) -> int:
    remaining = transfer.snapshot.size_bytes - transfer.offset
    return min(remaining, state.config.snapshot_chunk_bytes)


def _read_chunk(state: State, transfer: Transfer) -> None:
    transfer.is_waiting, transfer.reading, transfer.asked_at = False, True, state.now
    state.snapshots.reading[transfer.id] = transfer.snapshot.last_included
    state.actions.append(
        ReadSnapshotChunk(
            transfer=transfer.id,
            last_included=transfer.snapshot.last_included,
            offset=transfer.offset,
            size_bytes=_chunk_bytes(state, transfer),
        )
    )


def on_snapshot_chunk_read(state: State, event: SnapshotChunkRead) -> None:
    """Send the chunk, if its transfer is still wanted.

    Raises:
        EventOutOfOrder: no such chunk was ordered.
    """
    if state.snapshots.reading.pop(event.transfer, None) is None:
        raise EventOutOfOrder(f"no chunk of the transfer {event.transfer} was ordered")
    if not isinstance(state.role, Leader):
        return
    for progress in state.role.progress.values():
        transfer = progress.transfer
        if transfer is not None and transfer.id == event.transfer and transfer.reading:
            transfer.reading, transfer.asked_at = False, state.now
            message = InstallSnapshot(
                term=state.current_term,
                transfer=transfer.id,
                snapshot=transfer.snapshot,
                offset=event.offset,
                data=event.data,
            )
            state.send(progress.node_id, message)


def on_install_snapshot_response(
    state: State, sender: NodeId, message: InstallSnapshotResponse
) -> None:
    """Send the chunk that is wanted, or go on with entries."""
    leader = state.role
    if not isinstance(leader, Leader):
        return
    progress = leader.progress.get(sender)
    if progress is None or message.match_index > state.log.last.index:
        return
    progress.last_ack_at = state.now
    if progress.advance(message.match_index):
        leader.may_commit = True
    transfer = progress.transfer
    if transfer is None or transfer.id != message.transfer:
        return
    if transfer.reading or transfer.is_waiting:
        return  # late, or twice
    if message.match_index >= transfer.snapshot.last_included.index:
        state.trace(SnapshotSent, sender, transfer.snapshot.last_included)
        progress.become_probe(message.match_index + 1)
    elif 0 <= message.next_offset <= transfer.snapshot.size_bytes:
        transfer.offset, transfer.was_lost = message.next_offset, False
        _want_chunk(state, progress)
    _read_wanted(state)


def resend_lost_chunks(state: State, leader: Leader) -> None:
    """Read and send again what was not answered in time."""
    patience = HEARTBEATS_BEFORE_RESENDING * state.config.heartbeat_interval_us
    for progress in leader.progress.values():
        transfer = progress.transfer
        if transfer is None or transfer.reading or state.now - transfer.asked_at < patience:
            continue
        if state.snapshot is not None and transfer.snapshot != state.snapshot:
            last_included = transfer.snapshot.last_included
            state.trace(SnapshotSendAbandoned, progress.node_id, last_included)
            progress.become_probe(progress.match_index + 1)  # a newer one will do better
        elif not transfer.is_waiting:
            transfer.was_lost = True
            _want_chunk(state, progress)
    _read_wanted(state)
