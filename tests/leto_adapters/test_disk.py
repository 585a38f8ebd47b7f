"""The disk thread: contract 4 of a world."""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Semaphore

import pytest

from leto.server.world import (
    Delete,
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    ReadAt,
    Rename,
    Step,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)
from leto_adapters.disk import MEASURE_BUSY_S, MEASURE_BYTES, Disk, Files, Outcome, RoomGauge


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def perform(directory: int, *steps: Step) -> list[bytes | None]:
    with closing(Files(directory)) as files:
        return [files.perform(step) for step in steps]


def outcomes(directory: int, *jobs: Sequence[Step]) -> list[Outcome]:
    disk = Disk(directory, wake=lambda: None)
    for number, steps in enumerate(jobs, start=1):
        disk.submit(DiskJob(number, tuple(steps)))
    disk.close()
    told: list[Outcome] = list(iter(disk.take, None))
    assert isinstance(told[0], DiskRoomMeasured)
    return [answer for answer in told if not isinstance(answer, DiskRoomMeasured)]


def test_writes_land_at_their_offsets(tmp_path: Path, directory: int) -> None:
    perform(directory, WriteAt("log", 0, b"abcdef"), WriteAt("log", 2, b"XY"), SyncFile("log"))

    assert b"abXYef" == (tmp_path / "log").read_bytes()


def test_write_behind_the_end_leaves_zeros(tmp_path: Path, directory: int) -> None:
    perform(directory, WriteAt("log", 3, b"x"))

    assert b"\0\0\0x" == (tmp_path / "log").read_bytes()


def test_write_that_the_kernel_takes_in_part_is_continued(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.pwrite

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        return whole(descriptor, data[:2], offset)

    monkeypatch.setattr(os, "pwrite", pwrite)

    perform(directory, WriteAt("log", 1, b"abcde"))

    assert b"\0abcde" == (tmp_path / "log").read_bytes()


def test_read_is_short_only_at_the_end(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pread

    def pread(descriptor: int, size: int, offset: int) -> bytes:
        return whole(descriptor, min(size, 2), offset)

    monkeypatch.setattr(os, "pread", pread)

    read = perform(
        directory, WriteAt("log", 0, b"abcdefg"), ReadAt("log", 1, 5), ReadAt("log", 5, 9)
    )

    assert [None, b"bcdef", b"fg"] == read


def test_renamed_file_replaces_the_other_and_is_written_by_its_new_name(
    tmp_path: Path, directory: int
) -> None:
    perform(
        directory,
        WriteAt("new", 0, b"new"),
        WriteAt("old", 0, b"old and long"),
        Rename("new", "old"),
        SyncDirectory(),
        WriteAt("old", 3, b"!"),
    )

    assert ["old"] == [path.name for path in tmp_path.iterdir()]
    assert b"new!" == (tmp_path / "old").read_bytes()


def test_file_that_is_not_open_can_be_renamed(tmp_path: Path, directory: int) -> None:
    (tmp_path / "new").touch()

    perform(directory, Rename("new", "old"))

    assert ["old"] == [path.name for path in tmp_path.iterdir()]


def test_file_is_truncated(tmp_path: Path, directory: int) -> None:
    (tmp_path / "log").write_bytes(b"abcdef")

    perform(directory, Truncate("log", 2))

    assert b"ab" == (tmp_path / "log").read_bytes()


def test_deleted_file_is_gone_and_can_be_made_anew(tmp_path: Path, directory: int) -> None:
    perform(directory, WriteAt("log", 0, b"abc"), Delete("log"), WriteAt("log", 0, b"d"))

    assert b"d" == (tmp_path / "log").read_bytes()


def test_deleting_what_is_not_there_is_no_failure(directory: int) -> None:
    assert [None] == perform(directory, Delete("log"))


@pytest.mark.parametrize("step", [ReadAt("log", 0, 1), SyncFile("log"), Truncate("log", 0)])
def test_only_a_write_makes_a_file(directory: int, step: Step) -> None:
    with pytest.raises(FileNotFoundError):
        perform(directory, step)


def test_name_outside_of_the_directory_is_our_own_mistake(directory: int) -> None:
    with pytest.raises(AssertionError, match="plain name"):
        perform(directory, WriteAt("../log", 0, b""))


def test_jobs_are_answered_in_order_with_what_they_read(directory: int) -> None:
    answered = outcomes(
        directory,
        [WriteAt("log", 0, b"abc"), SyncFile("log")],
        [ReadAt("log", 0, 1), ReadAt("log", 1, 9)],
    )

    assert [DiskJobDone(1), DiskJobDone(2, (b"a", b"bc"))] == answered


def test_after_a_failure_no_later_job_is_performed(tmp_path: Path, directory: int) -> None:
    answered = outcomes(
        directory,
        [WriteAt("log", 0, b"abc")],
        [SyncFile("missing"), WriteAt("log", 0, b"not this")],
        [WriteAt("log", 0, b"nor this")],
    )

    reason = "SyncFile missing: No such file or directory"
    assert [DiskJobDone(1), DiskJobFailed(2, reason)] == answered
    assert b"abc" == (tmp_path / "log").read_bytes()


def test_failed_directory_sync_is_told(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)

    answered = outcomes(directory, [SyncDirectory()])

    assert [DiskJobFailed(1, "SyncDirectory: Input/output error")] == answered


class SmallDisk:
    """A disk that takes three bytes, until it has room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: int = errno.ENOSPC) -> None:
        self.room = 3
        self.tries = 0
        self._error = error
        self._pwrite = os.pwrite
        monkeypatch.setattr(os, "pwrite", self._write)
        monkeypatch.setattr("leto_adapters.disk.RETRY_S", 0.01)

    def _write(self, descriptor: int, data: bytes, offset: int) -> int:
        if offset >= self.room:
            self.tries += 1
            raise OSError(self._error, os.strerror(self._error))
        return self._pwrite(descriptor, data[: self.room - offset], offset)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_a_write_that_finds_no_room_waits_for_it(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    small = SmallDisk(monkeypatch, error)
    told: list[Outcome] = []
    disk = Disk(directory, wake=lambda: None)

    disk.submit(DiskJob(1, (WriteAt("log", 0, b"abcdef"), SyncFile("log"))))
    disk.submit(DiskJob(2, (ReadAt("log", 0, 9),)))
    while small.tries < 3:
        time.sleep(0.01)
    assert not any(isinstance(fact, DiskJobDone) for fact in iter(disk.take, None))
    small.room = 100
    while DiskJobDone(2, (b"abcdef",)) not in told:
        told += iter(disk.take, None)
    disk.close()

    assert DiskJobDone(1) in told


def test_while_there_is_no_room_that_is_what_is_told(
    directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SmallDisk(monkeypatch)
    disk = Disk(directory, wake=lambda: None)
    disk.submit(DiskJob(1, (WriteAt("log", 0, b"abcdef"),)))
    while small.tries < 2:
        time.sleep(0.01)

    told = list(iter(disk.take, None))
    disk.close()  # nobody waits for room any longer

    assert DiskRoomMeasured(0) == told[-1]
    assert not any(isinstance(fact, DiskJobDone) for fact in iter(disk.take, None))


def test_a_sync_that_finds_no_room_has_failed(
    directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)

    answered = outcomes(directory, [WriteAt("log", 0, b"abc"), SyncFile("log")])

    assert [DiskJobFailed(1, "SyncFile log: No space left on device")] == answered


def test_mistake_of_ours_is_raised_where_the_outcome_is_taken(directory: int) -> None:
    with pytest.raises(AssertionError, match="plain name"):
        outcomes(directory, [WriteAt("a/b", 0, b"")])


def test_owner_is_woken_once_for_what_it_has_not_taken(directory: int) -> None:
    wakes: list[str] = []
    disk = Disk(directory, wake=lambda: wakes.append("wake"))

    disk.submit(DiskJob(1, ()))
    disk.submit(DiskJob(2, ()))
    disk.close()

    assert ["wake"] == wakes
    assert isinstance(disk.take(), DiskRoomMeasured)
    assert [DiskJobDone(1), DiskJobDone(2)] == list(iter(disk.take, None))


def test_the_room_is_measured_in_bytes_that_the_node_may_use(
    directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = os.fstatvfs(directory)

    def fstatvfs(_: int) -> os.statvfs_result:
        return system

    monkeypatch.setattr(os, "fstatvfs", fstatvfs)

    assert DiskRoomMeasured(system.f_bavail * system.f_frsize) == RoomGauge(directory).reading(0)


def test_the_room_is_measured_again_after_some_time_and_after_some_bytes(
    directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    gauge = RoomGauge(directory)
    assert gauge.reading(0) is not None

    assert gauge.reading(MEASURE_BYTES - 1) is None
    seconds[0] += MEASURE_BUSY_S
    assert gauge.reading(MEASURE_BYTES - 1) is not None
    assert gauge.reading(2 * MEASURE_BYTES - 2) is None
    assert gauge.reading(2 * MEASURE_BYTES - 1) is not None


def test_an_idle_disk_is_measured_too(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leto_adapters.disk.MEASURE_IDLE_S", 0.01)
    monkeypatch.setattr("leto_adapters.disk.MEASURE_BUSY_S", 0.01)
    told = Semaphore(0)
    disk = Disk(directory, wake=told.release)

    for _ in range(3):
        assert told.acquire(timeout=10)
        assert isinstance(disk.take(), DiskRoomMeasured)
    disk.close()
