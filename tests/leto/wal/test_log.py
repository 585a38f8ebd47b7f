"""Which steps make what durable."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.actions import Compact, Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import Command, Entry, HardState, SnapshotChunk, SnapshotMark, SnapshotPart
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto.wal.chain import Segment
from leto.wal.frames import Frame, SegmentReader, segment_name, segment_number
from leto.wal.log import WriteAheadLog, create_log, open_log
from leto.wal.records import ClusterJoined, Identity, Position, SegmentHead
from leto.wal.recovery import Recovered
from leto.wal.steps import Delete, Rename, Step, SyncDirectory, SyncFile, Truncate, WriteAt
from leto.wire.values import ClusterId

IDENTITY = Identity(NodeId(1), "id1")
CLUSTER = ClusterId(0xC1)
FOUNDING = SnapshotMark(configuration=EMPTY_CONFIGURATION)
ONE, TWO, THREE = (segment_name(number) for number in (1, 2, 3))


def entry(index: int) -> Entry:
    return Entry(EntryId(1, index), Command(b"x"))


def log_of(segment_bytes: int = 1 << 20) -> WriteAheadLog:
    return create_log(Recovered(), IDENTITY, segment_bytes=segment_bytes).log


def perform(log: WriteAheadLog, write: Write) -> tuple[Step, ...]:
    steps = log.steps_for(write)
    log.synced(log.end)
    return steps


def frames_in(step: Step) -> list[Frame]:
    assert isinstance(step, WriteAt)
    reader = SegmentReader(segment_number(step.file) or 0)
    return reader.feed(step.data)


def full_segments() -> WriteAheadLog:
    """A log with entry 1 in segment 1, entry 2 in segment 2, and so on to 3; all synced."""
    log = log_of(segment_bytes=1)
    log.synced(log.end)
    for index in (2, 3, 4):
        perform(log, Write(seq=index, entries=(entry(index),)))
    return log


def test_new_node_is_founded_by_one_frame() -> None:
    opened = create_log(Recovered(), IDENTITY, cluster_id=CLUSTER, founding=FOUNDING)

    sync_directory, write, *syncs = opened.steps

    (frame,) = frames_in(write)
    assert sync_directory == SyncDirectory()
    assert frame.record == SegmentHead(
        identity=IDENTITY, cluster_id=CLUSTER, incarnation=1, snapshot=FOUNDING
    )
    assert [SyncFile(ONE), SyncDirectory()] == syncs
    assert opened.restored.snapshot == FOUNDING
    assert (IDENTITY, CLUSTER, 1) == (
        opened.log.identity,
        opened.log.cluster_id,
        opened.log.incarnation,
    )


def test_each_life_syncs_what_it_found_and_begins_a_segment_of_its_own() -> None:
    head = SegmentHead(
        identity=IDENTITY, incarnation=4, hard_state=HardState(9), previous=Position(3, 77)
    )
    recovered = Recovered(
        head=head,
        entries=(entry(1),),
        end=Position(3, 77),
        frames=12,
        segments=(Segment(3, 1),),
        next_segment=5,
        leftovers=("wal-0000000000000004.log",),
    )

    opened = open_log(recovered)

    sync_found, sync_names, write, *rest = opened.steps
    (frame,) = frames_in(write)
    assert (sync_found, sync_names) == (SyncFile(THREE), SyncDirectory())
    assert frame.record == attrs.evolve(head, incarnation=5)
    assert (frame.sequence, frame.synced) == (13, Position(3, 77))
    assert rest == [
        SyncFile("wal-0000000000000005.log"),
        SyncDirectory(),
        Delete("wal-0000000000000004.log"),
        SyncDirectory(),
    ]
    assert (NodeId(1), 5, HardState(9), (entry(1),)) == (
        opened.restored.node_id,
        opened.restored.incarnation,
        opened.restored.hard_state,
        opened.restored.entries,
    )


def test_what_may_be_torn_of_a_received_part_is_cut_off_before_the_node_starts() -> None:
    part = SnapshotPart(last_included=EntryId(1, 9), size_bytes=40, checksum=7)
    head = SegmentHead(identity=IDENTITY, incarnation=1, previous=Position(1, 77))

    opened = open_log(Recovered(head=head, end=Position(1, 77), next_segment=2, part=part))

    file = "snapshot-9-1.received.partial"
    assert (Truncate(file, 40), SyncFile(file)) == opened.steps[2:4]
    assert part == opened.restored.part
    other = SnapshotChunk(last_included=EntryId(1, 12), offset=0, data=b"x")
    assert Delete(file) == opened.log.steps_for(Write(seq=1, chunk=other))[0]


def test_node_is_not_created_over_another() -> None:
    recovered = Recovered(head=SegmentHead(identity=IDENTITY, incarnation=1))

    with pytest.raises(AssertionError, match="the directory holds"):
        create_log(recovered, IDENTITY)


def test_empty_directory_is_not_opened() -> None:
    with pytest.raises(AssertionError, match="holds no node"):
        open_log(Recovered())


def test_write_is_one_frame_and_one_sync() -> None:
    log = log_of()
    write = Write(seq=1, hard_state=HardState(1), entries=(entry(1), entry(2)))

    step, sync = log.steps_for(write)

    assert isinstance(step, WriteAt)
    assert step.offset > 0
    assert Position(1, step.offset + len(step.data)) == log.end
    assert SyncFile(ONE) == sync


def test_frame_says_how_far_the_log_was_known_to_be_synced() -> None:
    log = log_of()
    log.synced(log.end)
    synced = log.end

    log.steps_for(Write(seq=1, hard_state=HardState(1)))
    step, _ = log.steps_for(Write(seq=2, hard_state=HardState(2)))

    assert isinstance(step, WriteAt)
    reader = SegmentReader(1)
    reader.feed(step.data)
    assert synced == reader.furthest


def test_older_news_of_syncs_change_nothing() -> None:
    log = log_of()
    log.synced(log.end)
    synced = log.end

    log.synced(Position(0, 0))
    step, _ = log.steps_for(Write(seq=1, hard_state=HardState(1)))

    (frame,) = frames_in(step)
    assert synced == frame.synced


def test_full_segment_is_synced_before_the_next_one_is_written() -> None:
    log = log_of(segment_bytes=1)
    end = log.end
    write = Write(seq=1, hard_state=HardState(1), entries=(entry(1),))

    sync_old, step, *syncs = log.steps_for(write)

    head, frame = frames_in(step)
    assert SyncFile(ONE) == sync_old
    assert SegmentHead(identity=IDENTITY, incarnation=1, previous=end) == head.record
    assert (write, end) == (frame.record, frame.synced)
    assert [SyncFile(TWO), SyncDirectory()] == syncs


@given(st.booleans())
def test_head_repeats_what_was_said_before(truncates: bool) -> None:  # noqa: FBT001
    log = log_of(segment_bytes=200)
    mark = SnapshotMark(
        last_included=EntryId(1, 9), before_log=EntryId(1, 9), configuration=EMPTY_CONFIGURATION
    )
    log.steps_for_cluster(CLUSTER)
    perform(log, Write(seq=1, hard_state=HardState(1), entries=(entry(1), entry(2))))
    if truncates:
        perform(log, Write(seq=2, truncate_from=1, snapshot=mark))

    _, step, *_ = [
        step for seq in (3, 4, 5) for step in perform(log, Write(seq=seq, hard_state=HardState(1)))
    ]
    while not isinstance(frames_in(step)[0].record, SegmentHead):
        _, step, *_ = perform(log, Write(seq=6, hard_state=HardState(1)))

    head = frames_in(step)[0].record
    assert isinstance(head, SegmentHead)
    assert (HardState(1), CLUSTER) == (head.hard_state, head.cluster_id)
    assert ((9, mark) if truncates else (2, None)) == (head.last_index, head.snapshot)


def test_cluster_is_one_record() -> None:
    log = log_of()

    step, sync = log.steps_for_cluster(CLUSTER)

    assert [ClusterJoined(CLUSTER)] == [frame.record for frame in frames_in(step)]
    assert SyncFile(ONE) == sync
    assert log.cluster_id == CLUSTER


def test_chunk_alone_is_no_frame() -> None:
    log = log_of()
    end = log.end
    chunk = SnapshotChunk(last_included=EntryId(1, 3), offset=0, data=b"abc")

    steps = log.steps_for(Write(seq=1, chunk=chunk))

    file = "snapshot-3-1.received.partial"
    assert steps == (Delete(file), WriteAt(file, 0, b"abc"), SyncFile(file), SyncDirectory())
    assert end == log.end


def test_snapshot_is_finished_before_its_frame_is_written() -> None:
    log = log_of()
    last = EntryId(1, 3)
    log.steps_for(Write(seq=1, chunk=SnapshotChunk(last_included=last, offset=0, data=b"a")))
    mark = SnapshotMark(
        last_included=last, before_log=last, configuration=EMPTY_CONFIGURATION, size_bytes=2
    )
    chunk = SnapshotChunk(last_included=last, offset=1, data=b"b")

    steps = log.steps_for(Write(seq=2, chunk=chunk, truncate_from=1, snapshot=mark))

    partial = "snapshot-3-1.received.partial"
    assert steps[:-2] == (
        WriteAt(partial, 1, b"b"),
        SyncFile(partial),
        SyncFile(partial),
        Rename(partial, "snapshot-3-1.snapshot"),
        SyncDirectory(),
    )
    assert [mark] == [
        frame.record.snapshot for frame in frames_in(steps[-2]) if isinstance(frame.record, Write)
    ]


def test_compaction_deletes_segments_whose_entries_are_needed_no_more() -> None:
    log = full_segments()

    steps = log.steps_for_compaction(Compact(EntryId(1, 2), EntryId(1, 2)))

    assert steps == (Delete(ONE), Delete(TWO), SyncDirectory())


def test_compaction_spares_segments_that_hold_later_entries() -> None:
    log = full_segments()

    steps = log.steps_for_compaction(Compact(EntryId(1, 1), EntryId(1, 2)))

    assert steps == (Delete(ONE), SyncDirectory())


def test_compaction_spares_whatever_no_durable_segment_follows() -> None:
    log = log_of(segment_bytes=1)
    log.steps_for(Write(seq=1, entries=(entry(1),)))

    steps = log.steps_for_compaction(Compact(EntryId(1, 9), EntryId(1, 9)))

    assert steps == ()


def test_compaction_spares_the_segment_that_is_being_written() -> None:
    log = log_of()
    log.synced(log.end)

    assert log.steps_for_compaction(Compact(EntryId(1, 9), BEFORE_LOG)) == ()
