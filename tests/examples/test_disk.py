from pathlib import Path
from zlib import crc32

import pytest

from examples.disk import Content, Disk, Done, found
from leto.raft.actions import Compact, ReadSnapshotChunk, RestoreSnapshot, Write
from leto.raft.entries import Command, Entry, HardState, SnapshotMark
from leto.raft.events import SnapshotChunkRead, SnapshotTaken, WriteFailed, Written
from leto.raft.types import EntryId

ADDRESSES = {"a": "127.0.0.1:1", "b": "127.0.0.1:2"}
ENTRY = Entry(EntryId(1, 1), Command(b"one"))
FIRST_WRITE = Write(seq=1, hard_state=HardState(current_term=1), entries=(ENTRY,))


@pytest.fixture
def told() -> list[Done]:
    return []


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found(tmp_path, ADDRESSES)
    return tmp_path / "a"


def test_founders_have_one_configuration_and_different_ids(tmp_path: Path) -> None:
    found(tmp_path, ADDRESSES)

    a, b = Disk(tmp_path / "a").restored, Disk(tmp_path / "b").restored

    assert a.node_id != b.node_id
    assert a.snapshot == b.snapshot
    assert a.snapshot is not None
    assert {a.node_id, b.node_id} == set(a.snapshot.configuration.voters)


def test_what_was_written_is_there_after_a_restart(directory: Path, told: list[Done]) -> None:
    disk = Disk(directory)
    incarnation = disk.restored.incarnation
    disk.perform(FIRST_WRITE, told.append)
    disk.close()

    restored = Disk(directory).restored

    assert [Written(1)] == told
    assert (ENTRY,) == restored.entries
    assert HardState(current_term=1) == restored.hard_state
    assert incarnation + 1 == restored.incarnation


def test_a_snapshot_is_taken_named_read_and_restored(directory: Path, told: list[Done]) -> None:
    disk = Disk(directory)
    assert disk.restored.snapshot is not None
    mark = SnapshotMark(
        last_included=ENTRY.id,
        configuration=disk.restored.snapshot.configuration,
        size_bytes=7,
        checksum=crc32(b"content"),
        before_log=ENTRY.id,
    )
    chunk = ReadSnapshotChunk(transfer=9, last_included=ENTRY.id, offset=3, size_bytes=2)

    disk.perform(FIRST_WRITE, told.append)
    disk.perform(Content(ENTRY.id, b"content"), told.append)
    disk.perform(Write(seq=2, snapshot=mark), told.append)
    disk.perform(Compact(ENTRY.id, ENTRY.id), told.append)
    disk.perform(chunk, told.append)
    disk.close()
    again = Disk(directory)
    again.perform(RestoreSnapshot(mark), told.append)

    assert told == [
        Written(1),
        SnapshotTaken(last_included=ENTRY.id, size_bytes=7, checksum=crc32(b"content")),
        Written(2),
        SnapshotChunkRead(transfer=9, offset=3, data=b"te"),
        Content(ENTRY.id, b"content"),
    ]
    assert mark == again.restored.snapshot


def test_nothing_is_done_after_a_failure(directory: Path, told: list[Done]) -> None:
    disk = Disk(directory)
    missing = ReadSnapshotChunk(transfer=1, last_included=ENTRY.id, offset=0, size_bytes=1)

    disk.perform(missing, told.append)
    disk.perform(FIRST_WRITE, told.append)

    assert 1 == len(told)
    assert isinstance(told[0], WriteFailed)
    assert () == entries_after_restart(disk, directory)


def entries_after_restart(disk: Disk, directory: Path) -> tuple[Entry, ...]:
    disk.close()
    return Disk(directory).restored.entries
