"""A snapshot that is read back to be sent is held against its mark."""

from zlib import crc32

import attrs

from leto.raft.actions import ReadSnapshotChunk
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import SnapshotMark
from leto.raft.types import EntryId
from leto.wal.corruption import Corrupt
from leto.wal.read_back import TRANSFERS_MAX, ReadBack

LAST = EntryId(2, 5)
FILE = "snapshot-5-2.snapshot"
MARK = SnapshotMark(
    last_included=LAST,
    configuration=EMPTY_CONFIGURATION,
    size_bytes=6,
    checksum=crc32(b"abcdef"),
)
FIRST = ReadSnapshotChunk(transfer=1, last_included=LAST, offset=0, size_bytes=3)
SECOND = ReadSnapshotChunk(transfer=1, last_included=LAST, offset=3, size_bytes=3)
WRONG = Corrupt(FILE, 6, "the snapshot is damaged: its checksum does not match")


def test_a_whole_snapshot_is_sent() -> None:
    back = ReadBack()

    objections = [back.check(FIRST, MARK, b"abc"), back.check(SECOND, MARK, b"def")]

    assert [None, None] == objections


def test_damage_is_noticed_at_the_end() -> None:
    back = ReadBack()

    objections = [back.check(FIRST, MARK, b"abc"), back.check(SECOND, MARK, b"deg")]

    assert [None, WRONG] == objections


def test_a_file_that_is_too_short_is_noticed_at_once() -> None:
    objection = ReadBack().check(SECOND, MARK, b"d")

    assert Corrupt(FILE, 4, "the snapshot is damaged: it ends too early") == objection


def test_a_chunk_that_is_sent_twice_counts_once() -> None:
    back = ReadBack()
    back.check(FIRST, MARK, b"abc")

    again = back.check(FIRST, MARK, b"abc")
    then = back.check(SECOND, MARK, b"def")

    assert (None, None) == (again, then)


def test_a_part_says_nothing_until_everything_is_asked_for() -> None:
    back = ReadBack()

    only_the_rest = back.check(SECOND, MARK, b"deg")
    everything = [back.check(FIRST, MARK, b"abc"), back.check(SECOND, MARK, b"deg")]

    assert None is only_the_rest
    assert [None, WRONG] == everything


def test_transfers_are_told_apart() -> None:
    back = ReadBack()
    other = attrs.evolve(FIRST, transfer=2)
    back.check(FIRST, MARK, b"abc")
    back.check(other, MARK, b"abc")

    objections = [
        back.check(attrs.evolve(SECOND, transfer=2), MARK, b"deg"),
        back.check(SECOND, MARK, b"def"),
    ]

    assert [WRONG, None] == objections


def test_transfers_that_were_given_up_are_forgotten() -> None:
    back = ReadBack()
    for transfer in range(1, TRANSFERS_MAX + 2):
        back.check(attrs.evolve(FIRST, transfer=transfer), MARK, b"abc")

    assert None is back.check(SECOND, MARK, b"deg")
