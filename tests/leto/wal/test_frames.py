"""How frames lie in a segment, and how they are read back from pieces."""

from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.actions import Write
from leto.raft.entries import Command, Entry, HardState
from leto.raft.types import EntryId, NodeId
from leto.wal.frames import (
    _COVERED,
    _MAGIC,
    HEADER_BYTES,
    Frame,
    SegmentReader,
    _checksum_of,
    encode_frame,
    segment_name,
    segment_number,
)
from leto.wal.records import NOWHERE, ClusterJoined, Identity, Position, Record, SegmentHead
from leto.wire.values import U32, ClusterId

HEAD = SegmentHead(identity=Identity(NodeId(1), "id1"), incarnation=1)
MARK = Position(7, 100)


def segment_of(count: int, *, synced: Position = NOWHERE) -> list[bytes]:
    """The frames of segment 7: a head, then votes; the last one with that sync mark."""
    marks = [NOWHERE] * (count - 1) + [synced]
    records: list[Record] = [
        HEAD,
        *(Write(seq=i, hard_state=HardState(i)) for i in range(1, count)),
    ]
    return [
        encode_frame(7, sequence, mark, record)
        for sequence, (mark, record) in enumerate(zip(marks, records, strict=True), start=1)
    ]


def read_in_pieces(reader: SegmentReader, data: bytes, cuts: list[int]) -> list[Frame]:
    return [
        frame
        for start, end in pairwise([0, *cuts, len(data)])
        for frame in reader.feed(data[start:end])
    ]


@pytest.mark.parametrize("segment", [1, 255, 2**64 - 1])
def test_segment_is_known_by_its_name(segment: int) -> None:
    assert segment == segment_number(segment_name(segment))


@pytest.mark.parametrize(
    "name",
    [
        "LOCK",
        "wal-1.log",
        "wal-000000000000000g.log",
        "0000000000000001.log",
        "wal-0000000000000001",
    ],
)
def test_other_files_are_no_segments(name: str) -> None:
    assert segment_number(name) is None


@given(st.lists(st.integers(0, 400)).map(sorted))
def test_frames_come_out_however_the_bytes_are_cut(cuts: list[int]) -> None:
    frames = segment_of(4, synced=MARK)
    reader = SegmentReader(7)

    found = read_in_pieces(reader, b"".join(frames), cuts)

    assert [HEAD, *(Write(seq=i, hard_state=HardState(i)) for i in (1, 2, 3))] == [
        frame.record for frame in found
    ]
    assert [1, 2, 3, 4] == [frame.sequence for frame in found]
    assert [0, *(sum(map(len, frames[:i])) for i in (1, 2, 3))] == [f.offset for f in found]
    assert (reader.end, MARK) == (Position(7, sum(map(len, frames))), reader.furthest)
    assert reader.error is None


def test_frame_of_another_segment_is_none() -> None:
    reader = SegmentReader(8)

    found = reader.feed(b"".join(segment_of(1)))

    assert [] == found
    assert reader.error == "the header of a frame is damaged"


def test_frame_out_of_order_is_none() -> None:
    one, two, three = segment_of(3)
    reader = SegmentReader(7)

    found = reader.feed(one + three + two)

    assert [1] == [frame.sequence for frame in found]
    assert reader.error == "frame 3 follows frame 1"


def test_whole_frame_that_this_version_cannot_read_is_foreign() -> None:
    reader = SegmentReader(7)
    unknown = encode_frame(7, 1, NOWHERE, ClusterJoined(ClusterId(1)))

    found = reader.feed(with_kind(unknown, 9))

    assert [] == found
    assert reader.is_foreign
    assert reader.error == "a frame cannot be read: records of kind 9 are unknown here"


def with_kind(frame: bytes, kind: int) -> bytes:
    """The same frame with another kind of record, and checksums that are right."""
    body = bytes([kind]) + frame[HEADER_BYTES + 1 :]
    covered = _COVERED.pack(_MAGIC, len(body), 1, 0, 0, crc32(body))
    return covered + U32.pack(crc32(covered, _checksum_of(7))) + body


@pytest.mark.parametrize("offset", [0, HEADER_BYTES - 1, HEADER_BYTES])
@given(cuts=st.lists(st.integers(0, 400), max_size=10).map(sorted))
def test_marks_behind_a_bad_frame_are_seen(offset: int, cuts: list[int]) -> None:
    frames = segment_of(4, synced=MARK)
    data = bytearray(b"".join(frames))
    data[len(frames[0]) + offset] ^= 1
    reader = SegmentReader(7)

    found = read_in_pieces(reader, bytes(data), cuts)

    assert [1] == [frame.sequence for frame in found]
    assert Position(7, len(frames[0])) == reader.end
    assert MARK == reader.furthest


@given(st.lists(st.integers(0, 400), max_size=10).map(sorted))
def test_record_that_looks_like_a_header_is_not_believed(cuts: list[int]) -> None:
    bait = encode_frame(8, 9, Position(7, 10_000), HEAD)
    entry = Entry(EntryId(1, 1), Command(bait))
    frame = bytearray(encode_frame(7, 1, NOWHERE, Write(seq=1, entries=(entry,))))
    frame[0] ^= 1
    reader = SegmentReader(7)

    read_in_pieces(reader, bytes(frame), cuts)

    assert NOWHERE == reader.furthest


@given(st.lists(st.integers(0, 400), max_size=10).map(sorted))
def test_forged_header_inside_a_damaged_record_is_not_looked_at(cuts: list[int]) -> None:
    forged = encode_frame(7, 9, Position(7, 10_000), HEAD)
    entry = Entry(EntryId(1, 1), Command(forged))
    frame = bytearray(encode_frame(7, 1, NOWHERE, Write(seq=1, entries=(entry,))))
    frame[-1] ^= 1
    reader = SegmentReader(7)

    read_in_pieces(reader, bytes(frame), cuts)

    assert reader.error == "the checksum of a frame does not match"
    assert NOWHERE == reader.furthest


def test_a_copy_of_an_earlier_frame_hides_no_mark() -> None:
    """A sector of the segment's beginning was written behind it, and claims what lies there."""
    head, _, *frames, witness = segment_of(5, synced=MARK)
    entry = Entry(EntryId(1, 1), Command(b"x" * 500))
    long = encode_frame(7, 2, NOWHERE, Write(seq=1, entries=(entry,)))
    astray = long[:HEADER_BYTES].ljust(len(b"".join(frames)), b"\0")
    assert len(astray) + len(witness) < len(long), "the copy claims the witness, too"
    reader = SegmentReader(7)

    reader.feed(head + long + astray + witness)
    reader.finish()

    assert len(head + long) == reader.end.offset
    assert MARK == reader.furthest


def test_header_without_the_magic_is_damaged_though_its_checksum_is_right() -> None:
    covered = _COVERED.pack(b"none", 0, 1, 0, 0, 0)
    reader = SegmentReader(7)

    reader.feed(covered + U32.pack(crc32(covered, _checksum_of(7))))

    assert reader.error == "the header of a frame is damaged"


def test_segment_that_ends_inside_a_frame_says_so() -> None:
    one, two = segment_of(2, synced=MARK)
    reader = SegmentReader(7)

    found = reader.feed(one + two[:-1])
    reader.finish()

    assert [1] == [frame.sequence for frame in found]
    assert reader.error == "the file ends inside a frame"
    assert MARK == reader.furthest


def test_segment_that_ends_with_a_frame_is_good() -> None:
    reader = SegmentReader(7)
    reader.feed(b"".join(segment_of(2)))

    reader.finish()

    assert reader.error is None


@given(st.binary(max_size=300))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    reader = SegmentReader(7)

    found = reader.feed(data)
    reader.finish()

    assert [] == found


def test_whoever_reads_may_bring_a_decoder() -> None:
    record = ClusterJoined(ClusterId(9))
    bodies: list[bytes] = []

    def decode(body: bytes) -> Record:
        bodies.append(body)
        return record

    frames = SegmentReader(7, decode).feed(encode_frame(7, 1, NOWHERE, ClusterJoined(ClusterId(1))))

    assert [record] == [frame.record for frame in frames]
    assert [encode_frame(7, 1, NOWHERE, ClusterJoined(ClusterId(1)))[HEADER_BYTES:]] == bodies
