"""Snapshots: taking, naming, sending and installing them (chapter 5).

Responsible for when a snapshot is taken, for the write that names it, for
compaction, and for the transfer in chunks to a follower that is too far behind.
The content is opaque, and its bytes are handled by whoever performs the actions.

Invariants:
    1. A snapshot counts only once a durable write names it; its content is
       durable before.
    2. A snapshot is as of an applied, hence committed and durable, entry.
    3. Nothing is compacted that a transfer still reads.
    4. A received snapshot is named only if its checksum is right.
"""

import zlib

import attrs

from leto.raft.actions import (
    Answer,
    Compact,
    Outcome,
    ReadSnapshotChunk,
    Refusal,
    Refused,
    RestoreSnapshot,
    SnapshotDone,
    TakeSnapshot,
    Unknown,
)
from leto.raft.appending import replace_log
from leto.raft.entries import SnapshotChunk, SnapshotMark
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotChunkRead, SnapshotTaken
from leto.raft.messages import InstallSnapshot, InstallSnapshotResponse
from leto.raft.progress import Progress, Transfer
from leto.raft.roles import Follower, Leader
from leto.raft.snapshot_work import Naming, Receiving, Taking
from leto.raft.state import State
from leto.raft.traces import (
    LogCompacted,
    SnapshotInstalled,
    SnapshotNamed,
    SnapshotOrdered,
    SnapshotReceiveStarted,
    SnapshotSendAbandoned,
    SnapshotSendStarted,
    SnapshotSent,
    SnapshotSpoiled,
)
from leto.raft.types import EntryId, NodeId, RequestId

HEARTBEATS_BEFORE_RESENDING = 5
"""How long a chunk may stay unanswered: the receiver syncs it to its disk first."""


# --- taking --------------------------------------------------------------------------


def on_snapshot_requested(state: State, request_id: RequestId) -> None:
    """Take a snapshot now; if nothing happened since the last one, that one will do."""
    work = state.snapshots
    if work.taking is not None or state.applying:
        work.requested_by.append(request_id)  # with the one that is taken, or the next
    elif _is_busy(state):
        state.actions.append(Answer(request_id, Refused(Refusal.SNAPSHOT_PENDING, state.leader)))
    elif state.snapshot is not None and state.snapshot.last_included.index == state.last_applied:
        done = SnapshotDone(state.snapshot.last_included)
        state.actions.append(Answer(request_id, done))
    elif state.last_applied == 0:
        state.actions.append(Answer(request_id, Refused(Refusal.NOTHING_APPLIED, state.leader)))
    else:
        work.requested_by.append(request_id)
        _take(state)


def take_if_due(state: State) -> None:
    """Take a snapshot when the log has outgrown the policy (§5.1.2), or somebody waits.

    Called when something has been applied, before more of it is ordered.
    """
    base = state.snapshot.last_included.index if state.snapshot is not None else 0
    size_bytes = state.snapshot.size_bytes if state.snapshot is not None else 0
    entries_due = state.last_applied - base >= state.config.snapshot_after_entries
    bytes_due = state.applied_bytes >= max(state.config.snapshot_after_bytes, size_bytes)
    is_due = entries_due or bytes_due or bool(state.snapshots.requested_by)
    if is_due and not _is_busy(state):
        _take(state)


def _is_busy(state: State) -> bool:
    work = state.snapshots
    return (
        work.taking is not None
        or work.naming is not None
        or work.is_behind
        or state.applying != 0  # the state machine is between two indexes
    )


def _take(state: State) -> None:
    last_included = state.log.id_at(state.last_applied)
    configuration = state.configurations.as_of(state.last_applied)
    state.snapshots.taking = Taking(last_included, configuration)
    state.applied_bytes = 0
    state.trace(SnapshotOrdered, last_included)
    state.actions.append(TakeSnapshot(last_included))


def on_snapshot_taken(state: State, event: SnapshotTaken) -> None:
    """The content is durable beside the log: name it.

    Raises:
        EventOutOfOrder: no such snapshot was ordered.
    """
    work = state.snapshots
    taking = work.taking
    if taking is None or taking.last_included != event.last_included:
        raise EventOutOfOrder(f"snapshot {event.last_included} was not ordered: {taking}")
    work.taking = None
    if state.log.before_log.index > taking.last_included.index or work.naming is not None:
        _answer_requests(state)  # a leader's snapshot overtook ours
        return
    mark = SnapshotMark(
        last_included=taking.last_included,
        configuration=taking.configuration,
        size_bytes=event.size_bytes,
        checksum=event.checksum,
        before_log=state.log.trailing_start(
            taking.last_included,
            entries_max=state.config.trailing_entries,
            bytes_max=state.config.trailing_bytes,
        ),
    )
    _name(state, mark)


def _name(
    state: State, mark: SnapshotMark, received_from: NodeId | None = None, transfer: int = 0
) -> None:
    state.lane.record_snapshot(mark)
    state.snapshots.naming = Naming(state.lane.latest, mark, received_from, transfer)


def on_naming_written(state: State) -> None:
    """The write that names a snapshot is durable, so the snapshot counts."""
    work = state.snapshots
    naming = work.naming
    if naming is None or state.lane.written < naming.seq:
        return
    work.naming = None
    state.snapshot = naming.snapshot
    state.trace(SnapshotNamed, naming.snapshot.last_included)
    state.configurations.start_from(
        naming.snapshot.last_included.index, naming.snapshot.configuration
    )
    state.log.compact_to(naming.snapshot.before_log)
    work.to_compact = True
    if naming.received_from is not None:
        work.to_restore = naming.snapshot
        _respond(state, naming.received_from, naming.transfer, naming.snapshot)
    _answer_requests(state)


def _answer_requests(state: State) -> None:
    work = state.snapshots
    requests, work.requested_by = work.requested_by, []
    for request_id in requests:
        state.actions.append(Answer(request_id, _outcome(state)))


def _outcome(state: State) -> Outcome:
    if state.snapshot is None:
        return Refused(Refusal.SNAPSHOT_PENDING, state.leader)
    return SnapshotDone(state.snapshot.last_included)


def compact_when_unread(state: State) -> None:
    """Let go of what the latest snapshot replaces, as soon as nothing reads it.

    Asked when there is something `to_compact`.
    """
    work = state.snapshots
    assert state.snapshot is not None, "what is compacted is in a snapshot"
    if work.taking is not None or work.naming is not None:
        return  # what is being written beside the log has no name yet that would spare it
    latest = state.snapshot.last_included
    if any(read != latest for read in _being_read(state)):
        return  # invariant 3
    work.to_compact = False
    state.trace(LogCompacted, state.snapshot.before_log)
    state.actions.append(Compact(state.snapshot.before_log, latest))


def _being_read(state: State) -> list[EntryId]:
    work = state.snapshots
    restoring = [mark.last_included for mark in (work.restoring, work.to_restore) if mark]
    return [*work.reading.values(), *restoring, *_being_sent(state)]


def _being_sent(state: State) -> list[EntryId]:
    if not isinstance(state.role, Leader):
        return []
    transfers = (progress.transfer for progress in state.role.progress.values())
    return [t.snapshot.last_included for t in transfers if t is not None]


# --- restoring -----------------------------------------------------------------------


def restore_when_idle(state: State) -> None:
    """Order the state machine to become what the named snapshot holds."""
    work = state.snapshots
    if work.to_restore is None or state.applying or work.restoring is not None:
        return
    work.restoring, work.to_restore = work.to_restore, None
    state.actions.append(RestoreSnapshot(work.restoring))


def on_snapshot_restored(state: State, last_included: EntryId) -> None:
    """The state machine is as of the snapshot.

    Raises:
        EventOutOfOrder: it is not what was ordered.
    """
    restoring = state.snapshots.restoring
    if restoring is None or restoring.last_included != last_included:
        raise EventOutOfOrder(f"snapshot {last_included} was not to be restored: {restoring}")
    state.snapshots.restoring = None
    state.last_applied = last_included.index
    state.applied_bytes = 0
    # A former leader's: committed, but what came of them is known where they were applied.
    while state.proposals and state.proposals[0][0].index <= last_included.index:
        _, request_id = state.proposals.popleft()
        state.actions.append(Answer(request_id, Unknown(state.leader)))


# --- sending (the leader) ------------------------------------------------------------


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


# --- receiving (a follower) ----------------------------------------------------------


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
        _respond(state, sender, message.transfer, mark)
        return
    if work.naming is not None:
        return  # one at a time; the leader asks again
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
    if receiving.checksum != receiving.snapshot.checksum:  # invariant 4: begin again
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
    _name(state, receiving.snapshot, received_from=sender, transfer=transfer)


def _ask_for_next(state: State, leader: NodeId, transfer: int) -> None:
    receiving = state.snapshots.receiving
    next_offset = receiving.next_offset if receiving is not None else 0
    response = InstallSnapshotResponse(
        term=state.current_term, transfer=transfer, next_offset=next_offset
    )
    state.send_after(state.lane.latest, leader, response)


def _respond(state: State, leader: NodeId, transfer: int, mark: SnapshotMark) -> None:
    """Attest that the log is the leader's up to the snapshot, once it is durable."""
    response = InstallSnapshotResponse(
        term=state.current_term,
        transfer=transfer,
        next_offset=mark.size_bytes,
        match_index=mark.last_included.index,
    )
    state.send_after(state.lane.latest, leader, response)
