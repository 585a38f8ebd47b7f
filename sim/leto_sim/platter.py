"""What a node's disk holds, at the level of `Write`s.

Responsible for the image that a sequence of `Write`s leaves, and for what a
starting node finds of it. When a write becomes durable, and which are lost at a
crash, is `leto_sim.node_level.disk` and `leto_sim.server_level.files`. The checkers read platters: what a node says is
durable counts for nothing.

Invariants:
    1. The log follows `before_log` without a gap.
    2. A snapshot that is named has its whole content here, of the named checksum.
"""

import zlib
from collections.abc import Sequence

from leto.raft.actions import Write
from leto.raft.entries import (
    Entry,
    HardState,
    Restored,
    SnapshotChunk,
    SnapshotMark,
    SnapshotPart,
)
from leto.raft.types import BEFORE_LOG, EntryId, Index, NodeId
from leto_sim.result import PropertyViolated

PLATTER_INTACT = "writes describe a disk that can be"


class LogImage:
    """A log as a sequence of writes leaves it: the entries after `before_log`."""

    __slots__ = ("before_log", "entries")

    def __init__(self, before_log: EntryId = BEFORE_LOG, entries: Sequence[Entry] = ()) -> None:
        self.before_log = before_log
        self.entries = list(entries)

    @property
    def last(self) -> EntryId:
        """Where the log ends."""
        return self.entries[-1].id if self.entries else self.before_log

    @property
    def last_index(self) -> Index:
        """The index at which the log ends."""
        return self.before_log.index + len(self.entries)

    def id_at(self, index: Index) -> EntryId | None:
        """The id of the entry at that index; None if it is not here (any more)."""
        before = self.before_log.index
        if before < index <= before + len(self.entries):
            return self.entries[index - before - 1].id
        return self.before_log if index == before else None

    def between(self, after: Index, up_to: Index) -> list[Entry]:
        """The entries after the one index, up to the other, as far as they are here."""
        before = self.before_log.index
        return self.entries[max(after - before, 0) : max(up_to - before, 0)]

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry is here, or was compacted away (which only committed ones are)."""
        position = entry.index - self.before_log.index - 1
        if position < 0:
            return position < -1 or self.before_log == entry
        entries = self.entries
        return position < len(entries) and (
            entries[position].id is entry or entries[position].id == entry
        )

    def perform(self, write: Write) -> None:
        """Does to the log what the write says."""
        if write.truncate_from is not None:
            self._truncate_from(write.truncate_from)
        if write.entries:
            self._append(write.entries)
        mark = write.snapshot
        if mark is not None and mark.before_log.index > self.last_index:
            # The log does not reach the snapshot: it starts anew. What is left of it lies
            # before an older snapshot, and was not compacted yet.
            self.entries.clear()
            self.before_log = mark.before_log

    def compact(self, before_log: EntryId) -> None:
        """Forgets the entries up to `before_log`."""
        if before_log.index > self.before_log.index:
            del self.entries[: before_log.index - self.before_log.index]
            self.before_log = before_log

    def _truncate_from(self, index: Index) -> None:
        kept = index - self.before_log.index - 1
        if not 0 <= kept <= len(self.entries):
            raise PropertyViolated(
                PLATTER_INTACT, f"truncates from {index}, with a log after {self.before_log}"
            )
        del self.entries[kept:]

    def _append(self, entries: Sequence[Entry]) -> None:
        if entries[0].id.index != self.last_index + 1:
            raise PropertyViolated(
                PLATTER_INTACT, f"appends {entries[0].id} to a log that ends with {self.last}"
            )
        self.entries.extend(entries)


class Platter:
    """The durable image: term and vote, log, the named snapshot and contents beside the log."""

    def __init__(self, founding: SnapshotMark | None = None, content: bytes = b"") -> None:
        self.hard_state = HardState()
        self.snapshot = founding
        self.log = LogImage()
        # Contents of our own taking and from a leader; a name decides which of them counts.
        self._contents: dict[EntryId, bytes] = {}
        self._received: dict[EntryId, bytearray] = {}
        if founding is not None:
            self._contents[founding.last_included] = content

    @property
    def last(self) -> EntryId:
        """The last entry that would be found after a power cut."""
        return self.log.last

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry would be found after a power cut, itself or in the snapshot."""
        mark = self.snapshot
        covered = mark is not None and entry.index <= mark.last_included.index
        return covered or self.log.holds(entry)

    def perform(self, write: Write) -> None:
        """Makes the write durable: all of it."""
        if write.hard_state is not None:
            self.hard_state = write.hard_state
        self.log.perform(write)
        if write.chunk is not None:
            self._keep_chunk(write.chunk)
        if write.snapshot is not None:
            self._name_snapshot(write.snapshot)

    def keep_content(self, last_included: EntryId, content: bytes) -> None:
        """Keeps the content of a snapshot that was taken here, not named yet."""
        self._contents[last_included] = content

    def content(self, mark: SnapshotMark) -> bytes:
        """The content of the snapshot that is named so."""
        content = self._contents.get(mark.last_included)
        if content is None or not _is_content_of(mark, content):
            raise PropertyViolated(PLATTER_INTACT, f"no content for the snapshot {mark}")
        return content

    def content_piece(self, last_included: EntryId, offset: int, size_bytes: int) -> bytes:
        """A piece of a snapshot's content; what `ReadSnapshotChunk` asks for."""
        content = self._contents.get(last_included)
        if content is None:
            raise PropertyViolated(
                PLATTER_INTACT, f"reads a snapshot that was deleted: {last_included}"
            )
        return content[offset : offset + size_bytes]

    def compact(self, before_log: EntryId, last_included: EntryId) -> None:
        """Deletes what `Compact` says is needed no more."""
        self.log.compact(before_log)
        for entry in [entry for entry in self._contents if entry != last_included]:
            if self.snapshot is not None and entry == self.snapshot.last_included:
                raise PropertyViolated(PLATTER_INTACT, f"deletes the named snapshot {entry}")
            del self._contents[entry]

    def restored(self, node_id: NodeId, incarnation: int) -> Restored:
        """What a node that starts finds here. Deletes the snapshots that are not named.

        What was being received stays: the node may go on there.
        """
        mark = self.snapshot
        if mark is None:
            self._contents.clear()
        else:
            self._contents = {mark.last_included: self.content(mark)}
            self.log.compact(mark.before_log)
        return Restored(
            node_id=node_id,
            incarnation=incarnation,
            hard_state=self.hard_state,
            snapshot=mark,
            entries=tuple(self.log.entries),
            part=self._part(),
        )

    def _part(self) -> SnapshotPart | None:
        for last_included, received in self._received.items():
            return SnapshotPart(
                last_included=last_included,
                size_bytes=len(received),
                checksum=zlib.crc32(received),
            )
        return None

    def _keep_chunk(self, chunk: SnapshotChunk) -> None:
        if chunk.offset == 0:
            self._received = {chunk.last_included: bytearray()}
        received = self._received.get(chunk.last_included)
        if received is None or len(received) != chunk.offset:
            raise PropertyViolated(
                PLATTER_INTACT,
                f"a chunk at {chunk.offset} of {chunk.last_included} does not follow the one before",
            )
        received += chunk.data

    def _name_snapshot(self, mark: SnapshotMark) -> None:
        received = self._received.pop(mark.last_included, None)
        if received is not None and _is_content_of(mark, received):
            self._contents[mark.last_included] = bytes(received)
        self.snapshot = mark
        self.content(mark)  # Invariant 2.


def _is_content_of(mark: SnapshotMark, content: bytes | bytearray) -> bool:
    return len(content) == mark.size_bytes and zlib.crc32(content) == mark.checksum
