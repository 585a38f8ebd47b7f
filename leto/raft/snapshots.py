"""Snapshots of our own state machine, and what every named snapshot brings (chapter 5).

Responsible for when a snapshot is taken, for the write that names it, for compaction,
and for restoring the state machine. The content is opaque, and its bytes are handled by
whoever performs the actions. A leader's snapshot is sent by `leto.raft.snapshot_sending`
and received by `leto.raft.snapshot_receiving`; from its name on it is as our own.

Invariants:
    1. A snapshot counts only once a durable write names it; its content is
       durable before.
    2. A snapshot is as of an applied, hence committed and durable, entry, and names the
       configuration as of that entry.
    3. Nothing is compacted that a transfer still reads.
"""

from leto.raft.actions import (
    Answer,
    Compact,
    Outcome,
    Refusal,
    Refused,
    RestoreSnapshot,
    SnapshotDone,
    TakeSnapshot,
    Unknown,
)
from leto.raft.entries import SnapshotMark
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotRequested, SnapshotRestored, SnapshotTaken
from leto.raft.messages import InstallSnapshotResponse
from leto.raft.roles import Leader
from leto.raft.snapshot_work import Naming, Taking
from leto.raft.state import State
from leto.raft.traces.log import LogCompacted
from leto.raft.traces.snapshots import SnapshotNamed, SnapshotOrdered
from leto.raft.types import EntryId, NodeId

# --- taking --------------------------------------------------------------------------


def on_snapshot_requested(state: State, event: SnapshotRequested) -> None:
    """Take a snapshot now; if nothing happened since the last one, that one will do."""
    work, request_id = state.snapshots, event.request_id
    if work.taking is not None or state.applying:
        # With the one that is taken, or the next: the state machine is between two indexes.
        work.requested_by.append(request_id)
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
    return work.taking is not None or work.naming is not None or work.is_behind


def _take(state: State) -> None:
    assert not state.applying, "§5.1: between two indexes the state machine is as of none"
    last_included = state.log.id_at(state.last_applied)
    configuration = state.configurations.as_of(state.last_applied)
    if not configuration.members:
        # A newcomer may get the log from its beginning, which the founding configuration is
        # not in: until the one that admits it is applied, it does not know what to name.
        _refuse_requests(state, Refusal.CONFIGURATION_UNKNOWN)
        return
    if configuration.member(state.node_id) is None and state.configurations.have_admitted(
        state.node_id, state.commit_index
    ):
        # It was removed. A snapshot would make its log forget that it ever was a member, and it
        # would take the removal for an admission that was lost, and ask for another one.
        _refuse_requests(state, Refusal.NOT_A_MEMBER)
        return
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
    name_snapshot(state, mark)


def name_snapshot(
    state: State, mark: SnapshotMark, received_from: NodeId | None = None, transfer: int = 0
) -> None:
    """Write the mark of a content that is durable, or will be before this write is."""
    assert state.snapshots.naming is None, "one snapshot is named at a time"
    assert state.log.holds(mark.last_included), "§5.1: the log goes on where the snapshot ends"
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
        attest_installed(state, naming.received_from, naming.transfer, naming.snapshot)
    _answer_requests(state)


def attest_installed(state: State, leader: NodeId, transfer: int, mark: SnapshotMark) -> None:
    """Attest that the log is the leader's up to the snapshot, once it is durable."""
    response = InstallSnapshotResponse(
        term=state.current_term,
        transfer=transfer,
        next_offset=mark.size_bytes,
        match_index=mark.last_included.index,
    )
    state.send_after(state.lane.latest, leader, response)


def _answer_requests(state: State) -> None:
    work = state.snapshots
    requests, work.requested_by = work.requested_by, []
    for request_id in requests:
        state.actions.append(Answer(request_id, _outcome(state)))


def _refuse_requests(state: State, refusal: Refusal) -> None:
    work = state.snapshots
    requests, work.requested_by = work.requested_by, []
    for request_id in requests:
        state.actions.append(Answer(request_id, Refused(refusal, state.leader)))


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


def on_snapshot_restored(state: State, event: SnapshotRestored) -> None:
    """The state machine is as of the snapshot.

    Raises:
        EventOutOfOrder: it is not what was ordered.
    """
    restoring, last_included = state.snapshots.restoring, event.last_included
    if restoring is None or restoring.last_included != last_included:
        raise EventOutOfOrder(f"snapshot {last_included} was not to be restored: {restoring}")
    state.snapshots.restoring = None
    state.last_applied = last_included.index
    state.applied_bytes = 0
    # A former leader's: committed, but what came of them is known where they were applied.
    while state.proposals and state.proposals[0][0].index <= last_included.index:
        _, request_id = state.proposals.popleft()
        state.actions.append(Answer(request_id, Unknown(state.leader)))
