"""What the records of a log amount to: hard state, snapshot and entries.

Responsible for replaying writes in order, as `leto.raft.actions.Write` defines them, and
for noticing a log that contradicts itself. It does not know frames or files.

A replay may begin at a later segment than the log did: then the entries of the earlier
ones are *absent*. That is right if the log has let go of them by its end, so an
image says at the end what it lacks (`lacking`).
"""

import attrs

from leto.raft.actions import Write
from leto.raft.entries import Entry, HardState, SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, Index
from leto.wal.records import SegmentHead


@attrs.define
class LogImage:
    """The log as of the last record that was replayed. Written by `replay` only."""

    hard_state: HardState
    snapshot: SnapshotMark | None
    last_index: Index  # of the log, whether the entry is at hand or absent
    absent_until: Index  # entries up to here are not at hand; those after it are
    entries: list[Entry] = attrs.field(factory=list[Entry])

    @classmethod
    def beginning_with(cls, head: SegmentHead) -> "LogImage":
        """The image at the beginning of a segment, without those before it."""
        return cls(head.hard_state, head.snapshot, head.last_index, head.last_index)

    @property
    def before_log(self) -> EntryId:
        """The entry just below the first one that the log keeps."""
        return BEFORE_LOG if self.snapshot is None else self.snapshot.before_log

    def replay(self, write: Write) -> str | None:
        """Do what the write ordered; says what is wrong if that contradicts the log."""
        if write.hard_state is not None:
            self.hard_state = write.hard_state
        return self._truncate(write) or self._append(write) or self._name(write)

    def contradicts(self, head: SegmentHead) -> bool:
        """Whether the head of the next segment tells another story."""
        told = (head.hard_state, head.snapshot, head.last_index)
        return told != (self.hard_state, self.snapshot, self.last_index)

    def lacking(self) -> str | None:
        """Which entries the log should hold and does not."""
        first = self.before_log.index + 1
        if self.absent_until < first:
            return None
        return f"the entries from {first} to {self.absent_until} are missing"

    def _truncate(self, write: Write) -> str | None:
        index = write.truncate_from
        if index is None:
            return None
        if not self.before_log.index < index <= self.last_index + 1:
            return f"the log from {self.before_log} to {self.last_index} is cut at {index}"
        del self.entries[max(0, index - 1 - self.absent_until) :]
        self.last_index = index - 1
        self.absent_until = min(self.absent_until, self.last_index)
        return None

    def _append(self, write: Write) -> str | None:
        for entry in write.entries:
            if entry.id.index != self.last_index + 1:
                return f"entry {entry.id} follows a log that ends at {self.last_index}"
            self.entries.append(entry)
            self.last_index += 1
        return None

    def _name(self, write: Write) -> str | None:
        mark = write.snapshot
        if mark is None:
            return None
        before = mark.before_log
        if before.index < self.before_log.index:
            return f"the log from {self.before_log} is said to begin at {before} again"
        if before.index > self.last_index and self.last_index > self.before_log.index:
            return f"a log that ends at {self.last_index} is said to begin at {before}"
        if mark.last_included.index > max(self.last_index, before.index):
            return f"a log that ends at {self.last_index} is said to hold {mark.last_included}"
        if any(self._differs(entry_id) for entry_id in (before, mark.last_included)):
            return f"snapshot {mark.last_included} contradicts the log"
        self.snapshot = mark
        self._forget_until(before.index)
        return None

    def _differs(self, entry_id: EntryId) -> bool:
        at = entry_id.index - 1 - self.absent_until
        return 0 <= at < len(self.entries) and self.entries[at].id != entry_id

    def _forget_until(self, index: Index) -> None:
        if index > self.absent_until:
            del self.entries[: index - self.absent_until]
            self.absent_until = index
        self.last_index = max(self.last_index, index)
