"""What is durable is read from the bytes; what one life leaves, the next one must find."""

from zlib import crc32

import pytest

from leto.raft.actions import Write
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry, HardState, SnapshotMark
from leto.raft.types import EntryId, NodeId
from leto.server.world import Rename, Step, SyncDirectory, SyncFile, WriteAt
from leto.wal import ClusterJoined, Identity, Record, SegmentHead, segment_name, snapshot_name
from leto.wal.frames import encode_frame
from leto.wal.records import NOWHERE, Position
from leto.wire.values import ClusterId
from leto_sim.result import PropertyViolated
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.platter import ServerPlatter

OWNER = Identity(NodeId(7), "id1")
FOUNDING = SnapshotMark(
    configuration=Configuration((Member(node_id=NodeId(7), name="id1", address=""),))
)


def entry(index: int, term: int = 1) -> Entry:
    return Entry(EntryId(term=term, index=index), Command(b"x"))


def head(**fields: object) -> SegmentHead:
    plain = {"identity": OWNER, "incarnation": 1, "snapshot": FOUNDING, "previous": NOWHERE}
    return SegmentHead(**{**plain, **fields})  # type: ignore[arg-type]  # any field, by name


class Log:
    """A machine's log, written by hand."""

    def __init__(self) -> None:
        self.directory = SimulatedDirectory()
        self.server = ServerPlatter("id1", self.directory)
        self.announced: list[Write] = []
        self._ends: dict[int, int] = {}
        self._sequence = 0

    def end(self, segment: int) -> Position:
        return Position(segment, self._ends.get(segment, 0))

    def write(self, segment: int, *records: Record, steps: tuple[Step, ...] = ()) -> None:
        """Append records, then perform the steps, or else make everything durable."""
        for record in records:
            self._sequence += 1
            data = encode_frame(segment, self._sequence, NOWHERE, record)
            offset = self._ends.get(segment, 0)
            self._ends[segment] = offset + len(data)
            self.directory.perform(WriteAt(segment_name(segment), offset, data))
        for step in steps or (SyncFile(segment_name(segment)), SyncDirectory()):
            self.directory.perform(step)

    def catch_up(self) -> None:
        self.server.catch_up(self.announced.append)


@pytest.fixture
def log() -> Log:
    log = Log()
    log.write(1, head())
    log.catch_up()
    return log


def test_nobody_lives_on_an_empty_disk() -> None:
    log = Log()

    log.catch_up()

    assert log.server.node_id is None


def test_no_incarnation_is_lived_twice(log: Log) -> None:
    log.server.begin_life()

    with pytest.raises(PropertyViolated, match="incarnation 1 begins after 1 was lived"):
        log.server.begin_life()


def test_first_head_says_who_is_born(log: Log) -> None:
    assert 7 == log.server.node_id
    assert FOUNDING == log.server.platter.snapshot


def test_head_that_is_not_whole_says_nothing() -> None:
    log = Log()
    log.directory.perform(WriteAt(segment_name(1), 0, b"\x1eLeW"))
    log.write(1)

    log.catch_up()

    assert log.server.node_id is None


def test_segment_that_begins_with_something_else_says_nothing() -> None:
    log = Log()
    log.write(1, ClusterJoined(ClusterId(1)))

    log.catch_up()

    assert log.server.node_id is None


def test_synced_write_is_announced_and_counts(log: Log) -> None:
    write = Write(seq=1, hard_state=HardState(3, NodeId(7)), entries=(entry(1), entry(2)))
    log.write(1, write, ClusterJoined(ClusterId(1)))

    log.catch_up()
    log.catch_up()

    assert [write] == log.announced
    assert HardState(3, NodeId(7)) == log.server.platter.hard_state
    assert EntryId(term=1, index=2) == log.server.platter.last
    assert [entry(1), entry(2)] == log.server.memory().entries


def test_write_that_is_not_synced_does_not_count(log: Log) -> None:
    log.write(1, Write(seq=1, entries=(entry(1),)), steps=(SyncDirectory(),))

    log.catch_up()

    assert [] == log.announced


def test_next_life_goes_on_where_the_log_ended(log: Log) -> None:
    log.write(1, Write(seq=1, entries=(entry(1),)))
    log.write(2, head(incarnation=2, last_index=1, previous=log.end(1)))
    log.write(2, Write(seq=1, entries=(entry(2),)))

    log.catch_up()

    assert EntryId(term=1, index=2) == log.server.platter.last


def test_bytes_behind_the_place_that_the_next_head_names_do_not_count(log: Log) -> None:
    end = log.end(1)
    log.write(2, head(incarnation=2, previous=end))
    log.directory.perform(WriteAt(segment_name(1), end.offset, b"torn"))
    log.directory.perform(SyncFile(segment_name(1)))

    log.catch_up()

    assert [] == log.announced


def test_dropping_what_was_durable_is_a_violation(log: Log) -> None:
    end = log.end(1)
    log.write(1, Write(seq=1, entries=(entry(1),)))
    log.catch_up()
    log.write(2, head(incarnation=2, previous=end))

    with pytest.raises(PropertyViolated, match="what is durable is found again"):
        log.catch_up()


def test_going_on_behind_what_is_not_durable_is_a_violation(log: Log) -> None:
    log.write(1, Write(seq=1, entries=(entry(1),)), steps=(SyncDirectory(),))
    log.write(2, head(incarnation=2, last_index=1, previous=log.end(1)))

    with pytest.raises(PropertyViolated, match="what is durable is found again"):
        log.catch_up()


def test_head_that_tells_another_story_is_a_violation(log: Log) -> None:
    log.write(2, head(incarnation=2, hard_state=HardState(9), previous=log.end(1)))

    with pytest.raises(PropertyViolated, match="tells another story"):
        log.catch_up()


def mark_of(content: bytes) -> SnapshotMark:
    place = EntryId(term=1, index=1)
    return SnapshotMark(
        last_included=place,
        configuration=FOUNDING.configuration,
        size_bytes=len(content),
        checksum=crc32(content),
        before_log=place,
    )


def test_named_snapshot_is_read_from_its_file_and_lets_the_log_go(log: Log) -> None:
    mark = mark_of(b"content")
    name = snapshot_name(mark.last_included)
    for step in (WriteAt("aside", 0, b"content"), SyncFile("aside"), Rename("aside", name)):
        log.directory.perform(step)
    log.write(1, Write(seq=1, entries=(entry(1),)), Write(seq=2, snapshot=mark))

    log.catch_up()

    assert b"content" == log.server.platter.content(mark)
    assert [] == log.server.platter.log.entries


def test_founding_mark_in_a_write_needs_no_file(log: Log) -> None:
    log.write(1, Write(seq=1, snapshot=FOUNDING))

    log.catch_up()

    assert FOUNDING == log.server.platter.snapshot


def test_snapshot_whose_file_is_not_durable_must_not_be_named(log: Log) -> None:
    log.write(1, Write(seq=1, entries=(entry(1),)), Write(seq=2, snapshot=mark_of(b"content")))

    with pytest.raises(PropertyViolated, match="its file is not durable"):
        log.catch_up()
