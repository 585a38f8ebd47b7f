"""When a state machine does what it is told."""

import zlib
from collections.abc import Sequence

import pytest

from leto.raft.actions import Apply, ReadSnapshotChunk, RestoreSnapshot, TakeSnapshot
from leto.raft.configuration import Configuration
from leto.raft.entries import Command, Entry, SnapshotMark
from leto.raft.events import Applied, Event, SnapshotChunkRead, SnapshotRestored, SnapshotTaken
from leto.raft.types import EntryId, Index, Micros
from leto_sim.clock import MS
from leto_sim.node_level.machine_work import MachineWork
from leto_sim.node_level.replica import Replica
from leto_sim.platter import Platter
from leto_sim.randomness import Draws
from leto_sim.scheduler import Scheduler

CONTENT = b"content"
LAST = EntryId(term=1, index=3)


class Noted(Replica):
    """Notes what it is told, in a machine's place."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def begin(self, what: str) -> None:
        self.told.append(what)

    def end(self) -> None:
        self.told.append("done")

    def apply(self, entries: Sequence[Entry]) -> None:
        self.told.append(entries[-1].id.index)

    def snapshot(self, index: Index) -> bytes:
        self.told.append(index)
        return CONTENT

    def restore(self, index: Index, content: bytes) -> None:
        self.told.append((index, content))


class Bench:
    """One life's work, and what the node hears of it."""

    def __init__(self, seed: int = 1) -> None:
        self.scheduler, self.platter, self.replica = Scheduler(), Platter(), Noted()
        self.heard: list[Event] = []
        self.times: list[Micros] = []
        draws = Draws(seed, "machine", 1, 1)
        self.work = MachineWork(
            self.replica, self.platter, self.scheduler, draws, MS, tell=self._hear
        )

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        self.times.append(self.scheduler.now)

    def finish(self) -> None:
        while self.scheduler.step():
            pass


def entries_at(index: Index) -> Apply:
    return Apply((Entry(EntryId(term=1, index=index), Command(b"")),))


@pytest.mark.parametrize("seed", range(5))
def test_entries_are_applied_in_the_order_of_the_orders(seed: int) -> None:
    bench = Bench(seed)

    for index in (1, 2, 3):
        bench.work.apply(entries_at(index))
    bench.finish()

    assert [Applied(1), Applied(2), Applied(3)] == bench.heard
    assert 3 * ["entries to be applied"] == bench.replica.told[:3]
    assert [1, "done", 2, "done", 3, "done"] == bench.replica.told[3:]


def test_a_snapshot_has_the_content_of_when_it_was_ordered() -> None:
    bench = Bench()

    bench.work.take_snapshot(TakeSnapshot(LAST))
    assert [LAST.index] == bench.replica.told
    assert [] == bench.heard
    bench.finish()

    (taken,) = bench.heard
    assert isinstance(taken, SnapshotTaken)
    assert (LAST, len(CONTENT)) == (taken.last_included, taken.size_bytes)
    assert CONTENT == bench.platter.content_piece(LAST, 0, 100)


def test_a_snapshot_is_read_in_pieces() -> None:
    bench = Bench()
    bench.platter.keep_content(LAST, CONTENT)
    order = ReadSnapshotChunk(transfer=7, last_included=LAST, offset=3, size_bytes=2)

    bench.work.read_chunk(order)
    bench.finish()

    assert [SnapshotChunkRead(transfer=7, offset=3, data=CONTENT[3:5])] == bench.heard


def test_what_a_snapshot_holds_replaces_the_content() -> None:
    bench = Bench()
    bench.platter.keep_content(LAST, CONTENT)
    mark = SnapshotMark(
        last_included=LAST,
        configuration=Configuration(),
        size_bytes=len(CONTENT),
        checksum=zlib.crc32(CONTENT),
    )

    bench.work.restore(RestoreSnapshot(mark))
    bench.finish()

    assert [SnapshotRestored(LAST)] == bench.heard
    assert ["a snapshot to be restored", (LAST.index, CONTENT), "done"] == bench.replica.told


def test_who_is_dead_does_nothing_any_more() -> None:
    bench = Bench()
    bench.work.apply(entries_at(1))

    bench.work.end()
    bench.finish()

    assert [] == bench.heard
    assert ["entries to be applied"] == bench.replica.told


def test_a_slow_processor_takes_longer_for_each() -> None:
    quick, slow = Bench(), Bench()
    slow.work.slowed_by_us = 10 * MS

    for bench in (quick, slow):
        bench.work.apply(entries_at(1))
        bench.work.apply(entries_at(2))
        bench.finish()

    assert [time + late for time, late in zip(quick.times, (10 * MS, 20 * MS), strict=True)] == (
        slow.times
    )
