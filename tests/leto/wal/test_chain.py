"""How segments continue each other."""

import attrs
import pytest

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import Entry, HardState, Noop, SnapshotMark
from leto.raft.types import EntryId, NodeId
from leto.wal.chain import Chain, Objection, Segment
from leto.wal.corruption import Corrupt
from leto.wal.frames import SegmentReader, encode_frame, segment_name
from leto.wal.records import NOWHERE, ClusterJoined, Identity, Position, Record, SegmentHead
from leto.wire.values import ClusterId

HEAD = SegmentHead(identity=Identity(NodeId(1), "id1"), incarnation=1)
NEXT = attrs.evolve(HEAD, last_index=1, hard_state=HardState(1))  # after `chain_of_one`
FOUND = (1, 2, 3, 4)


def entry(index: int) -> Entry:
    return Entry(EntryId(1, index), Noop())


def read(
    chain: Chain, segment: int, *records: Record, first: int = 1, tail: bytes = b""
) -> Objection | None:
    """Let the chain read a whole segment; the first objection, if there is one."""
    reader = SegmentReader(segment)
    data = [
        encode_frame(segment, sequence, NOWHERE, record)
        for sequence, record in enumerate(records, start=first)
    ]
    for frame in reader.feed(b"".join(data) + tail):
        if isinstance(frame.record, SegmentHead):
            found = chain.enter(segment, frame.record, frame.sequence, FOUND)
        else:
            found = chain.replay(Position(segment, frame.offset), frame.record)
        if found is not None:
            return found
    reader.finish()
    chain.close(reader)
    return None


def torn_after(segment: int, sequence: int, mark: Position) -> bytes:
    """A frame with a rotten record, whose header bears that sync mark."""
    data = bytearray(encode_frame(segment, sequence, mark, Write(seq=1)))
    data[-1] ^= 1
    return bytes(data)


def chain_of_one(*, tail: bytes = b"") -> Chain:
    chain = Chain()
    vote, append = Write(seq=1, hard_state=HardState(1)), Write(seq=2, entries=(entry(1),))
    assert read(chain, 1, HEAD, vote, append, tail=tail) is None
    return chain


def test_first_segment_begins_the_log() -> None:
    chain = chain_of_one()

    assert [Segment(1, 1)] == chain.segments
    assert (chain.frames, chain.end.segment, chain.head) == (3, 1, HEAD)
    assert chain.final_objection() is None


def test_segment_goes_on_where_the_one_before_ended() -> None:
    chain = chain_of_one()
    head = attrs.evolve(NEXT, previous=chain.end, incarnation=2)

    objection = read(chain, 2, head, ClusterJoined(ClusterId(5)), first=4)

    assert objection is None
    assert [Segment(1, 1), Segment(2)] == chain.segments
    assert chain.head == attrs.evolve(head, cluster_id=ClusterId(5))
    assert chain.final_objection() is None


def test_torn_tail_that_a_later_segment_has_dropped_does_not_count() -> None:
    chain = chain_of_one(tail=torn_after(1, 4, Position(1, 9999)))
    head = attrs.evolve(NEXT, previous=chain.end)

    objection = read(chain, 2, head, first=4)

    assert objection is None
    assert chain.final_objection() is None


def test_segment_without_a_head_between_two_that_continue_does_not_count() -> None:
    chain = chain_of_one()
    head = attrs.evolve(NEXT, previous=chain.end)

    read(chain, 2, tail=b"torn")
    objection = read(chain, 3, head, first=4)

    assert objection is None
    assert [1, 3] == [segment.number for segment in chain.segments]


def test_segment_whose_predecessor_was_deleted_begins_the_log_anew() -> None:
    chain = chain_of_one()
    mark = SnapshotMark(
        last_included=EntryId(1, 6), before_log=EntryId(1, 6), configuration=EMPTY_CONFIGURATION
    )
    head = attrs.evolve(HEAD, previous=Position(7, 10), last_index=6, snapshot=mark)

    objection = read(chain, 8, head, Write(seq=1, entries=(entry(7),)), first=50)

    assert objection is None
    assert [Segment(8, 7)] == chain.segments
    assert chain.frames == 51
    assert chain.final_objection() is None


def test_log_that_began_anew_too_late_lacks_entries() -> None:
    chain = Chain()
    head = attrs.evolve(HEAD, previous=Position(7, 10), last_index=6)
    read(chain, 8, head, first=50)

    objection = chain.final_objection()

    assert objection == Objection(Position(8, 0), "the entries from 1 to 6 are missing")


def test_bad_frame_that_a_later_segment_has_counted_is_corruption() -> None:
    chain = chain_of_one(tail=b"rotten")
    head = attrs.evolve(NEXT, previous=Position(1, chain.end.offset + 6))

    objection = read(chain, 2, head, first=5)

    assert objection == Objection(chain.end, "the file ends inside a frame")


def test_segment_shorter_than_a_later_one_says_is_corruption() -> None:
    chain = chain_of_one()
    head = attrs.evolve(NEXT, previous=Position(1, chain.end.offset + 6))

    objection = read(chain, 2, head, first=5)

    assert objection == Objection(chain.end, "the segment ends too early")


@pytest.mark.parametrize(
    "head, first",
    [
        (attrs.evolve(NEXT, previous=Position(1, 1)), 4),
        (attrs.evolve(NEXT, last_index=2), 4),
        (attrs.evolve(NEXT, hard_state=HardState(4)), 4),
        (NEXT, 5),
    ],
)
def test_head_that_tells_another_story_is_corruption(head: SegmentHead, first: int) -> None:
    chain = chain_of_one()
    if head.previous == NOWHERE:
        head = attrs.evolve(head, previous=chain.end)

    objection = read(chain, 2, head, first=first)

    assert objection == Objection(Position(2, 0), "its head contradicts the segment before it")


def test_segment_that_continues_one_without_a_head_is_corruption() -> None:
    chain = chain_of_one()
    read(chain, 2, tail=bytes(100))

    objection = read(chain, 3, attrs.evolve(HEAD, previous=Position(2, 100)), first=9)

    assert objection == Objection(Position(2, 0), "the header of a frame is damaged")


def test_segment_that_continues_an_empty_one_is_corruption() -> None:
    chain = chain_of_one()

    objection = read(chain, 3, attrs.evolve(HEAD, previous=Position(2, 100)), first=9)

    reason = f"it cannot be read, but {segment_name(3)} continues it"
    assert objection == Objection(Position(2, 0), reason)


def test_bad_frame_without_a_witness_is_a_torn_tail() -> None:
    chain = chain_of_one()
    end = chain.end

    chain = chain_of_one(tail=torn_after(1, 4, end))

    assert chain.final_objection() is None
    assert chain.damage == Objection(end, "the checksum of a frame does not match")


def test_bad_frame_that_a_later_mark_calls_synced_is_corruption() -> None:
    end = chain_of_one().end
    beyond = Position(1, end.offset + 1)

    chain = chain_of_one(tail=torn_after(1, 4, end) + torn_after(1, 5, beyond))

    assert chain.final_objection() == Objection(end, "the checksum of a frame does not match")


def test_first_bad_frame_is_the_one_that_is_told() -> None:
    chain = chain_of_one(tail=b"rotten")

    read(chain, 2, tail=torn_after(2, 9, Position(1, 9999)))

    assert chain.final_objection() == Objection(chain.end, "the file ends inside a frame")


def test_write_that_contradicts_the_log_is_objected_to() -> None:
    chain = Chain()

    objection = read(chain, 1, HEAD, Write(seq=1, entries=(entry(3),)))

    assert objection is not None
    assert objection.reason == "entry 3@1 follows a log that ends at 0"


def test_objection_names_the_place() -> None:
    objection = Objection(Position(1, 40), "it is bad")

    assert str(objection) == "wal-0000000000000001.log at offset 40: it is bad"
    assert objection.as_corrupt == Corrupt("wal-0000000000000001.log", 40, "it is bad")
