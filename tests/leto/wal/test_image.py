"""What writes amount to, and which of them contradict the log."""

import pytest

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import Entry, HardState, Noop, SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto.wal.image import LogImage
from leto.wal.records import Identity, SegmentHead


def head(last_index: int = 0, snapshot: SnapshotMark | None = None) -> SegmentHead:
    identity = Identity(NodeId(1), "id1")
    return SegmentHead(identity=identity, incarnation=1, last_index=last_index, snapshot=snapshot)


def entries(first: int, last: int, term: int = 1) -> tuple[Entry, ...]:
    return tuple(Entry(EntryId(term, index), Noop()) for index in range(first, last + 1))


def mark(last: int, before: int, term: int = 1) -> SnapshotMark:
    return SnapshotMark(
        last_included=EntryId(term, last),
        before_log=EntryId(term, before) if before else BEFORE_LOG,
        configuration=EMPTY_CONFIGURATION,
    )


def replayed(*writes: Write, beginning: SegmentHead | None = None) -> LogImage:
    image = LogImage.beginning_with(beginning or head())
    for write in writes:
        assert image.replay(write) is None
    return image


def test_hard_state_is_the_last_one_written() -> None:
    image = replayed(Write(seq=1, hard_state=HardState(1)), Write(seq=2, entries=entries(1, 1)))

    assert HardState(1) == image.hard_state


def test_truncation_drops_entries_before_others_are_appended() -> None:
    image = replayed(
        Write(seq=1, entries=entries(1, 5)),
        Write(seq=2, truncate_from=3, entries=entries(3, 3, term=2)),
    )

    assert [*entries(1, 2), *entries(3, 3, term=2)] == image.entries
    assert image.last_index == 3


def test_named_snapshot_lets_go_of_entries_up_to_before_log() -> None:
    image = replayed(Write(seq=1, entries=entries(1, 5)), Write(seq=2, snapshot=mark(4, 2)))

    assert list(entries(3, 5)) == image.entries
    assert mark(4, 2) == image.snapshot
    assert image.lacking() is None


def test_received_snapshot_takes_the_place_of_the_whole_log() -> None:
    image = replayed(
        Write(seq=1, entries=entries(1, 5)),
        Write(seq=2, truncate_from=1, snapshot=mark(9, 9)),
        Write(seq=3, entries=entries(10, 10)),
    )

    assert list(entries(10, 10)) == image.entries
    assert EntryId(1, 9) == image.before_log


def test_entries_of_deleted_segments_may_be_absent_once_a_snapshot_covers_them() -> None:
    image = replayed(
        Write(seq=1, entries=entries(6, 8)),
        Write(seq=2, snapshot=mark(7, 6)),
        beginning=head(last_index=5),
    )

    assert list(entries(7, 8)) == image.entries
    assert image.lacking() is None


def test_absent_entries_that_the_log_should_hold_are_lacking() -> None:
    image = replayed(
        Write(seq=1, entries=entries(6, 8)),
        Write(seq=2, truncate_from=5, snapshot=mark(4, 2)),
        Write(seq=3, entries=entries(5, 5, term=2)),
        beginning=head(last_index=5),
    )

    assert list(entries(5, 5, term=2)) == image.entries
    assert image.lacking() == "the entries from 3 to 4 are missing"


@pytest.mark.parametrize(
    "write, reason",
    [
        (Write(seq=1, entries=entries(7, 7)), "entry 7@1 follows a log that ends at 5"),
        (Write(seq=1, entries=entries(5, 5)), "entry 5@1 follows a log that ends at 5"),
        (Write(seq=1, truncate_from=7), "the log from 2@1 to 5 is cut at 7"),
        (Write(seq=1, truncate_from=2), "the log from 2@1 to 5 is cut at 2"),
        (Write(seq=1, snapshot=mark(4, 1)), "the log from 2@1 is said to begin at 1@1 again"),
        (Write(seq=1, snapshot=mark(9, 9)), "a log that ends at 5 is said to begin at 9@1"),
        (Write(seq=1, snapshot=mark(9, 3)), "a log that ends at 5 is said to hold 9@1"),
        (Write(seq=1, snapshot=mark(4, 3, term=2)), "snapshot 4@2 contradicts the log"),
    ],
)
def test_write_that_contradicts_the_log_is_objected_to(write: Write, reason: str) -> None:
    image = replayed(Write(seq=1, entries=entries(1, 5)), Write(seq=2, snapshot=mark(3, 2)))

    assert reason == image.replay(write)


def test_head_that_tells_the_same_story_does_not_contradict() -> None:
    image = replayed(Write(seq=1, entries=entries(1, 5)), Write(seq=2, snapshot=mark(4, 2)))

    assert not image.contradicts(head(last_index=5, snapshot=mark(4, 2)))
    assert image.contradicts(head(last_index=6, snapshot=mark(4, 2)))
    assert image.contradicts(head(last_index=5))
