"""Snapshot files: written aside, synced, renamed, named by a frame, read back in pieces.

Responsible for their names, and for the steps that write, finish, read and delete them.
It does not know what is in a snapshot, nor when one is wanted.

A snapshot that our own state machine writes and one that a leader sends may be of
the same entry at the same time, so each is written to a file of its own. Which one a
mark names is told by its size and checksum.

Invariants:
    1. A file is renamed to its final name after its content is durable, and the rename is
       durable before the frame that names it is written.
    2. A file of a final name is never written to.
    3. What no mark names may be deleted at boot, whatever its name says. What was being
       received may stay instead (`leto.wal.parts`): it is no snapshot yet, and the
       checksum of the whole decides whether it becomes one.
"""

import re
from typing import Final
from zlib import crc32

import attrs

from leto.raft.actions import ReadSnapshotChunk
from leto.raft.entries import SnapshotChunk, SnapshotMark, SnapshotPart
from leto.raft.events import SnapshotTaken
from leto.raft.types import EntryId
from leto.wal.corruption import Corrupt
from leto.wal.steps import Delete, ReadAt, Rename, Step, SyncDirectory, SyncFile, WriteAt

PIECE_BYTES: Final = 256 << 10
"""How much of a snapshot is read at a time."""

_PREFIX: Final = "snapshot-"
_FINISHED: Final = ".snapshot"
_TAKEN: Final = ".partial"
_RECEIVED: Final = ".received.partial"
_RECEIVED_NAME: Final = re.compile(r"snapshot-([1-9]\d*)-([1-9]\d*)\.received\.partial", re.ASCII)


def snapshot_name(last_included: EntryId) -> str:
    """The file of a finished snapshot."""
    return _name(last_included, _FINISHED)


def received_name(last_included: EntryId) -> str:
    """The file of a leader's snapshot that is being received."""
    return _name(last_included, _RECEIVED)


def received_entry(name: str) -> EntryId | None:
    """The snapshot that was being received in the file; None if that is no such file."""
    match = _RECEIVED_NAME.fullmatch(name)
    return None if match is None else EntryId(term=int(match[2]), index=int(match[1]))


def is_snapshot_file(name: str) -> bool:
    """Whether the file is ours to delete if no mark names it."""
    return name.startswith(_PREFIX) and name.endswith((_FINISHED, _TAKEN))


def is_finished_snapshot(name: str) -> bool:
    """Whether the file has been a snapshot that counts, or was about to."""
    return name.startswith(_PREFIX) and name.endswith(_FINISHED)


def has_file(mark: SnapshotMark) -> bool:
    """Whether the snapshot has content; a founding one has none, and so no file."""
    return mark.size_bytes > 0


def _name(last_included: EntryId, suffix: str) -> str:
    return f"{_PREFIX}{last_included.index}-{last_included.term}{suffix}"


def read_chunk(order: ReadSnapshotChunk) -> ReadAt:
    """The step that reads what a follower is to be sent."""
    return ReadAt(snapshot_name(order.last_included), order.offset, order.size_bytes)


class SnapshotWriter:
    """Writes what the state machine yields, piece by piece, to a file of no name yet.

    There is no such file: none is taken twice in one life, and boot deletes those of others.
    Each piece is synced on its own: one sync at the end would hold up the log, which
    shares the disk lane, for as long as all of it takes.
    """

    def __init__(self, last_included: EntryId) -> None:
        self.last_included = last_included
        self.size_bytes = 0
        self.checksum = 0
        self.file = _name(last_included, _TAKEN)

    def append(self, data: bytes) -> tuple[Step, ...]:
        """The steps that keep the next piece."""
        write = WriteAt(self.file, self.size_bytes, data)
        self.size_bytes += len(data)
        self.checksum = crc32(data, self.checksum)
        return (write, SyncFile(self.file))

    @property
    def taken(self) -> SnapshotTaken:
        """What to tell the node once the steps of all pieces have been done."""
        return SnapshotTaken(
            last_included=self.last_included, size_bytes=self.size_bytes, checksum=self.checksum
        )

    def wrote(self, mark: SnapshotMark) -> bool:
        """Whether the mark names what was written here."""
        return (self.last_included, self.size_bytes, self.checksum) == (
            mark.last_included,
            mark.size_bytes,
            mark.checksum,
        )


@attrs.define
class SnapshotFiles:
    """The snapshot files of a node's directory. Written by its own methods only."""

    _finished: dict[EntryId, SnapshotMark] = attrs.field(factory=dict[EntryId, SnapshotMark])
    _writer: SnapshotWriter | None = None
    _receiving: EntryId | None = None

    @classmethod
    def found(cls, mark: SnapshotMark | None, part: SnapshotPart | None = None) -> "SnapshotFiles":
        """What there is after a boot, which deletes all but the named one and a part."""
        finished = {mark.last_included: mark} if mark is not None and has_file(mark) else {}
        return cls(finished, None, None if part is None else part.last_included)

    def mark_of(self, last_included: EntryId) -> SnapshotMark | None:
        """What the finished snapshot of that entry must be; None if there is none."""
        return self._finished.get(last_included)

    def take(self, last_included: EntryId) -> SnapshotWriter:
        """Begin to write a snapshot of our own."""
        self._writer = SnapshotWriter(last_included)
        return self._writer

    def keep(self, chunk: SnapshotChunk) -> tuple[Step, ...]:
        """The steps that keep a piece of a snapshot that is being received."""
        file = received_name(chunk.last_included)
        write = (WriteAt(file, chunk.offset, chunk.data), SyncFile(file))
        if chunk.offset > 0:
            return write
        # A transfer begins, or begins again. That the file is there is durable from now on.
        fresh = tuple(Delete(received_name(i)) for i in self._begin(chunk.last_included))
        return (*fresh, *write, SyncDirectory())

    def _begin(self, last_included: EntryId) -> tuple[EntryId, ...]:
        given_up, self._receiving = self._receiving, last_included
        if given_up is None or given_up == last_included:
            return (last_included,)
        return (given_up, last_included)

    def finish(self, mark: SnapshotMark) -> tuple[Step, ...]:
        """The steps before the frame that carries the mark (invariant 1)."""
        if not has_file(mark) or mark.last_included in self._finished:
            return ()
        self._finished[mark.last_included] = mark
        source = self._source(mark)
        return (
            SyncFile(source),
            Rename(source, snapshot_name(mark.last_included)),
            SyncDirectory(),
        )

    def _source(self, mark: SnapshotMark) -> str:
        writer = self._writer
        if writer is not None and writer.wrote(mark):
            self._writer = None
            return writer.file
        assert self._receiving == mark.last_included, f"nobody wrote snapshot {mark.last_included}"
        self._receiving = None
        return received_name(mark.last_included)

    def let_go_before(self, last_included: EntryId) -> tuple[Step, ...]:
        """The steps that delete every finished snapshot that this one replaces.

        A later one may be there already: the frame that names it is on its way. A part
        of one that it replaces goes too: no leader sends the rest any more.
        """
        let_go = [other for other in self._finished if other < last_included]
        for other in let_go:
            del self._finished[other]
        part, steps = self._receiving, tuple(Delete(snapshot_name(other)) for other in let_go)
        if part is None or part > last_included:
            return steps
        self._receiving = None
        return (*steps, Delete(received_name(part)))


class SnapshotReader:
    """Reads a named snapshot in pieces, and checks it against its mark.

    Perform `step`, `feed` its result, until `step` is None. What was fed may be used
    at once; but unless the last `feed` returned None, it was not the snapshot.
    """

    def __init__(self, mark: SnapshotMark, piece_bytes: int = PIECE_BYTES) -> None:
        self._mark = mark
        self._piece_bytes = piece_bytes
        self._offset = 0
        self._checksum = 0
        self.file = snapshot_name(mark.last_included)

    @property
    def step(self) -> ReadAt | None:
        """The next read; None when all has been read."""
        size_bytes = min(self._piece_bytes, self._mark.size_bytes - self._offset)
        return ReadAt(self.file, self._offset, size_bytes) if size_bytes > 0 else None

    def feed(self, data: bytes) -> Corrupt | None:
        """The result of the last `step`; says what is wrong with the file, if anything."""
        self._offset += len(data)
        self._checksum = crc32(data, self._checksum)
        if not data:
            return self._corrupt("it ends too early")
        if self._offset == self._mark.size_bytes and self._checksum != self._mark.checksum:
            return self._corrupt("its checksum does not match")
        return None

    def _corrupt(self, what: str) -> Corrupt:
        return Corrupt(self.file, self._offset, f"the snapshot is damaged: {what}")
