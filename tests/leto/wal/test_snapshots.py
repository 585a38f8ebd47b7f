"""Snapshot files, from the first piece to the last."""

from zlib import crc32

import pytest

from leto.raft.actions import ReadSnapshotChunk
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import SnapshotChunk, SnapshotMark, SnapshotPart
from leto.raft.events import SnapshotTaken
from leto.raft.types import EntryId
from leto.wal.corruption import Corrupt
from leto.wal.snapshots import (
    SnapshotFiles,
    SnapshotReader,
    SnapshotWriter,
    is_finished_snapshot,
    is_snapshot_file,
    read_chunk,
    received_entry,
    received_name,
    snapshot_name,
)
from leto.wal.steps import Delete, ReadAt, Rename, SyncDirectory, SyncFile, WriteAt

LAST = EntryId(2, 5)
TAKEN = "snapshot-5-2.partial"
RECEIVED = "snapshot-5-2.received.partial"
FINISHED = "snapshot-5-2.snapshot"


def mark(content: bytes, last_included: EntryId = LAST) -> SnapshotMark:
    return SnapshotMark(
        last_included=last_included,
        configuration=EMPTY_CONFIGURATION,
        size_bytes=len(content),
        checksum=crc32(content),
    )


def chunk(data: bytes, offset: int = 0, last_included: EntryId = LAST) -> SnapshotChunk:
    return SnapshotChunk(last_included=last_included, offset=offset, data=data)


def test_name_tells_the_entry() -> None:
    assert snapshot_name(LAST) == FINISHED


def test_file_that_is_being_received_tells_of_which_snapshot() -> None:
    assert LAST == received_entry(received_name(LAST))


@pytest.mark.parametrize(
    "name", [TAKEN, FINISHED, "snapshot-0-1.received.partial", "snapshot-x-1.received.partial"]
)
def test_other_files_are_not_being_received(name: str) -> None:
    assert received_entry(name) is None


@pytest.mark.parametrize("name", [TAKEN, RECEIVED, FINISHED])
def test_snapshot_files_are_ours_finished_or_not(name: str) -> None:
    assert is_snapshot_file(name)


def test_only_a_finished_one_has_a_finished_ones_name() -> None:
    assert [FINISHED] == list(filter(is_finished_snapshot, (TAKEN, FINISHED, RECEIVED, "LOCK")))


@pytest.mark.parametrize("name", ["LOCK", "snapshot-of-my-cat.jpg", "my.snapshot"])
def test_other_files_are_not_ours(name: str) -> None:
    assert not is_snapshot_file(name)


def test_chunk_is_read_from_the_finished_file() -> None:
    order = ReadSnapshotChunk(transfer=1, last_included=LAST, offset=10, size_bytes=4)

    assert ReadAt(FINISHED, 10, 4) == read_chunk(order)


def test_each_piece_is_synced_and_the_first_clears_what_was_left_over() -> None:
    writer = SnapshotWriter(LAST)

    first, second = writer.append(b"abc"), writer.append(b"de")

    assert first == (WriteAt(TAKEN, 0, b"abc"), SyncFile(TAKEN))
    assert second == (WriteAt(TAKEN, 3, b"de"), SyncFile(TAKEN))
    assert writer.taken == SnapshotTaken(last_included=LAST, size_bytes=5, checksum=crc32(b"abcde"))


def test_taken_snapshot_is_renamed_before_it_is_named() -> None:
    files = SnapshotFiles()
    files.take(LAST).append(b"abc")

    steps = files.finish(mark(b"abc"))

    assert steps == (SyncFile(TAKEN), Rename(TAKEN, FINISHED), SyncDirectory())


def test_received_snapshot_is_kept_apart_from_one_that_is_being_taken() -> None:
    files = SnapshotFiles()
    files.take(LAST).append(b"ours")

    kept = (*files.keep(chunk(b"the")), *files.keep(chunk(b"irs", offset=3)))
    steps = files.finish(mark(b"theirs"))

    assert kept == (
        Delete(RECEIVED),
        WriteAt(RECEIVED, 0, b"the"),
        SyncFile(RECEIVED),
        SyncDirectory(),
        WriteAt(RECEIVED, 3, b"irs"),
        SyncFile(RECEIVED),
    )
    assert steps == (SyncFile(RECEIVED), Rename(RECEIVED, FINISHED), SyncDirectory())


def test_transfer_that_begins_again_clears_its_file() -> None:
    files = SnapshotFiles()
    files.keep(chunk(b"rotten"))

    steps = files.keep(chunk(b"good"))

    assert Delete(RECEIVED) == steps[0]


def test_transfer_of_another_snapshot_clears_the_one_that_was_given_up() -> None:
    files = SnapshotFiles()
    files.keep(chunk(b"old"))

    steps = files.keep(chunk(b"new", last_included=EntryId(2, 9)))

    newer = "snapshot-9-2.received.partial"
    assert (Delete(RECEIVED), Delete(newer)) == steps[:2]


def test_transfer_goes_on_behind_a_part_that_was_found() -> None:
    part = SnapshotPart(last_included=LAST, size_bytes=3, checksum=crc32(b"the"))
    files = SnapshotFiles.found(None, part)

    kept = files.keep(chunk(b"irs", offset=3))
    steps = files.finish(mark(b"theirs"))

    assert kept == (WriteAt(RECEIVED, 3, b"irs"), SyncFile(RECEIVED))
    assert steps == (SyncFile(RECEIVED), Rename(RECEIVED, FINISHED), SyncDirectory())


def test_part_that_a_finished_snapshot_replaces_is_deleted_with_what_it_replaces() -> None:
    files = SnapshotFiles.found(
        None, SnapshotPart(last_included=LAST, size_bytes=3, checksum=crc32(b"the"))
    )

    assert files.let_go_before(EntryId(2, 4)) == ()
    assert files.let_go_before(LAST) == (Delete(RECEIVED),)
    assert files.let_go_before(LAST) == ()


def test_snapshot_that_is_named_again_is_not_renamed_again() -> None:
    files = SnapshotFiles.found(mark(b"abc"))

    assert files.finish(mark(b"abc")) == ()


def test_the_mark_of_a_finished_snapshot_is_known_until_it_is_let_go() -> None:
    files = SnapshotFiles.found(mark(b"abc"))

    known = files.mark_of(LAST)
    files.let_go_before(EntryId(2, 9))

    assert mark(b"abc") == known
    assert None is files.mark_of(LAST)


def test_founding_snapshot_has_no_file() -> None:
    files = SnapshotFiles.found(mark(b""))

    assert files.finish(mark(b"")) == ()
    assert files.let_go_before(EntryId(2, 9)) == ()


def test_compaction_deletes_those_that_a_later_one_replaces() -> None:
    newer = EntryId(2, 9)
    files = SnapshotFiles.found(mark(b"abc"))
    files.take(newer).append(b"x")
    files.finish(mark(b"x", newer))

    steps = files.let_go_before(newer)

    assert steps == (Delete(FINISHED),)
    assert files.let_go_before(newer) == ()


def test_compaction_spares_a_later_one_whose_frame_is_on_its_way() -> None:
    files = SnapshotFiles.found(mark(b"abc"))
    files.take(EntryId(2, 9)).append(b"x")
    files.finish(mark(b"x", EntryId(2, 9)))

    assert files.let_go_before(LAST) == ()


def test_reader_reads_all_in_bounded_pieces() -> None:
    content = b"abcdefgh"
    reader = SnapshotReader(mark(content), piece_bytes=3)
    found = b""

    while (step := reader.step) is not None:
        assert (step.file, len(found)) == (FINISHED, step.offset)
        piece = content[step.offset : step.offset + step.size_bytes]
        assert reader.feed(piece) is None
        found += piece

    assert content == found


def test_reader_notices_a_rotten_bit() -> None:
    reader = SnapshotReader(mark(b"abc"))

    found = reader.feed(b"abd")

    assert found == Corrupt(FINISHED, 3, "the snapshot is damaged: its checksum does not match")


def test_reader_notices_a_file_that_ends_too_early() -> None:
    reader = SnapshotReader(mark(b"abc"))
    assert reader.feed(b"ab") is None

    found = reader.feed(b"")

    assert found == Corrupt(FINISHED, 2, "the snapshot is damaged: it ends too early")
