"""The replicated log in memory: what follows the entry `before_log`.

Responsible for finding, cutting and extending. It does not decide what may be
appended or cut (`leto.raft.replication`), nor know what is durable
(`leto.raft.write_lane`).

     before_log      first                last
         3@1      |   4@1    5@2    6@2   7@3
     compacted    |   in memory

Invariants:
    1. Indexes are contiguous, from `before_log.index + 1` to `last.index`.
    2. Terms never decrease.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import attrgetter

import attrs

from leto.raft.entries import Entry
from leto.raft.types import EntryId, Index, Term

_term_of = attrgetter("id.term")


@attrs.define
class Log:
    """Entries after `before_log`. Written by replication, snapshots and membership."""

    before_log: EntryId
    last: EntryId = attrs.field(init=False)
    _entries: list[Entry] = attrs.field(init=False, factory=list[Entry])
    # The running total of sizes before the first entry, and up to and with each entry, so
    # that a run of entries is weighed and cut by subtraction and bisection.
    _totals: list[int] = attrs.field(init=False, factory=lambda: [0])

    def __attrs_post_init__(self) -> None:
        self.last = self.before_log

    @property
    def size_bytes(self) -> int:
        """What the entries in memory weigh."""
        return self._totals[-1] - self._totals[0]

    @property
    def first_index(self) -> Index:
        """The index of the first entry in memory, whether there is one or not."""
        return self.before_log.index + 1

    def term_at(self, index: Index) -> Term | None:
        """The term of the entry there; None if it is compacted or not there yet."""
        position = index - self.before_log.index - 1
        if 0 <= position < len(self._entries):
            return self._entries[position].id.term
        return self.before_log.term if position == -1 else None

    def id_at(self, index: Index) -> EntryId:
        """The id of the entry there, which must be in the log or just before it."""
        last = self.last
        if index == last.index:
            return last
        position = index - self.before_log.index - 1
        assert -1 <= position < len(self._entries), (
            f"no entry at {index}: {self.before_log}..{last}"
        )
        return self._entries[position].id if position >= 0 else self.before_log

    def holds(self, entry: EntryId) -> bool:
        """Whether this very entry is in the log, or just before it."""
        last = self.last
        if entry.index == last.index:
            return entry.term == last.term
        return self.term_at(entry.index) == entry.term

    def entries_from(self, index: Index, *, until: Index, bytes_max: int) -> tuple[Entry, ...]:
        """Entries `index` to `until` as far as `bytes_max` goes, but one at least."""
        assert index > self.before_log.index, f"{index} is compacted: {self.before_log}"
        start = index - self.before_log.index - 1
        stop = min(until - self.before_log.index, len(self._entries))
        totals = self._totals
        size_max = totals[start] + bytes_max
        if start < stop and totals[stop] > size_max:
            stop = max(bisect_right(totals, size_max, lo=start, hi=stop) - 1, start + 1)
        return tuple(self._entries[start:stop])

    def size_of(self, index: Index, *, until: Index) -> int:
        """What the entries `index` to `until` weigh."""
        start = index - self.before_log.index - 1
        return self._totals[until - self.before_log.index] - self._totals[start]

    def append(self, entries: Iterable[Entry]) -> None:
        """Add entries behind `last`. O(entries)."""
        for entry in entries:
            assert entry.id.index == self.last.index + 1, f"gap: {entry.id} after {self.last}"
            assert entry.id.term >= self.last.term, f"term fell: {entry.id} after {self.last}"
            self._totals.append(self._totals[-1] + entry.size_bytes)
            self._entries.append(entry)
            self.last = entry.id

    def truncate_from(self, index: Index) -> None:
        """Drop the entries from `index` on. O(dropped)."""
        assert index > self.before_log.index, f"{index} is compacted: {self.before_log}"
        position = index - self.before_log.index - 1
        del self._entries[position:]
        del self._totals[position + 1 :]
        self.last = self._entries[-1].id if self._entries else self.before_log

    def compact_to(self, entry: EntryId) -> None:
        """Forget the entries up to this one. O(log)."""
        assert self.holds(entry), f"{entry} is not in the log {self.before_log}..{self.last}"
        position = entry.index - self.before_log.index
        del self._entries[:position]
        del self._totals[:position]
        self.before_log = entry

    def reset_to(self, entry: EntryId) -> None:
        """Forget everything: the log begins behind `entry` now (§5.1)."""
        self._entries.clear()
        self._totals = [0]
        self.before_log = self.last = entry

    def last_not_after(self, entry: EntryId) -> EntryId:
        """The last entry that is not after `entry` in index nor in term, or `before_log`.

        O(log entries): terms never decrease, so it is found by bisection.
        """
        count = min(max(entry.index - self.before_log.index, 0), len(self._entries))
        position = bisect_right(self._entries, entry.term, hi=count, key=_term_of)
        return self._entries[position - 1].id if position else self.before_log

    def trailing_start(self, entry: EntryId, *, entries_max: int, bytes_max: int) -> EntryId:
        """Where a log that ends at `entry` begins if it keeps at most that much."""
        length = entry.index - self.before_log.index
        # What is dropped must weigh this much in total for the rest to be light enough.
        dropped = bisect_left(self._totals, self._totals[length] - bytes_max, hi=length)
        return self.id_at(self.before_log.index + max(dropped, length - entries_max))
