"""Performs what the core orders of the disk: the log, and snapshots in slices.

Responsible for turning `Write`s into disk jobs and their completion into `Written`,
and for moving snapshots between the state machine, the disk and the peers without
holding anybody up: a chunk is small, another one comes only after a while, whatever
else is going on, and no more than two are under way. What the bytes are is `leto.wal`'s business.

Invariants:
    1. `Written` is told when every step of that write, and of all before it, is done.
    2. While the state machine is being restored it holds neither the old state nor
       the new one: `is_restoring` says so, and nobody may read it.
"""

from collections.abc import Callable, Iterator

import attrs

from leto.kv import SnapshotUnreadable
from leto.raft.actions import Compact, ReadSnapshotChunk, RestoreSnapshot, TakeSnapshot, Write
from leto.raft.events import Event, SnapshotChunkRead, SnapshotRestored, Written
from leto.raft.types import EntryId, Micros
from leto.server.disk.disk_lane import DiskLane
from leto.server.machine import Content
from leto.server.settings import Limits
from leto.server.turn import Turn
from leto.wal import ReadBack, SnapshotReader, SnapshotWriter, WriteAheadLog, read_chunk

CHUNKS_IN_FLIGHT_MAX = 2

# What the state machine restores in one turn: of small things, some 2 ms of its work.
RESTORED_BYTES_PER_TURN = 16 << 10


@attrs.define
class _Taking:
    """A snapshot that is being written. Written by `Storage` only."""

    writer: SnapshotWriter
    chunks: Iterator[bytes]
    in_flight: int = 0
    next_at: Micros = 0
    is_exhausted: bool = False


@attrs.define
class _Restoring:
    """A piece of a snapshot on its way into the state machine. Written by `Storage` only."""

    reader: SnapshotReader
    last_included: EntryId
    piece: bytes
    at: int = 0


class Storage:
    """The disk, as the core and the state machine see it."""

    def __init__(
        self,
        lane: DiskLane,
        log: WriteAheadLog,
        content: Content,
        *,
        turn: Turn,
        limits: Limits,
        tell: Callable[[Event], None],
        corrupt: Callable[[str], None],
    ) -> None:
        self.log = log
        self.writes_in_flight = 0
        self.is_restoring = False
        self._lane = lane
        self._content = content
        self._turn = turn
        self._limits = limits
        self._tell = tell
        self._corrupt = corrupt
        self._taking: _Taking | None = None
        self._restoring: _Restoring | None = None
        self._read_back = ReadBack()

    # --- the log -----------------------------------------------------------------

    def write(self, write: Write) -> None:
        """Make it durable, then tell `Written`."""
        steps = self.log.steps_for(write)
        end = self.log.end
        self.writes_in_flight += 1

        def written(_data: tuple[bytes, ...]) -> None:
            self.writes_in_flight -= 1
            self.log.synced(end)
            self._tell(Written(write.seq))

        self._lane.perform(steps, written)

    def compact(self, order: Compact) -> None:
        """Delete what is needed no more."""
        steps = self.log.steps_for_compaction(order)
        if steps:
            self._lane.perform(steps, _nothing)

    # --- snapshots out -----------------------------------------------------------

    def take_snapshot(self, order: TakeSnapshot) -> None:
        """Freeze the state machine; `work` writes it."""
        self._taking = _Taking(
            self.log.snapshots.take(order.last_included),
            self._content.snapshot(self._limits.snapshot_chunk_bytes),
        )

    @property
    def is_taking(self) -> bool:
        """Whether a snapshot is being written."""
        return self._taking is not None

    @property
    def work_at(self) -> Micros | None:
        """When `work` will have something to do."""
        if self._restoring is not None:
            return self._turn.now
        taking = self._taking
        if taking is None or taking.is_exhausted or taking.in_flight >= CHUNKS_IN_FLIGHT_MAX:
            return None
        return taking.next_at

    def work(self) -> None:
        """Write or restore a little of a snapshot, if that is being done and its time has come."""
        if self._restoring is not None:
            self._restore_some(self._restoring)
            return
        taking = self._taking
        if taking is None:
            return
        work_at = self.work_at
        if work_at is None or self._turn.now < work_at:
            return
        taking.next_at = self._turn.now + self._limits.snapshot_chunk_interval_us
        chunk = next(taking.chunks, None)
        if chunk is None:
            taking.is_exhausted = True
            self._finish_if_done(taking)
            return
        taking.in_flight += 1

        def kept(_data: tuple[bytes, ...]) -> None:
            taking.in_flight -= 1
            self._finish_if_done(taking)

        self._lane.perform(taking.writer.append(chunk), kept)

    def _finish_if_done(self, taking: _Taking) -> None:
        if taking.is_exhausted and taking.in_flight == 0:
            self._taking = None
            self._tell(taking.writer.taken)

    def read_chunk(self, order: ReadSnapshotChunk) -> None:
        """Read a piece of a snapshot for a follower, unless it is damaged."""

        def read(data: tuple[bytes, ...]) -> None:
            mark = self.log.snapshots.mark_of(order.last_included)
            assert mark is not None, "nothing is compacted that a transfer still reads"
            damage = self._read_back.check(order, mark, data[0])
            if damage is not None:
                self._corrupt(str(damage))
                return
            self._tell(
                SnapshotChunkRead(transfer=order.transfer, offset=order.offset, data=data[0])
            )

        self._lane.perform((read_chunk(order),), read)

    # --- snapshots in ------------------------------------------------------------

    def restore_snapshot(self, order: RestoreSnapshot) -> None:
        """Fill the state machine, a piece at a time; then tell `SnapshotRestored`."""
        self.is_restoring = True
        self._content.begin_restore()
        self._restore_next(SnapshotReader(order.snapshot), order.snapshot.last_included)

    def _restore_next(self, reader: SnapshotReader, last_included: EntryId) -> None:
        step = reader.step
        if step is None:
            self._finish_restore(reader, last_included)
            return

        def read(data: tuple[bytes, ...]) -> None:
            damage = reader.feed(data[0])
            if damage is not None:
                self._corrupt(str(damage))
            else:
                self._restoring = _Restoring(reader, last_included, data[0])

        self._lane.perform((step,), read)

    def _restore_some(self, restoring: _Restoring) -> None:
        start, restoring.at = restoring.at, restoring.at + RESTORED_BYTES_PER_TURN
        try:
            self._content.restore_chunk(restoring.piece[start : restoring.at])
        except SnapshotUnreadable as unreadable:
            self._restoring = None
            self._corrupt(f"{restoring.reader.file}: {unreadable}")
            return
        if restoring.at >= len(restoring.piece):
            self._restoring = None
            self._restore_next(restoring.reader, restoring.last_included)

    def _finish_restore(self, reader: SnapshotReader, last_included: EntryId) -> None:
        try:
            self._content.finish_restore()
        except SnapshotUnreadable as unreadable:
            self._corrupt(f"{reader.file}: {unreadable}")
            return
        self.is_restoring = False
        self._tell(SnapshotRestored(last_included))


def _nothing(_data: tuple[bytes, ...]) -> None:
    """Nobody waits for this job."""
