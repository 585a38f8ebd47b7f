"""The write-ahead log: what the node orders to be durable, as steps for a disk.

Responsible for turning each `Write` into one frame and one sync, for rolling segments,
and for deleting those that are needed no more. It performs nothing: a world does, in
order, and whoever orders the steps says when they were done (`synced`). What a log holds
after a crash is `leto.wal.recovery`.

Invariants:
    1. One record is one frame: all of it or nothing of it counts.
    2. A segment is durable to its end before the first byte of the next is written: the
       job that begins a segment syncs the old one first. So a torn tail lies in one
       segment, and the existence of a segment proves the one before it.
    3. A segment's directory entry is durable before the job that began it is done.
    4. A segment that an earlier life of the node wrote is never written again: each boot
       begins a new one, whose head says where the log ended. So a tail that was
       dropped stays dropped, however the file grows, and its bytes need no erasing.
    5. A segment is deleted only if no entry in it, or before it, is above `before_log`, and
       a later segment is known to be durable. Its head repeats whatever else the
       deleted ones said.
"""

from collections import deque
from typing import Final

import attrs

from leto.raft.actions import Compact, Write
from leto.raft.entries import Restored, SnapshotMark
from leto.raft.types import Index
from leto.wal.chain import Segment
from leto.wal.frames import encode_frame, segment_name
from leto.wal.records import ClusterJoined, Identity, Position, Record, SegmentHead
from leto.wal.recovery import Recovered
from leto.wal.snapshots import SnapshotFiles, received_name
from leto.wal.steps import Delete, Step, SyncDirectory, SyncFile, Truncate, WriteAt
from leto.wire.values import NO_CLUSTER, ClusterId

SEGMENT_BYTES: Final = 64 << 20
"""When a segment is full. The log keeps at most this much more than it needs."""


@attrs.frozen
class Opened:
    """A log that goes on where it was found.

    `steps` must have been done before the node starts with `restored`: they make
    durable what was read, and its incarnation.
    """

    log: "WriteAheadLog"
    restored: Restored
    steps: tuple[Step, ...]


class WriteAheadLog:
    """The log of a running node. Made by `open_log`."""

    def __init__(self, head: SegmentHead, recovered: Recovered, segment_bytes: int) -> None:
        """Go on behind what was recovered, with what `head` says."""
        # What the head of the next segment will say: of this what changes with most writes is
        # kept beside it until then.
        self._head = head
        self._last_index = head.last_index
        self._hard_state = head.hard_state
        self._snapshot = head.snapshot
        self._segments = deque(recovered.segments)
        self._sequence = recovered.frames
        self._end = recovered.end
        self._synced = recovered.end  # before anything else is written
        self._segment_bytes = segment_bytes
        self.snapshots = SnapshotFiles.found(head.snapshot, recovered.part)

    @property
    def identity(self) -> Identity:
        """Whose log this is."""
        return self._head.identity

    @property
    def cluster_id(self) -> ClusterId:
        """The cluster that the node belongs to, or NO_CLUSTER."""
        return self._head.cluster_id

    @property
    def incarnation(self) -> int:
        """The number of this life of the node."""
        return self._head.incarnation

    @property
    def end(self) -> Position:
        """Where the log ends, once all steps so far are done."""
        return self._end

    def steps_for(self, write: Write) -> tuple[Step, ...]:
        """The steps that make the write durable. Tell `synced(end)` when they are done."""
        steps: tuple[Step, ...] = ()
        if write.chunk is not None:
            steps += self.snapshots.keep(write.chunk)
        if write.snapshot is not None:
            steps += self.snapshots.finish(write.snapshot)
        if write.chunk is None or _says_more_than_its_chunk(write):
            steps += self._append(write)
            self._remember(write)
        return steps

    def steps_for_cluster(self, cluster_id: ClusterId) -> tuple[Step, ...]:
        """The steps that make durable which cluster the node belongs to."""
        steps = self._append(ClusterJoined(cluster_id))
        self._head = attrs.evolve(self._head, cluster_id=cluster_id)
        return steps

    def steps_for_compaction(self, compact: Compact) -> tuple[Step, ...]:
        """The steps that delete what is needed no more (invariant 5). Often there are none."""
        steps = self.snapshots.let_go_before(compact.last_included)
        while self._is_superseded(self._segments[0], compact.before_log.index):
            steps += (Delete(segment_name(self._segments.popleft().number)),)
        return (*steps, SyncDirectory()) if steps else ()

    def synced(self, end: Position) -> None:
        """The steps up to those after which `end` was the log's end are done."""
        self._synced = max(self._synced, end)

    def _is_superseded(self, segment: Segment, before_log: Index) -> bool:
        return segment.number < self._synced.segment and segment.highest_index <= before_log

    def _append(self, record: Record) -> tuple[Step, ...]:
        if self._end.offset >= self._segment_bytes:
            return self._roll(record)
        file, offset = segment_name(self._end.segment), self._end.offset
        return WriteAt(file, offset, self._frame(record)), SyncFile(file)

    def _roll(self, record: Record) -> tuple[Step, ...]:
        """Let the record open a new segment, once the old one is durable (invariant 2)."""
        old = segment_name(self._end.segment)
        return (SyncFile(old), *self.begin_segment(self._end.segment + 1, record))

    def begin_segment(self, number: int, *records: Record) -> tuple[Step, ...]:
        """The steps of a new segment: its head, then the records; the old one is durable."""
        self._head = attrs.evolve(
            self._head,
            previous=self._end,
            last_index=self._last_index,
            hard_state=self._hard_state,
            snapshot=self._snapshot,
        )
        # Whatever is written from now on is written after the old segment was synced.
        self._synced = max(self._synced, self._end)
        self._segments.append(Segment(number))
        self._end = Position(number, 0)
        data = b"".join([self._frame(record) for record in (self._head, *records)])
        file = segment_name(number)
        return WriteAt(file, 0, data), SyncFile(file), SyncDirectory()

    def _frame(self, record: Record) -> bytes:
        self._sequence += 1
        data = encode_frame(self._end.segment, self._sequence, self._synced, record)
        self._end = Position(self._end.segment, self._end.offset + len(data))
        return data

    def _remember(self, write: Write) -> None:
        """What the head of the next segment will say."""
        if write.hard_state is not None:
            self._hard_state = write.hard_state
        if write.truncate_from is not None:
            self._last_index = write.truncate_from - 1
        if write.entries:
            self._last_index = write.entries[-1].id.index
            newest = self._segments[-1]
            newest.highest_index = max(newest.highest_index, self._last_index)
        if write.snapshot is not None:
            self._last_index = max(self._last_index, write.snapshot.before_log.index)
            self._snapshot = write.snapshot


def _says_more_than_its_chunk(write: Write) -> bool:
    return bool(
        write.entries
        or write.hard_state is not None
        or write.truncate_from is not None
        or write.snapshot is not None
    )


def open_log(recovered: Recovered, *, segment_bytes: int = SEGMENT_BYTES) -> Opened:
    """Go on with a log that holds a node, in its next incarnation."""
    head = recovered.head
    assert head is not None, "an empty directory holds no node: create_log"
    return _begin_life(
        attrs.evolve(head, incarnation=head.incarnation + 1), recovered, segment_bytes
    )


def create_log(
    recovered: Recovered,
    identity: Identity,
    *,
    cluster_id: ClusterId = NO_CLUSTER,
    founding: SnapshotMark | None = None,
    segment_bytes: int = SEGMENT_BYTES,
) -> Opened:
    """Begin the log of a new node, in a directory that holds none.

    A founded node has its cluster and `founding`, the mark of a snapshot at index 0, in
    its very first frame: there is no node that is founded by half. A blank one has neither.
    """
    assert recovered.head is None, f"the directory holds {recovered.head}"
    head = SegmentHead(identity=identity, cluster_id=cluster_id, incarnation=1, snapshot=founding)
    return _begin_life(head, recovered, segment_bytes)


def _begin_life(head: SegmentHead, recovered: Recovered, segment_bytes: int) -> Opened:
    log = WriteAheadLog(head, recovered, segment_bytes)
    restored = Restored(
        node_id=head.identity.node_id,
        incarnation=head.incarnation,
        hard_state=head.hard_state,
        snapshot=head.snapshot,
        entries=recovered.entries,
        part=recovered.part,
    )
    return Opened(
        log,
        restored,
        (
            *_sync(recovered),
            *_trim(recovered),
            *log.begin_segment(recovered.next_segment),
            *_clean(recovered),
        ),
    )


def _sync(recovered: Recovered) -> tuple[Step, ...]:
    """Make durable what was read: after a mere kill it may exist in the system's memory only."""
    if recovered.end.segment == 0:
        return (SyncDirectory(),)
    return SyncFile(segment_name(recovered.end.segment)), SyncDirectory()


def _trim(recovered: Recovered) -> tuple[Step, ...]:
    """Cut off what of a received part may be torn: nobody may find it behind the rest."""
    if recovered.part is None:
        return ()
    file = received_name(recovered.part.last_included)
    return Truncate(file, recovered.part.size_bytes), SyncFile(file)


def _clean(recovered: Recovered) -> tuple[Step, ...]:
    if not recovered.leftovers:
        return ()
    return (*map(Delete, recovered.leftovers), SyncDirectory())
