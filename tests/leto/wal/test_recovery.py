"""What a log holds after kills, power cuts and rotten bits.

The disk here is a model of the worst that a disk may do: of what was not synced, any
subset of sectors is lost, files end anywhere, and each change of the directory is kept
or undone on its own.
"""

from collections import deque
from collections.abc import Callable, Iterable
from random import Random
from zlib import crc32

import attrs
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from leto.raft.actions import Compact, Write
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import (
    Command,
    Entry,
    HardState,
    SnapshotChunk,
    SnapshotMark,
    SnapshotPart,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto.wal.chain import Segment
from leto.wal.corruption import UPGRADE, Corrupt
from leto.wal.frames import SegmentReader, encode_frame, segment_name, segment_number
from leto.wal.log import Opened, create_log, open_log
from leto.wal.records import NOWHERE, ClusterJoined, Identity, Position, Record, SegmentHead
from leto.wal.recovery import Recovered, Recovery
from leto.wal.snapshots import SnapshotReader, has_file, is_finished_snapshot
from leto.wal.steps import (
    Delete,
    ReadAt,
    Rename,
    Step,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)
from leto.wire.values import NO_CLUSTER, ClusterId

SECTOR = 512
CHUNK = 600
IDENTITY = Identity(NodeId(1), "id1")
MEMBERS = Configuration((Member(node_id=NodeId(1), name="id1", address="host:15379"),))
SNAPSHOT_FILE = "snapshot-5-1.snapshot"


# --- a disk that loses what it may ------------------------------------------------------


@attrs.define(eq=False)
class File:
    content: bytearray = attrs.field(factory=bytearray)
    durable: bytes = b""

    def cut_power(self, dice: Random) -> None:
        size = dice.randint(*sorted((len(self.durable), len(self.content))))
        after = bytearray(size)
        for at in range(0, size, SECTOR):
            source = self.content if dice.random() < 0.5 else self.durable
            sector = bytes(source[at : min(at + SECTOR, size)])
            after[at : at + len(sector)] = sector
        self.content = after
        self.durable = bytes(after)


class Disk:
    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self._durable: dict[str, File] = {}
        self._changes: list[dict[str, File | None]] = []

    def perform(self, steps: Iterable[Step]) -> list[bytes]:
        return [data for step in steps if (data := self._perform(step)) is not None]

    def cut_power(self, dice: Random) -> None:
        names = dict(self._durable)
        for change in self._changes:
            if dice.random() < 0.5:
                names.update({name: file for name, file in change.items() if file is not None})
                for name in [name for name, file in change.items() if file is None]:
                    names.pop(name, None)
        for file in {id(file): file for file in (*names.values(), *self.files.values())}.values():
            file.cut_power(dice)
        self.files, self._durable, self._changes = names, dict(names), []

    def listing(self) -> list[tuple[str, int]]:
        return sorted((name, len(file.content)) for name, file in self.files.items())

    def recover(self, piece_bytes: int = 700) -> Recovered | Corrupt:
        recovery = Recovery(self.listing(), chunk_bytes=CHUNK, piece_bytes=piece_bytes)
        while (step := recovery.step) is not None:
            recovery.feed(self.perform([step])[0])
        assert recovery.outcome is not None
        return recovery.outcome

    def _perform(self, step: Step) -> bytes | None:
        match step:
            case WriteAt(file=name, offset=offset, data=data):
                if name not in self.files:
                    self._change({name: File()})
                content = self.files[name].content
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data
            case Truncate(file=name, size_bytes=size):
                del self.files[name].content[size:]
            case SyncFile(file=name):
                self.files[name].durable = bytes(self.files[name].content)
            case Rename(file=name, to=to):
                self._change({to: self.files[name], name: None})
            case Delete(file=name):
                if name in self.files:
                    self._change({name: None})
            case SyncDirectory():
                self._durable, self._changes = dict(self.files), []
            case ReadAt(file=name, offset=offset, size_bytes=size):
                return bytes(self.files[name].content[offset : offset + size])
            case _:
                raise AssertionError(step)
        return None

    def _change(self, change: dict[str, File | None]) -> None:
        self._changes.append(change)
        for name, file in change.items():
            if file is None:
                self.files.pop(name)
            else:
                self.files[name] = file


# --- a node's life, and what it may remember of it --------------------------------------


@attrs.frozen(kw_only=True)
class Memory:
    hard_state: HardState = attrs.field(factory=HardState)
    snapshot: SnapshotMark | None = None
    entries: tuple[Entry, ...] = ()
    cluster_id: ClusterId = NO_CLUSTER

    @property
    def before_log(self) -> EntryId:
        return BEFORE_LOG if self.snapshot is None else self.snapshot.before_log

    @property
    def last(self) -> EntryId:
        return self.entries[-1].id if self.entries else self.before_log

    def after(self, write: Write) -> "Memory":
        kept = [
            entry
            for entry in self.entries
            if write.truncate_from is None or entry.id.index < write.truncate_from
        ]
        snapshot = write.snapshot or self.snapshot
        first = 1 if snapshot is None else snapshot.before_log.index + 1
        return attrs.evolve(
            self,
            hard_state=write.hard_state or self.hard_state,
            snapshot=snapshot,
            entries=tuple(e for e in (*kept, *write.entries) if e.id.index >= first),
        )


def memory_of(recovered: Recovered) -> Memory:
    head = recovered.head
    if head is None:
        return Memory()
    return Memory(
        hard_state=head.hard_state,
        snapshot=head.snapshot,
        entries=recovered.entries,
        cluster_id=head.cluster_id,
    )


class Life:
    """One life of a node: it writes, with some jobs in flight, until it is ended."""

    def __init__(self, disk: Disk, opened: Opened, memory: Memory, dice: Random) -> None:
        self.disk = disk
        self.log = opened.log
        self.dice = dice
        self.memories = [memory]  # the first is durable; each further one may be
        self.jobs: deque[tuple[tuple[Step, ...], Position, Memory | None]] = deque()
        self.in_flight_max = dice.randint(0, 2)

    @property
    def now(self) -> Memory:
        return self.memories[-1]

    def live(self, acts: list[int]) -> None:
        for act in acts:
            ACTS[act % len(ACTS)](self)
            self.finish_jobs(self.in_flight_max)

    def finish_jobs(self, but: int = 0) -> None:
        while len(self.jobs) > but:
            steps, end, memory = self.jobs.popleft()
            self.disk.perform(steps)
            self.log.synced(end)
            if memory is not None:
                del self.memories[: next(i for i, m in enumerate(self.memories) if m is memory)]

    def die(self) -> None:
        """What is in flight gets as far as it gets: writes may overtake syncs."""
        for steps, _, _ in self.jobs:
            if len(steps) == 2:
                self.disk.perform(steps[:1])
            else:
                self.disk.perform(steps[: self.dice.randint(0, len(steps))])
                return

    def write(self, write: Write) -> None:
        memory = self.now.after(write) if write.chunk is None or write.snapshot else None
        steps = self.log.steps_for(write)
        if memory is not None:
            self.memories.append(memory)
        self.jobs.append((steps, self.log.end, memory))

    def vote(self) -> None:
        term = self.now.hard_state.current_term + 1
        self.write(Write(seq=1, hard_state=HardState(term, NodeId(1))))

    def append(self) -> None:
        count = self.dice.choice((1, 1, 2, 5))
        entries = self.entries_from(self.now.last.index + 1, count)
        self.write(Write(seq=1, entries=entries))

    def replace_tail(self) -> None:
        safe = 0 if self.now.snapshot is None else self.now.snapshot.last_included.index
        index = self.dice.randint(safe + 1, max(safe, self.now.last.index) + 1)
        self.write(Write(seq=1, truncate_from=index, entries=self.entries_from(index, 1)))

    def take_snapshot(self) -> None:
        if not self.now.entries:
            return
        last = self.dice.choice(self.now.entries).id
        before = self.dice.choice([self.now.before_log, *(e.id for e in self.now.entries)])
        if self.now.snapshot is not None and last <= self.now.snapshot.last_included:
            return
        writer = self.log.snapshots.take(last)
        for _ in range(self.dice.randint(1, 3)):
            steps = writer.append(self.dice.randbytes(self.dice.choice((1, 700))))
            self.jobs.append((steps, self.log.end, None))
        mark = SnapshotMark(
            last_included=last,
            before_log=min(before, last, key=lambda i: i.index),
            configuration=MEMBERS,
            size_bytes=writer.size_bytes,
            checksum=writer.checksum,
        )
        self.write(Write(seq=1, snapshot=mark))

    def install_snapshot(self) -> None:
        last = EntryId(self.now.hard_state.current_term, self.now.last.index + 3)
        first_half, second_half = content_of(last)[:CHUNK], self.dice.randbytes(5)
        mark = SnapshotMark(
            last_included=last,
            before_log=last,
            configuration=MEMBERS,
            size_bytes=CHUNK + 5,
            checksum=crc32(second_half, crc32(first_half)),
        )
        first, second = (
            SnapshotChunk(last_included=last, offset=0, data=first_half),
            SnapshotChunk(last_included=last, offset=CHUNK, data=second_half),
        )
        begin = self.now.before_log.index + 1
        self.write(Write(seq=1, chunk=first))
        self.write(Write(seq=2, chunk=second, truncate_from=begin, snapshot=mark))

    def receive_a_part(self) -> None:
        """The leader sends the beginning of a snapshot, each chunk when the last is durable."""
        last = EntryId(self.now.hard_state.current_term, self.now.last.index + 3)
        for offset in range(0, self.dice.choice((1, 2, 3)) * CHUNK, CHUNK):
            self.finish_jobs()
            data = content_of(last)[offset : offset + CHUNK]
            chunk = SnapshotChunk(last_included=last, offset=offset, data=data)
            self.write(Write(seq=1, chunk=chunk))

    def compact(self) -> None:
        self.finish_jobs()
        mark = self.now.snapshot
        if mark is not None:
            steps = self.log.steps_for_compaction(Compact(mark.before_log, mark.last_included))
            self.jobs.append((steps, self.log.end, None))

    def join(self) -> None:
        steps = self.log.steps_for_cluster(ClusterId(self.dice.randint(1, 9)))
        self.memories.append(attrs.evolve(self.now, cluster_id=self.log.cluster_id))
        self.jobs.append((steps, self.log.end, self.now))

    def entries_from(self, index: int, count: int) -> tuple[Entry, ...]:
        term = self.now.hard_state.current_term
        return tuple(
            Entry(EntryId(term, i), Command(self.dice.randbytes(self.dice.choice((0, 30, 800)))))
            for i in range(index, index + count)
        )


def content_of(last_included: EntryId) -> bytes:
    """What every leader's snapshot as of that entry is in these tests."""
    return Random(repr(last_included)).randbytes(3 * CHUNK)


ACTS: list[Callable[[Life], None]] = [
    Life.append,
    Life.vote,
    Life.replace_tail,
    Life.take_snapshot,
    Life.install_snapshot,
    Life.receive_a_part,
    Life.compact,
    Life.join,
]
acts = st.lists(st.integers(0, len(ACTS) - 1), max_size=15)


def opened(recovered: Recovered, segment_bytes: int) -> Opened:
    if recovered.head is None:
        return create_log(recovered, IDENTITY, segment_bytes=segment_bytes)
    return open_log(recovered, segment_bytes=segment_bytes)


def boot(disk: Disk, dice: Random, allowed: list[Memory]) -> tuple[Opened, Memory]:
    """Start on what the disk holds, which must be one of the memories, and maybe fall again."""
    while True:
        outcome = disk.recover(dice.choice((1, 300, 1 << 20)) if dice.random() < 0.1 else 1 << 16)
        assert isinstance(outcome, Recovered), str(outcome)
        note(f"recovered up to {outcome.end}, dropped {outcome.dropped_tail}")
        memory = memory_of(outcome)
        assert memory in allowed
        check_snapshot(disk, memory.snapshot)
        check_part(outcome)
        start = opened(outcome, dice.choice((600, 3000)))
        if dice.random() < 0.7:
            disk.perform(start.steps)
            start.log.synced(start.log.end)
            assert memory.entries == start.restored.entries
            return start, memory
        disk.perform(start.steps[: dice.randint(0, len(start.steps))])
        # What was only read, and not synced by a boot that ended, may be lost yet.
        allowed = allowed[: len(allowed) - allowed[::-1].index(memory)]
        if dice.random() < 0.7:
            disk.cut_power(dice)


def check_snapshot(disk: Disk, mark: SnapshotMark | None) -> None:
    if mark is None or not has_file(mark):
        return
    reader = SnapshotReader(mark)
    while (step := reader.step) is not None:
        assert reader.feed(disk.perform([step])[0]) is None


def check_part(recovered: Recovered) -> None:
    part = recovered.part
    if part is not None:
        assert part.checksum == crc32(content_of(part.last_included)[: part.size_bytes])


@given(st.lists(acts, min_size=1, max_size=5), st.integers(0, 2**32))
def test_no_crash_loses_what_was_synced_or_resurrects_what_was_lost(
    lives: list[list[int]], seed: int
) -> None:
    dice = Random(seed)
    disk = Disk()
    memories = [Memory()]

    for life_acts in lives:
        start, memory = boot(disk, dice, memories)
        life = Life(disk, start, memory, dice)
        life.live(life_acts)
        life.die()
        memories = life.memories
        if dice.random() < 0.8:
            disk.cut_power(dice)

    boot(disk, dice, memories)


def synced_log(disk: Disk, dice: Random, life_acts: list[int]) -> list[Memory]:
    """All the memories of a life whose every write was synced before the next."""
    start, memory = boot(disk, dice, [Memory()])
    life = Life(disk, start, memory, dice)
    life.in_flight_max = 0
    memories = [memory]
    for act in life_acts:
        life.live([act])
        memories.append(life.now)
    return memories


@given(acts, st.integers(0, 2**32), st.data())
def test_bit_that_rots_below_a_sync_mark_is_corruption(
    life_acts: list[int], seed: int, data: st.DataObject
) -> None:
    disk = Disk()
    synced_log(disk, Random(seed), [*without_compaction(life_acts), 0, 0])
    names = [name for name, _ in disk.listing() if name.startswith("wal-")]
    witness = furthest_mark(disk, names[-1])
    vouched_for = {name: vouched_bytes(disk, name, witness) for name in names}
    name = data.draw(st.sampled_from([name for name in names if vouched_for[name]]))
    offset = data.draw(st.integers(0, vouched_for[name] - 1))

    disk.files[name].content[offset] ^= 1 << data.draw(st.integers(0, 7))

    assert isinstance(disk.recover(), Corrupt)


def without_compaction(life_acts: list[int]) -> list[int]:
    return [act for act in life_acts if ACTS[act] != Life.compact]


def furthest_mark(disk: Disk, name: str) -> Position:
    reader = SegmentReader(segment_number(name) or 0)
    reader.feed(bytes(disk.files[name].content))
    return reader.furthest


def head_bytes(disk: Disk, name: str) -> int:
    """How long the frame is with which a segment begins."""
    content = bytes(disk.files[name].content)
    frames = list(SegmentReader(segment_number(name) or 0).feed(content))
    return frames[1].offset if len(frames) > 1 else len(content)


def vouched_bytes(disk: Disk, name: str, mark: Position) -> int:
    """How much of a segment the mark says was synced."""
    if name == segment_name(mark.segment):
        return mark.offset
    return len(disk.files[name].content) if name < segment_name(mark.segment) else 0


@given(acts, st.integers(0, 2**32), st.data())
def test_last_file_may_end_anywhere(life_acts: list[int], seed: int, data: st.DataObject) -> None:
    disk = Disk()
    memories = synced_log(disk, Random(seed), without_compaction(life_acts))
    last = max(name for name in disk.files if name.startswith("wal-"))
    size = len(disk.files[last].content)
    has_snapshot = any(map(is_finished_snapshot, disk.files))  # so the log's first head was durable
    shortest = head_bytes(disk, last) if has_snapshot else 0

    del disk.files[last].content[data.draw(st.integers(shortest, size)) :]

    recovered = disk.recover()
    assert isinstance(recovered, Recovered)
    assert memory_of(recovered) in memories


# --- case by case -----------------------------------------------------------------------

HEAD = SegmentHead(identity=IDENTITY, incarnation=1)
MARK = SnapshotMark(
    last_included=EntryId(1, 5),
    before_log=EntryId(1, 5),
    configuration=MEMBERS,
    size_bytes=3,
    checksum=crc32(b"abc"),
)


def disk_with(files: dict[str, bytes]) -> Disk:
    disk = Disk()
    for name, content in files.items():
        disk.perform([WriteAt(name, 0, content)])
    return disk


def segment(*records: Record, number: int = 1) -> bytes:
    return b"".join(
        encode_frame(number, sequence, NOWHERE, record)
        for sequence, record in enumerate(records, start=1)
    )


def test_empty_directory_holds_no_node() -> None:
    assert Disk().recover() == Recovered()


def test_files_of_others_are_left_alone() -> None:
    disk = disk_with({"LOCK": b"4711", "notes.txt": b"", "wal-old.log": b"x"})

    assert disk.recover() == Recovered()


def test_log_that_was_torn_at_its_very_beginning_holds_no_node() -> None:
    disk = disk_with({segment_name(1): segment(HEAD)[:-1], segment_name(2): b""})

    assert disk.recover() == Recovered(
        next_segment=3,
        leftovers=(segment_name(1), segment_name(2)),
        dropped_tail=f"{segment_name(1)} at offset 0: the file ends inside a frame",
    )


def test_log_comes_back_with_all_that_it_said() -> None:
    entry = Entry(EntryId(1, 6), Command(b"x"))
    content = segment(
        HEAD,
        ClusterJoined(ClusterId(7)),
        Write(seq=1, snapshot=MARK),
        Write(seq=2, hard_state=HardState(1), entries=(entry,)),
    )
    disk = disk_with({segment_name(1): content, SNAPSHOT_FILE: b"abc"})

    recovered = disk.recover(piece_bytes=7)

    end = Position(1, len(content))
    assert recovered == Recovered(
        head=SegmentHead(
            identity=IDENTITY,
            cluster_id=ClusterId(7),
            incarnation=1,
            hard_state=HardState(1),
            snapshot=MARK,
            last_index=6,
            previous=end,
        ),
        entries=(entry,),
        end=end,
        frames=4,
        segments=(Segment(1, 6),),
        next_segment=2,
    )


def test_snapshot_files_that_no_mark_names_are_left_over() -> None:
    others = ("snapshot-4-1.snapshot", "snapshot-5-1.partial", "snapshot-6-1.received.partial")
    files = dict.fromkeys((*others, SNAPSHOT_FILE), b"abc")
    content = segment(HEAD, Write(seq=1, snapshot=MARK))
    disk = disk_with({segment_name(1): content, **files})

    recovered = disk.recover()

    assert isinstance(recovered, Recovered)
    assert others == recovered.leftovers


PART_FILE = "snapshot-9-1.received.partial"


def part_disk(*others: str, size_bytes: int = CHUNK + 7) -> Disk:
    files = dict.fromkeys((PART_FILE, *others), bytes(range(7)) + bytes(size_bytes - 7))
    content = segment(HEAD, Write(seq=1, snapshot=MARK))
    return disk_with({segment_name(1): content, SNAPSHOT_FILE: b"abc", **files})


def test_part_of_a_snapshot_is_found_but_for_the_last_chunk_which_may_be_torn() -> None:
    recovered = part_disk().recover(piece_bytes=3)

    assert isinstance(recovered, Recovered)
    assert recovered.leftovers == ()
    assert recovered.part == SnapshotPart(
        last_included=EntryId(1, 9), size_bytes=7, checksum=crc32(bytes(range(7)))
    )


def test_part_of_less_than_a_chunk_is_left_over() -> None:
    recovered = part_disk(size_bytes=CHUNK).recover()

    assert isinstance(recovered, Recovered)
    assert ((PART_FILE,), None) == (recovered.leftovers, recovered.part)


def test_only_the_latest_part_that_the_named_snapshot_does_not_replace_stays() -> None:
    replaced, earlier = "snapshot-5-1.received.partial", "snapshot-8-1.received.partial"

    recovered = part_disk(replaced, earlier).recover()

    assert isinstance(recovered, Recovered)
    assert (replaced, earlier) == recovered.leftovers
    assert recovered.part is not None
    assert EntryId(1, 9) == recovered.part.last_included


def test_part_that_turns_out_to_be_empty_is_left_over() -> None:
    content = segment(HEAD)
    recovery = Recovery([(segment_name(1), len(content)), (PART_FILE, 999)], chunk_bytes=CHUNK)
    recovery.feed(content)

    recovery.feed(b"")

    assert isinstance(recovery.outcome, Recovered)
    assert ((PART_FILE,), None) == (recovery.outcome.leftovers, recovery.outcome.part)


def test_part_in_a_directory_without_a_node_is_left_over() -> None:
    recovered = disk_with({PART_FILE: bytes(999)}).recover()

    assert recovered == Recovered(leftovers=(PART_FILE,))


def test_finished_snapshot_without_a_log_is_corruption() -> None:
    disk = disk_with({SNAPSHOT_FILE: b"abc", PART_FILE: bytes(999)})

    reason = "there is a snapshot, but no log that names it"
    assert Corrupt(SNAPSHOT_FILE, 0, reason) == disk.recover()


def test_named_snapshot_that_is_not_there_is_corruption() -> None:
    disk = disk_with({segment_name(1): segment(HEAD, Write(seq=1, snapshot=MARK))})

    reason = "the log names this snapshot, but there is no such file"
    assert Corrupt(SNAPSHOT_FILE, 0, reason) == disk.recover()


def test_named_snapshot_of_another_size_is_corruption() -> None:
    content = segment(HEAD, Write(seq=1, snapshot=MARK))
    disk = disk_with({segment_name(1): content, SNAPSHOT_FILE: b"ab"})

    assert Corrupt(SNAPSHOT_FILE, 2, "it has 2 bytes where the log says 3") == disk.recover()


@pytest.mark.parametrize("records", [(HEAD, HEAD), (ClusterJoined(ClusterId(7)),)])
def test_head_where_none_belongs_is_corruption(records: tuple[Record, ...]) -> None:
    disk = disk_with({segment_name(1): segment(*records)})
    offset = sum(len(segment(record)) for record in records[:-1])

    reason = "a segment has one head, and begins with it"
    assert Corrupt(segment_name(1), offset, reason) == disk.recover()


def test_log_that_lacks_entries_is_corruption() -> None:
    head = attrs.evolve(HEAD, last_index=6, previous=Position(1, 99))
    disk = disk_with({segment_name(2): segment(head, number=2)})

    reason = "the entries from 1 to 6 are missing"
    assert Corrupt(segment_name(2), 0, reason) == disk.recover()


def test_log_of_a_newer_leto_is_refused_with_another_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leto.wal.records.FORMAT", 3)
    content = segment(HEAD)
    monkeypatch.undo()
    disk = disk_with({segment_name(1): content})

    reason = "a frame cannot be read: this is a log of format 3, this Leto reads 2"
    assert Corrupt(segment_name(1), 0, reason, UPGRADE) == disk.recover()


def test_file_that_is_shorter_than_it_was_listed_ends_where_it_ends() -> None:
    recovery = Recovery([(segment_name(1), 100)], chunk_bytes=CHUNK)

    recovery.feed(b"")

    assert recovery.outcome == Recovered(next_segment=2, leftovers=(segment_name(1),))
    assert recovery.step is None
