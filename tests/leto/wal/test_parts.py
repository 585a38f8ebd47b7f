"""The beginning of a snapshot that was being received: found, and read as far as it is sure."""

from zlib import crc32

import pytest

from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import SnapshotMark, SnapshotPart
from leto.raft.types import EntryId
from leto.wal.parts import PartReader, find_part
from leto.wal.steps import ReadAt

FILE = "snapshot-9-2.received.partial"
LAST = EntryId(2, 9)


def named(index: int) -> SnapshotMark:
    return SnapshotMark(last_included=EntryId(2, index), configuration=EMPTY_CONFIGURATION)


@pytest.mark.parametrize("mark,found", [(None, LAST), (named(8), LAST), (named(9), None)])
def test_a_part_is_of_use_unless_the_named_snapshot_covers_it(
    mark: SnapshotMark | None, found: EntryId | None
) -> None:
    assert found == find_part({FILE: 1, "snapshot-9-2.partial": 1, "LOCK": 0}, mark)


def test_the_latest_part_is_of_use() -> None:
    files = {FILE: 1, "snapshot-10-2.received.partial": 1, "snapshot-99-1.received.partial": 1}

    assert EntryId(2, 10) == find_part(files, None)


def reader() -> PartReader:
    return PartReader(LAST, 9, chunk_bytes=4, piece_bytes=3)


def test_all_but_the_last_chunk_is_read_in_bounded_pieces() -> None:
    part = reader()
    steps: list[ReadAt] = []

    for piece in (b"abc", b"de"):
        steps += [] if part.step is None else [part.step]
        part.feed(piece)

    assert [ReadAt(FILE, 0, 3), ReadAt(FILE, 3, 2)] == steps
    assert part.step is None
    assert part.part == SnapshotPart(last_included=LAST, size_bytes=5, checksum=crc32(b"abcde"))


def test_a_file_that_ends_too_early_is_as_long_as_it_is() -> None:
    part = reader()
    part.feed(b"abc")

    part.feed(b"")

    assert part.step is None
    assert part.part == SnapshotPart(last_included=LAST, size_bytes=3, checksum=crc32(b"abc"))


def test_nothing_is_no_part() -> None:
    part = reader()

    part.feed(b"")

    assert part.part is None
