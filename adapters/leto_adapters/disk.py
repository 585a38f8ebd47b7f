"""The files of a node: one thread that performs disk jobs, one after the other.

Responsible for clause 4 of the contract in `leto.server.world`: jobs in the order
given, a job's steps in order, each job answered once, none performed after a failure.
It knows no file's format. The same thread measures how much room there is, and where a step
finds none it waits, and tries again.

One thread is enough, because the jobs are one ordered lane anyway; and it is a thread
because nothing in the kernel reports when an fdatasync would not block.

Invariants:
    1. What `SyncFile` and `SyncDirectory` covered is durable before the job is answered.
    2. A failed sync is never tried again: the pages that it could not write count as
       clean from then on, and a second attempt would succeed without having written them.
       A write that found no room may be tried again: it starts where it started before.
"""

import contextlib
import errno
import os
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final, TypeAlias, assert_never

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

Outcome: TypeAlias = DiskJobDone | DiskJobFailed | DiskRoomMeasured

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRY_S = 0.1  # how soon a step that found no room is tried again

MEASURE_BUSY_S = 0.25  # how often the room is measured while there are jobs
MEASURE_IDLE_S = 1.0
MEASURE_BYTES = 4 << 20  # and as soon as so much was written: a fast disk is full in no time

# After each system call the thread must win back the interpreter lock, from a loop that may be
# fully busy. Measured on two cores, pwrite and fdatasync of 2 kB, median (99th percentile): idle
# loop 0.28 ms (1.6); busy loop 5.6 ms (11.9) at Python's default of 5 ms; 0.37 ms (0.67) at 50 us;
# 0.35 ms (1.0) at 20 us. One pwritev with RWF_DSYNC in place of the two calls gained nothing.
SWITCH_INTERVAL_S = 50e-6


class Files:
    """The steps of disk jobs, on one directory; a file once used stays open."""

    def __init__(self, directory: int) -> None:
        self._directory = directory  # a descriptor, owned by the caller
        self._open: dict[str, int] = {}
        self.written_bytes = 0  # ever

    def perform(self, step: Step) -> bytes | None:
        """Do one step now, blocking; what it read, if it reads.

        Raises:
            OSError: the step failed.
        """
        match step:
            case WriteAt(file=file, offset=offset, data=data):
                self._write(file, offset, data)
            case SyncFile(file=file):
                os.fdatasync(self._descriptor(file))
            case SyncDirectory():
                os.fsync(self._directory)
            case Rename(file=file, to=to):
                self._rename(file, to)
            case Truncate(file=file, size_bytes=size_bytes):
                os.ftruncate(self._descriptor(file), size_bytes)
            case Delete(file=file):
                self._delete(file)
            case ReadAt(file=file, offset=offset, size_bytes=size_bytes):
                return self._read(file, offset, size_bytes)
            case _:
                assert_never(step)
        return None

    def close(self) -> None:
        """Close every file."""
        for file in list(self._open):
            self._forget(file)

    def _descriptor(self, file: str, *, create: bool = False) -> int:
        descriptor = self._open.get(file)
        if descriptor is None:
            assert file == os.path.basename(file), f"a plain name (contract 5): {file!r}"  # noqa: PTH119
            flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
            descriptor = os.open(file, flags, 0o600, dir_fd=self._directory)
            self._open[file] = descriptor
        return descriptor

    def _forget(self, file: str) -> None:
        descriptor = self._open.pop(file, None)
        if descriptor is not None:
            os.close(descriptor)

    def _write(self, file: str, offset: int, data: bytes) -> None:
        descriptor = self._descriptor(file, create=True)
        self.written_bytes += len(data)
        written = os.pwrite(descriptor, data, offset)
        while written < len(data):  # the kernel may take less, at 2 GiB or near a full disk
            written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)

    def _read(self, file: str, offset: int, size_bytes: int) -> bytes:
        descriptor = self._descriptor(file)
        data = os.pread(descriptor, size_bytes, offset)
        while len(data) < size_bytes:
            more = os.pread(descriptor, size_bytes - len(data), offset + len(data))
            if not more:  # the end of the file
                break
            data += more
        return data

    def _rename(self, file: str, to: str) -> None:
        os.rename(file, to, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        self._forget(to)
        if file in self._open:
            self._open[to] = self._open.pop(file)

    def _delete(self, file: str) -> None:
        self._forget(file)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file, dir_fd=self._directory)


class RoomGauge:
    """Measures how much room there is beside the node's files; used by one thread."""

    def __init__(self, directory: int) -> None:
        self._directory = directory
        self._due_s = 0.0
        self._due_bytes = 0

    def reading(self, written_bytes: int) -> DiskRoomMeasured | None:
        """A measurement, if one is due when so much has ever been written."""
        now = time.monotonic()
        if now < self._due_s and written_bytes < self._due_bytes:
            return None
        self._due_s = now + MEASURE_BUSY_S
        self._due_bytes = written_bytes + MEASURE_BYTES
        system = os.fstatvfs(self._directory)
        return DiskRoomMeasured(system.f_bavail * system.f_frsize)


class _Closing(Exception):
    """Nobody waits any longer for there to be room."""


class Disk:
    """The disk thread of a node.

    Args:
        directory: the descriptor of the node's directory; owned by the caller.
        wake: called from the disk thread when there is something to `take`; it has the
            owner's thread call `take` soon.
    """

    def __init__(self, directory: int, wake: Callable[[], None]) -> None:
        self._files = Files(directory)
        self._gauge = RoomGauge(directory)
        self._wake = wake
        self._jobs: SimpleQueue[DiskJob | None] = SimpleQueue()
        self._outcomes: deque[Outcome | Exception] = deque()
        self._is_closing = Event()
        self._thread = Thread(target=self._work, name="leto-disk", daemon=True)
        self._thread.start()

    def submit(self, job: DiskJob) -> None:
        """Have the job performed after those submitted before."""
        self._jobs.put(job)

    def take(self) -> Outcome | None:
        """Return the next outcome, in the order of the jobs, if there is one.

        Raises:
            Exception: the disk thread itself is broken.
        """
        if not self._outcomes:
            return None
        outcome = self._outcomes.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Let the jobs submitted so far be performed, as far as there is room; end the thread."""
        self._is_closing.set()
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        """The thread: until told to end, or until a job fails."""
        outcome: Outcome | Exception | None = None
        while not isinstance(outcome, DiskJobFailed | Exception):
            measured = self._gauge.reading(self._files.written_bytes)
            if measured is not None:
                self._tell(measured)
            try:
                job = self._jobs.get(timeout=MEASURE_IDLE_S)
            except Empty:
                continue
            if job is None:
                break
            try:
                outcome = self._outcome_of(job)
            except _Closing:
                break
            self._tell(outcome)
        self._files.close()

    def _tell(self, outcome: Outcome | Exception) -> None:
        self._outcomes.append(outcome)
        if len(self._outcomes) == 1:  # else the owner has yet to come for an earlier one
            self._wake()

    def _outcome_of(self, job: DiskJob) -> Outcome | Exception:
        results: list[bytes] = []
        for step in job.steps:
            try:
                result = self._perform(step)
            except _Closing:
                raise
            except OSError as error:
                return DiskJobFailed(job.job, f"{_in_words(step)}: {error.strerror}")
            except Exception as error:  # noqa: BLE001 - ours to fix: the owner raises it again
                return error
            if result is not None:
                results.append(result)
        return DiskJobDone(job.job, tuple(results))

    def _perform(self, step: Step) -> bytes | None:
        while True:
            try:
                return self._files.perform(step)
            except OSError as error:
                if error.errno not in NO_ROOM or isinstance(step, SyncFile | SyncDirectory):
                    raise
            self._tell(DiskRoomMeasured(0))
            if self._is_closing.wait(RETRY_S):
                raise _Closing


def _in_words(step: Step) -> str:
    """The step without its data, for a message."""
    file = "" if isinstance(step, SyncDirectory) else f" {step.file}"
    return type(step).__name__ + file
