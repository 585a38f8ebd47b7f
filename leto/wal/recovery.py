"""What a log holds after a crash: found by reading, never by guessing.

Responsible for reading the segments in order, for telling a torn tail from corruption,
and for what the snapshot files must look like. It performs no read: it says which one is
next (`step`) and is fed the bytes, so boot runs through the same door as everything.

How a tail is told from corruption. The good frames of a segment end at the first bad one.
Three things may be behind that place:

    1. A later segment whose head says that the log ended right there. Then the bad frame
       was a torn tail, judged and dropped by an earlier boot: go on with that segment.
    2. A later segment whose head says that the log went on beyond. That head was written
       after the old segment was synced to its end, so the frame was durable: corruption.
    3. No head that is good. Then all that follows belongs to the same unsynced tail, or
       was durable and is damaged. Each frame's sync mark says how far the log was durable
       when it was written; so if any header behind the place has a mark beyond it, what is
       bad was durable: corruption. Otherwise nothing says that it was, and all from there
       on is dropped: of several writes in flight a power cut may keep the second and lose
       the first, which is no corruption.

What this cannot see is damage to the last frames that were synced, as long as no later
frame bears witness: no checksum can tell them from a torn tail. Two frames is the most
that the node has in flight.

A segment that does not continue the one before it, because compaction has deleted what
lies between (deletions reach the disk in any order), begins the log anew: its head
repeats what matters, and the image says at the end whether an entry is missing.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from leto.raft.entries import Entry, SnapshotMark, SnapshotPart
from leto.wal.chain import Chain, Objection, Segment
from leto.wal.corruption import UPGRADE, Corrupt
from leto.wal.frames import Frame, SegmentReader, segment_name, segment_number
from leto.wal.parts import PartReader, find_part
from leto.wal.records import NOWHERE, Position, SegmentHead
from leto.wal.snapshots import (
    has_file,
    is_finished_snapshot,
    is_snapshot_file,
    received_name,
    snapshot_name,
)
from leto.wal.steps import ReadAt

PIECE_BYTES: Final = 64 << 10
"""How much is read at a time: some milliseconds of parsing, if every write was small."""


@attrs.frozen(kw_only=True)
class Recovered:
    """What the directory holds.

    `head` says what the log amounts to at its end; None if there is no node here.
    """

    head: SegmentHead | None = None
    entries: tuple[Entry, ...] = ()  # those after the snapshot's `before_log`
    end: Position = NOWHERE
    frames: int = 0  # that the log has had, those of deleted segments too
    segments: tuple[Segment, ...] = ()
    next_segment: int = 1
    part: SnapshotPart | None = None  # of a snapshot that was being received
    leftovers: tuple[str, ...] = ()  # files of ours that nothing names, but for that part
    dropped_tail: str | None = None  # what was torn and where, for the operator


class Recovery:
    """Reads a node's log, piece by piece.

    Perform `step`, `feed` its result, until `outcome` says what there is.
    """

    def __init__(
        self,
        files: Iterable[tuple[str, int]],
        *,
        chunk_bytes: int,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        """The files of the directory, each with its name and its size in bytes.

        `chunk_bytes` is the size of the chunks in which snapshots are received.
        """
        self._files: Final = dict(files)
        self._piece_bytes = piece_bytes
        self._chunk_bytes = chunk_bytes
        numbers = (segment_number(name) for name in self._files)
        self._numbers = sorted(number for number in numbers if number is not None)
        self._to_read = iter(self._numbers)
        self._chain = Chain()
        self._reader = SegmentReader(0)
        self._size_bytes = self._offset = 0
        self._part: tuple[PartReader, Recovered] | None = None  # when all else has been read
        self.outcome: Recovered | Corrupt | None = None  # written once
        self._open_next()

    @property
    def step(self) -> ReadAt | None:
        """The next read; None when there is an outcome."""
        if self.outcome is not None:
            return None
        if self._part is not None:
            return self._part[0].step
        size_bytes = min(self._piece_bytes, self._size_bytes - self._offset)
        return ReadAt(segment_name(self._reader.segment), self._offset, size_bytes)

    def feed(self, data: bytes) -> None:
        """The result of the last `step`."""
        if self._part is not None:
            self._feed_part(*self._part, data)
            return
        self._offset += len(data)
        for frame in self._reader.feed(data):
            objection = self._objection_to(frame)
            if objection is not None:
                self.outcome = objection.as_corrupt
                return
        if not data or self._offset >= self._size_bytes:
            self._close()

    def _open_next(self) -> None:
        """Turn to the next segment that has any bytes; conclude if there is none."""
        for number in self._to_read:
            self._size_bytes = self._files[segment_name(number)]
            self._reader, self._offset = SegmentReader(number), 0
            if self._size_bytes > 0:
                return
        self._look_for_part(self._conclude())

    def _look_for_part(self, recovered: Recovered | Corrupt) -> None:
        if isinstance(recovered, Corrupt) or recovered.head is None:
            self.outcome = recovered
            return
        last_included = find_part(self._files, recovered.head.snapshot)
        size_bytes = 0 if last_included is None else self._files[received_name(last_included)]
        if last_included is None or size_bytes <= self._chunk_bytes:
            self.outcome = recovered
            return
        reader = PartReader(
            last_included,
            size_bytes,
            chunk_bytes=self._chunk_bytes,
            piece_bytes=self._piece_bytes,
        )
        self._part = reader, recovered

    def _feed_part(self, reader: PartReader, recovered: Recovered, data: bytes) -> None:
        reader.feed(data)
        if reader.step is not None:
            return
        part = reader.part
        kept = () if part is None else (received_name(part.last_included),)
        leftovers = tuple(name for name in recovered.leftovers if name not in kept)
        self.outcome = attrs.evolve(recovered, part=part, leftovers=leftovers)

    def _close(self) -> None:
        self._reader.finish()
        self._chain.close(self._reader)
        if self._reader.is_foreign:
            place, reason = self._reader.end, self._reader.error or ""
            self.outcome = Corrupt(segment_name(place.segment), place.offset, reason, UPGRADE)
        else:
            self._open_next()

    def _objection_to(self, frame: Frame) -> Objection | None:
        """Let the frame count, unless something speaks against it."""
        at = Position(self._reader.segment, frame.offset)
        is_head = isinstance(frame.record, SegmentHead)
        if is_head != (frame.offset == 0):
            return Objection(at, "a segment has one head, and begins with it")
        if isinstance(frame.record, SegmentHead):
            return self._chain.enter(at.segment, frame.record, frame.sequence, self._numbers)
        return self._chain.replay(at, frame.record)

    def _conclude(self) -> Recovered | Corrupt:
        chain = self._chain
        objection = chain.final_objection()
        if objection is not None:
            return objection.as_corrupt
        if chain.head is None and (widow := self._finished_snapshot()) is not None:
            return Corrupt(widow, 0, "there is a snapshot, but no log that names it")
        mark = None if chain.image is None else chain.image.snapshot
        return self._corrupt_snapshot(mark) or Recovered(
            head=self._final_head(),
            entries=() if chain.image is None else tuple(chain.image.entries),
            end=chain.end,
            frames=chain.frames,
            segments=tuple(chain.segments),
            next_segment=max(self._numbers, default=0) + 1,
            leftovers=self._leftovers(mark),
            dropped_tail=None if chain.damage is None else str(chain.damage),
        )

    def _final_head(self) -> SegmentHead | None:
        """What the head of the next segment has to say."""
        head, image = self._chain.head, self._chain.image
        if head is None or image is None:
            return None
        return attrs.evolve(
            head,
            hard_state=image.hard_state,
            snapshot=image.snapshot,
            last_index=image.last_index,
            previous=self._chain.end,
        )

    def _finished_snapshot(self) -> str | None:
        """A file of a name that a snapshot gets when a log is there to name it."""
        return next(filter(is_finished_snapshot, sorted(self._files)), None)

    def _corrupt_snapshot(self, mark: SnapshotMark | None) -> Corrupt | None:
        if mark is None or not has_file(mark):
            return None
        name = snapshot_name(mark.last_included)
        if name not in self._files:
            return Corrupt(name, 0, "the log names this snapshot, but there is no such file")
        size_bytes = self._files[name]
        if size_bytes != mark.size_bytes:
            reason = f"it has {size_bytes} bytes where the log says {mark.size_bytes}"
            return Corrupt(name, min(size_bytes, mark.size_bytes), reason)
        return None

    def _leftovers(self, mark: SnapshotMark | None) -> tuple[str, ...]:
        named = {segment_name(segment.number) for segment in self._chain.segments}
        if mark is not None:
            named.add(snapshot_name(mark.last_included))
        return tuple(sorted(name for name in self._files if _is_ours(name) and name not in named))


def _is_ours(name: str) -> bool:
    return segment_number(name) is not None or is_snapshot_file(name)
