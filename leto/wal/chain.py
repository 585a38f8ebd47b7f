"""How segments continue each other: from frames to one log, or to an objection.

Responsible for going on from segment to segment, for replaying what they say into an
image, and for judging a bad frame by what follows it (`leto.wal.recovery` tells how a
torn tail differs from corruption). It reads nothing.
"""

from collections.abc import Container

import attrs

from leto.raft.actions import Write
from leto.raft.types import Index
from leto.wal.corruption import Corrupt
from leto.wal.frames import SegmentReader, segment_name
from leto.wal.image import LogImage
from leto.wal.records import NOWHERE, ClusterJoined, Position, SegmentHead


@attrs.define
class Segment:
    """A segment that is there, and the highest index of any entry in it."""

    number: int
    highest_index: Index = 0


@attrs.frozen
class Objection:
    """A place in the log, and what is wrong there."""

    at: Position
    reason: str

    def __str__(self) -> str:
        return f"{segment_name(self.at.segment)} at offset {self.at.offset}: {self.reason}"

    @property
    def as_corrupt(self) -> Corrupt:
        """The same, as the operator is told."""
        return Corrupt(segment_name(self.at.segment), self.at.offset, self.reason)


@attrs.define
class Chain:
    """The log as far as it was read. Written by its own methods only."""

    head: SegmentHead | None = None  # of the last segment, with the cluster named since
    image: LogImage | None = None  # there is one as soon as there is a head
    segments: list[Segment] = attrs.field(factory=list[Segment])
    frames: int = 0  # that the log has had, those of deleted segments too
    end: Position = NOWHERE  # of the last segment that was closed
    damage: Objection | None = None  # the first bad frame since the last good head
    furthest: Position = NOWHERE  # the furthest sync mark since then

    def enter(
        self, segment: int, head: SegmentHead, sequence: int, found: Container[int]
    ) -> Objection | None:
        """Go on with the segment that begins with this head; `found` are those that exist."""
        previous = head.previous.segment
        if self.segments and self.segments[-1].number == previous:
            objection = self._objection_to(segment, head, sequence)
            if objection is not None:
                return objection
        elif previous in found:
            reason = f"it cannot be read, but {segment_name(segment)} continues it"
            return self.damage or Objection(Position(previous, 0), reason)
        else:  # the first one, or compaction deleted what was between
            self.image = LogImage.beginning_with(head)
            self.segments.clear()
        self.head = head
        self.segments.append(Segment(segment))
        self.frames = sequence
        self.damage, self.furthest = None, NOWHERE
        return None

    def replay(self, at: Position, record: ClusterJoined | Write) -> Objection | None:
        """Let the next record of the segment count."""
        assert self.head is not None, "a segment begins with a head"
        assert self.image is not None, "a head begins an image"
        self.frames += 1
        if isinstance(record, ClusterJoined):
            self.head = attrs.evolve(self.head, cluster_id=record.cluster_id)
            return None
        reason = self.image.replay(record)
        if record.entries:
            newest = self.segments[-1]
            newest.highest_index = max(newest.highest_index, record.entries[-1].id.index)
        return None if reason is None else Objection(at, reason)

    def close(self, reader: SegmentReader) -> None:
        """The segment has been read to its end."""
        if self.segments and self.segments[-1].number == reader.segment:
            self.end = reader.end
        self.furthest = max(self.furthest, reader.furthest)
        if reader.error is not None and self.damage is None:
            self.damage = Objection(reader.end, reader.error)

    def final_objection(self) -> Objection | None:
        """What is wrong with the log as a whole, now that all of it has been read."""
        if self.damage is not None and self.furthest > self.damage.at:
            return self.damage
        lacking = None if self.image is None else self.image.lacking()
        if lacking is not None:
            return Objection(Position(self.segments[0].number, 0), lacking)
        return None

    def _objection_to(self, segment: int, head: SegmentHead, sequence: int) -> Objection | None:
        assert self.image is not None, "a head begins an image"
        if head.previous > self.end:
            return self.damage or Objection(self.end, "the segment ends too early")
        continues = head.previous == self.end and sequence == self.frames + 1
        if not continues or self.image.contradicts(head):
            return Objection(Position(segment, 0), "its head contradicts the segment before it")
        return None
