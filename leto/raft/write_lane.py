"""The one ordered lane of writes: what is durable, and what waits for it (§3.8).

Responsible for collecting what one call of `handle` has to persist into one
`Write`, for knowing how far the log is durable, and for holding back messages
until what they attest is durable. It performs nothing.

Invariants:
    1. `seq` grows by one a write; `written <= issued`.
    2. `durable_index` never counts an entry that a later write truncated.
    3. A held message leaves only when the write that it waits for is durable.
    4. At most `HELD_MAX` messages are held; beyond that the newest are lost.
"""

from collections import deque

import attrs

from leto.raft.actions import Action, Send, Write
from leto.raft.entries import Entry, HardState, SnapshotChunk, SnapshotMark
from leto.raft.errors import EventOutOfOrder
from leto.raft.types import Index, Micros, Seq

HELD_MAX = 4096
"""Messages that may wait for the disk: far more than peers cause in an election
timeout, after which a node whose disk hangs listens to them no more."""


@attrs.define
class _Outstanding:
    seq: Seq
    last_index: Index  # where the log ends once this write is durable
    since: Micros


@attrs.define
class WriteLane:
    """The lane. `durable_index` is the index up to which the log is durable."""

    durable_index: Index
    issued: Seq = 0
    written: Seq = 0
    hard_state_seq: Seq = 0  # the write that made term and vote what they are
    coming: Write | None = None  # what is recorded, to be issued at the end of the event
    _appended: list[Entry] = attrs.field(factory=list[Entry])
    _outstanding: deque[_Outstanding] = attrs.field(factory=deque[_Outstanding])
    _held: deque[tuple[Seq, Send]] = attrs.field(factory=deque[tuple[Seq, Send]])

    @property
    def latest(self) -> Seq:
        """The write that makes everything durable that has been recorded so far."""
        return self.issued if self.coming is None else self.coming.seq

    def has_hung(self, now: Micros, patience_us: Micros) -> bool:
        """Whether the oldest write has been outstanding for longer than that."""
        return bool(self._outstanding) and now - self._outstanding[0].since > patience_us

    def record_hard_state(self, hard_state: HardState) -> None:
        """Term and vote have changed."""
        self._write().hard_state = hard_state
        self.hard_state_seq = self._write().seq

    def record_admission(self, hard_state: HardState) -> None:
        """The node has been admitted: term and vote are what they were, and nothing waits."""
        self._write().hard_state = hard_state

    def record_truncation(self, index: Index) -> None:
        """The log loses its entries from `index` on, durable or not."""
        write = self._write()
        assert not self._appended, "one write truncates before it appends"
        assert write.truncate_from is None, "one write truncates once"
        write.truncate_from = index
        self.durable_index = min(self.durable_index, index - 1)
        for outstanding in self._outstanding:
            outstanding.last_index = min(outstanding.last_index, index - 1)

    def record_entries(self, entries: tuple[Entry, ...]) -> None:
        """The log has grown."""
        self._write()
        self._appended.extend(entries)

    def record_chunk(self, chunk: SnapshotChunk) -> None:
        """A chunk of a snapshot has arrived."""
        self._write().chunk = chunk

    def record_snapshot(self, mark: SnapshotMark) -> None:
        """A snapshot is to be named."""
        self._write().snapshot = mark

    def issue(self, last_index: Index, now: Micros) -> Write | None:
        """What has been recorded, as one write; None if nothing was."""
        write = self.coming
        if write is None:
            return None
        self.coming = None
        self.issued = write.seq
        write.entries = tuple(self._appended)
        self._appended.clear()
        self._outstanding.append(_Outstanding(write.seq, last_index, now))
        return write

    def complete(self, seq: Seq) -> list[Action]:
        """Writes up to `seq` are durable: returns the messages that waited for them.

        Raises:
            EventOutOfOrder: no such write is outstanding.
        """
        if not self.written < seq <= self.issued:
            raise EventOutOfOrder(
                f"written {seq}, but {self.written} was the last and {self.issued} the latest"
            )
        while self._outstanding and self._outstanding[0].seq <= seq:
            self.durable_index = self._outstanding.popleft().last_index
        self.written = seq
        released: list[Action] = []
        while self._held and self._held[0][0] <= seq:
            released.append(self._held.popleft()[1])
        return released

    def hold(self, send: Send, after: Seq) -> None:
        """Keep the message until write `after`, and whatever is held already, is durable."""
        if len(self._held) >= HELD_MAX:
            return  # any message may be lost; its sender's or receiver's timer asks again
        assert after <= self.latest, f"write {after} may never come: {self.latest} is the latest"
        behind = self._held[-1][0] if self._held else 0
        self._held.append((max(after, behind), send))

    def _write(self) -> Write:
        if self.coming is None:
            self.coming = Write(seq=self.issued + 1)
        return self.coming
