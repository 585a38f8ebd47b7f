"""What is durable on a server's disk, read from the platters' bytes.

Responsible for following one machine's write-ahead log as syncs complete, frame by
frame, and for the image that the frames leave (`leto_sim.platter`). The server's word
counts for nothing: only bytes that a power cut would spare are read. It also checks
what one life of a server finds of another's: a new segment says where the log ended,
and that must be where the platters' log ends.
"""

from collections.abc import Callable
from typing import Final

from leto.raft.actions import Write
from leto.raft.types import EntryId, NodeId
from leto.wal import (
    Identity,
    Position,
    Record,
    SegmentHead,
    SegmentReader,
    has_file,
    segment_name,
    segment_number,
    snapshot_name,
)
from leto.wal.records import NOWHERE
from leto_sim.platter import LogImage, Platter
from leto_sim.result import PropertyViolated
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.records import Records

DURABLE_IS_FOUND: Final = "what is durable is found again, and nothing else"


class ServerPlatter:
    """The durable image of one machine's server, and who that is."""

    def __init__(self, name: str, directory: SimulatedDirectory) -> None:
        self.platter = Platter()
        self.identity: Identity | None = None
        self._incarnation = 0
        self._lived = 0  # the latest incarnation that took part
        self._name = name
        self._directory = directory
        self.records = Records()
        self._reader = SegmentReader(0)
        self._read_bytes = 0  # of that reader's segment
        self._segments: list[int] = []  # whose names are durable, as of so many changes
        self._as_of = 0

    @property
    def node_id(self) -> NodeId | None:
        """Who the node is; None while nothing durable says so."""
        return None if self.identity is None else self.identity.node_id

    @property
    def furthest_mark(self) -> Position:
        """The furthest place that a durable frame knew to be synced."""
        return self._reader.furthest

    def memory(self) -> LogImage:
        """A log as the durable one is now, to go on from."""
        log = self.platter.log
        return LogImage(log.before_log, log.entries)

    def begin_life(self) -> None:
        """A server takes part from now on; no life before had its incarnation."""
        if self._incarnation <= self._lived:
            raise self._violation(
                f"incarnation {self._incarnation} begins after {self._lived} was lived"
            )
        self._lived = self._incarnation

    def catch_up(self, about_to_perform: Callable[[Write], None]) -> None:
        """Read what has become durable. Each write is announced before it counts."""
        self._read_on(None, about_to_perform)
        for number in self._later_segments():
            data = self._synced_from(number, 0)
            reader = SegmentReader(number, self.records.durable)
            frames = reader.feed(data)
            if frames and isinstance(frames[0].record, SegmentHead):
                self._turn_to(number, frames[0].record, about_to_perform)
                self._reader, self._read_bytes = reader, len(data)
                for frame in frames:
                    self._perform(frame.record, about_to_perform)

    def _later_segments(self) -> list[int]:
        """Sorted. Hardly any sync makes a name durable: only then all of them are looked at."""
        if self._as_of != self._directory.durable_changes:
            self._as_of = self._directory.durable_changes
            numbers = map(segment_number, self._directory.durable_files())
            self._segments = sorted(number for number in numbers if number is not None)
        return [number for number in self._segments if number > self._reader.segment]

    def _turn_to(
        self, number: int, head: SegmentHead, about_to_perform: Callable[[Write], None]
    ) -> None:
        if head.previous.segment == self._reader.segment:
            self._read_on(head.previous.offset, about_to_perform)
        if self._reader.end != head.previous:
            raise self._violation(
                f"segment {number} says that the log ended at {_place(head.previous)},"
                f" where {_place(self._reader.end)} is durable"
            )
        if head.previous == NOWHERE:
            self.platter = Platter(head.snapshot)  # a node is born here
        platter = self.platter
        told = (head.hard_state, head.snapshot, head.last_index)
        if told != (platter.hard_state, platter.snapshot, platter.last.index):
            raise self._violation(
                f"the head of segment {number} tells another story: {head} after"
                f" {platter.hard_state}, {platter.snapshot}, {platter.last}"
            )
        self.identity = head.identity
        self._incarnation = head.incarnation

    def _read_on(self, until: int | None, about_to_perform: Callable[[Write], None]) -> None:
        data = self._synced_from(self._reader.segment, self._read_bytes)
        if until is not None:
            data = data[: max(0, until - self._read_bytes)]
        if data:
            self._read_bytes += len(data)
            for frame in self._reader.feed(data):
                self._perform(frame.record, about_to_perform)

    def _synced_from(self, segment: int, offset: int) -> bytes:
        file = self._directory.durable_files().get(segment_name(segment))
        return b"" if file is None else file.synced_from(offset)

    def _perform(self, record: Record, about_to_perform: Callable[[Write], None]) -> None:
        if not isinstance(record, Write):
            return
        about_to_perform(record)
        mark = record.snapshot
        if mark is not None and has_file(mark):
            self.platter.keep_content(mark.last_included, self._content(mark.last_included))
        elif mark is not None:
            self.platter.keep_content(mark.last_included, b"")
        self.platter.perform(record)
        if mark is not None:
            self.platter.compact(mark.before_log, mark.last_included)

    def _content(self, last_included: EntryId) -> bytes:
        file = self._directory.durable_files().get(snapshot_name(last_included))
        if file is None:
            raise self._violation(f"snapshot {last_included} is named, and its file is not durable")
        return file.synced()

    def _violation(self, what: str) -> PropertyViolated:
        return PropertyViolated(DURABLE_IS_FOUND, f"{self._name}: {what}", node=self._name)


def _place(position: Position) -> str:
    return f"{position.segment}+{position.offset}"
