"""What a sequence of writes leaves on a disk."""

import zlib

import pytest

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION
from leto.raft.entries import HardState, Restored, SnapshotChunk, SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, Index, NodeId
from leto_sim.platter import LogImage, Platter
from leto_sim.result import PropertyViolated
from tests.support.observed import entry, log_of

NODE = NodeId(7)
FOUNDING = SnapshotMark(configuration=EMPTY_CONFIGURATION)


def mark(last: EntryId, content: bytes, before_log: EntryId | None = None) -> SnapshotMark:
    return SnapshotMark(
        last_included=last,
        configuration=EMPTY_CONFIGURATION,
        size_bytes=len(content),
        checksum=zlib.crc32(content),
        before_log=last if before_log is None else before_log,
    )


def platter_with_log(*terms: int) -> Platter:
    platter = Platter(FOUNDING)
    platter.perform(Write(seq=1, hard_state=HardState(9), entries=tuple(log_of(*terms).entries)))
    return platter


# --- a log ------------------------------------------------------------------------------


def test_an_empty_log_ends_before_the_log() -> None:
    log = LogImage()

    assert (BEFORE_LOG, BEFORE_LOG, None) == (log.last, log.id_at(0), log.id_at(1))


def test_entries_are_found_by_index() -> None:
    log = log_of(1, 1, 2)

    assert EntryId(2, 3) == log.last
    assert EntryId(1, 2) == log.id_at(2)
    assert [entry(1, 2), entry(2, 3)] == log.between(1, 5)
    assert log.holds(EntryId(2, 3))
    assert not log.holds(EntryId(1, 3))


def test_a_compacted_log_holds_what_is_gone() -> None:
    log = log_of(1, 1, 2)

    log.compact(EntryId(1, 2))
    log.compact(EntryId(1, 1))  # is done already

    assert (EntryId(1, 2), [entry(2, 3)]) == (log.before_log, log.entries)
    assert log.holds(EntryId(1, 1))
    assert None is log.id_at(1)
    assert [entry(2, 3)] == log.between(0, 3)


def test_a_write_truncates_before_it_appends() -> None:
    log = log_of(1, 1, 1)

    log.perform(Write(seq=1, truncate_from=2, entries=(entry(2, 2),)))

    assert [entry(1, 1), entry(2, 2)] == log.entries


@pytest.mark.parametrize("truncate_from", [0, 4])
def test_truncating_what_is_not_there_is_a_violation(truncate_from: Index) -> None:
    with pytest.raises(PropertyViolated, match="truncates from"):
        log_of(1, 1).perform(Write(seq=1, truncate_from=truncate_from))


def test_appending_with_a_gap_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="appends 3@1 to a log that ends with 1@1"):
        log_of(1).perform(Write(seq=1, entries=(entry(1, 3),)))


# --- a disk -----------------------------------------------------------------------------


def test_a_founded_node_finds_its_founding_snapshot() -> None:
    platter = Platter(FOUNDING)

    restored = platter.restored(NODE, 3)

    assert Restored(node_id=NODE, incarnation=3, snapshot=FOUNDING) == restored
    assert b"" == platter.content(FOUNDING)


def test_a_blank_node_finds_what_it_wrote() -> None:
    platter = Platter()
    platter.perform(Write(seq=1, hard_state=HardState(2), entries=(entry(2, 1),)))

    restored = platter.restored(NODE, 1)

    assert (None, HardState(2), (entry(2, 1),)) == (
        restored.snapshot,
        restored.hard_state,
        restored.entries,
    )


def test_a_snapshot_counts_once_it_is_named() -> None:
    platter = platter_with_log(1, 1, 1)
    taken = mark(EntryId(1, 2), b"content", before_log=EntryId(1, 1))
    platter.keep_content(taken.last_included, b"content")

    platter.perform(Write(seq=2, snapshot=taken))

    restored = platter.restored(NODE, 2)
    assert (taken, (entry(1, 2), entry(1, 3))) == (restored.snapshot, restored.entries)
    assert b"content" == platter.content(taken)


def test_a_snapshot_that_is_not_named_is_deleted_at_start() -> None:
    platter = platter_with_log(1, 1, 1)
    platter.keep_content(EntryId(1, 2), b"content")

    platter.restored(NODE, 2)

    with pytest.raises(PropertyViolated, match="reads a snapshot that was deleted: 2@1"):
        platter.content_piece(EntryId(1, 2), 0, 1)


def test_naming_what_is_not_there_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="no content for the snapshot"):
        platter_with_log(1).perform(Write(seq=2, snapshot=mark(EntryId(1, 1), b"content")))


def test_a_received_snapshot_replaces_a_log_that_does_not_reach_it() -> None:
    platter = platter_with_log(1, 1)
    received = mark(EntryId(3, 9), b"content")
    for seq, (offset, data) in enumerate([(0, b"con"), (3, b"tent")], 2):
        chunk = SnapshotChunk(last_included=received.last_included, offset=offset, data=data)
        platter.perform(Write(seq=seq, chunk=chunk))

    platter.perform(Write(seq=4, truncate_from=1, snapshot=received))

    assert (EntryId(3, 9), []) == (platter.last, platter.log.entries)
    assert b"tent" == platter.content_piece(received.last_included, 3, 99)
    assert platter.holds(EntryId(2, 5))


def test_what_is_left_before_an_older_snapshot_goes_with_the_log() -> None:
    platter = platter_with_log(1, 1, 1)
    received = mark(EntryId(3, 9), b"content")
    chunk = SnapshotChunk(last_included=received.last_included, offset=0, data=b"content")
    platter.perform(Write(seq=2, chunk=chunk))

    platter.perform(Write(seq=3, truncate_from=3, snapshot=received))

    assert (EntryId(3, 9), []) == (platter.last, platter.log.entries)


@pytest.mark.parametrize("offset", [3, 1], ids=["a gap", "once more"])
def test_a_chunk_that_does_not_follow_the_one_before_is_a_violation(offset: int) -> None:
    platter, last_included = platter_with_log(1), EntryId(3, 9)
    first = SnapshotChunk(last_included=last_included, offset=0, data=b"co")
    platter.perform(Write(seq=2, chunk=first))
    chunk = SnapshotChunk(last_included=last_included, offset=offset, data=b"tent")

    with pytest.raises(PropertyViolated, match=f"a chunk at {offset} of 9@3 does not follow"):
        platter.perform(Write(seq=3, chunk=chunk))


def test_compaction_deletes_older_snapshots_and_entries() -> None:
    platter = platter_with_log(1, 1, 1)
    for last in (EntryId(1, 1), EntryId(1, 2)):
        platter.keep_content(last, b"c")
    platter.perform(Write(seq=2, snapshot=mark(EntryId(1, 2), b"c")))

    platter.compact(EntryId(1, 2), EntryId(1, 2))

    assert [entry(1, 3)] == platter.log.entries
    with pytest.raises(PropertyViolated, match="was deleted"):
        platter.content_piece(EntryId(1, 1), 0, 1)


def test_compaction_of_the_named_snapshot_is_a_violation() -> None:
    platter = platter_with_log(1, 1)
    platter.keep_content(EntryId(1, 1), b"c")

    with pytest.raises(PropertyViolated, match="deletes the named snapshot 0@0"):
        platter.compact(EntryId(1, 1), EntryId(1, 1))
