"""A simulated disk's lane: when the steps of each job are performed.

Responsible for the time that a `DiskJob` takes, and for what a crash finds half
done. One lane belongs to one run of a process; the directory behind it
(`leto_sim.server_level.files`) outlives it.

Invariants:
    1. Jobs are performed in the order given, each job's steps in order.
    2. Each job ends with one fact, unless the process ended first.
    3. After a failed job no later one is performed.
    4. While the disk is full nothing is written, and nothing fails: jobs wait.
"""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

import attrs

from leto.raft.types import Micros
from leto.server.world import (
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    ReadAt,
    Step,
    SyncDirectory,
    SyncFile,
    WriteAt,
)
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.files import SimulatedDirectory, StepFailed

DiskFact: TypeAlias = DiskJobDone | DiskJobFailed | DiskRoomMeasured

RETRY_US: Final = 100_000  # how soon a step that found no room is tried again


@attrs.frozen(kw_only=True)
class DiskTiming:
    """How slow a disk is. A sync takes its least time and an exponential tail."""

    step_us: int = 20
    sync_least_us: int = 200
    sync_tail_us: int = 600

    def duration_us(self, step: Step, rng: Random) -> Micros:
        """How long this step takes, this time."""
        if isinstance(step, SyncFile | SyncDirectory):
            return self.sync_least_us + int(rng.expovariate(1 / self.sync_tail_us))
        return self.step_us


@attrs.define
class _Underway:
    job: DiskJob
    finish_times: list[Micros]  # of each step


class DiskLane:
    """Performs jobs one after another, in virtual time."""

    def __init__(
        self,
        directory: SimulatedDirectory,
        scheduler: Scheduler,
        rng: Random,
        timing: DiskTiming,
        tell: Callable[[DiskFact], None],
    ) -> None:
        self._directory = directory
        self._scheduler = scheduler
        self._rng = rng
        self.timing = timing
        self._tell = tell
        self._queue: deque[_Underway] = deque()
        self._free_at: Micros = 0
        self._failing = False
        self._closed = False
        self.cannot_read = False  # written by the faults
        self.is_full = False  # the same

    def submit(self, job: DiskJob) -> None:
        """Perform the job after every earlier one."""
        if self._closed:
            return
        time = max(self._free_at, self._scheduler.now)
        finish_times: list[Micros] = []
        for step in job.steps:
            time += self.timing.duration_us(step, self._rng)
            finish_times.append(time)
        self._free_at = time
        self._queue.append(_Underway(job, finish_times))
        self._scheduler.at(time, self._end_job)

    def stall(self, duration_us: Micros) -> None:
        """Let nothing be finished for so long."""
        now = self._scheduler.now
        for underway in self._queue:
            underway.finish_times = [
                time + duration_us if time > now else time for time in underway.finish_times
            ]
        self._free_at = max(self._free_at, now) + duration_us

    def fail(self) -> None:
        """Let the next job to end fail, somewhere on its way."""
        self._failing = True

    def interrupt(self) -> None:
        """The process ends now: what was finished stays, one step may be half done."""
        self._closed = True
        for underway in self._queue:
            for step, time in zip(underway.job.steps, underway.finish_times, strict=True):
                if time > self._scheduler.now or (self.is_full and isinstance(step, WriteAt)):
                    self._directory.perform_partly(step, self._rng)
                    return
                try:
                    self._directory.perform(step)
                except StepFailed:
                    return

    def _end_job(self) -> None:
        if self._closed:
            return
        underway = self._queue[0]
        end = underway.finish_times[-1] if underway.finish_times else 0
        if end > self._scheduler.now:  # the disk stalled meanwhile
            self._scheduler.at(end, self._end_job)
            return
        if self.is_full and any(isinstance(step, WriteAt) for step in underway.job.steps):
            self._scheduler.after(RETRY_US, self._end_job)
            self._tell(DiskRoomMeasured(0))
            return
        self._queue.popleft()
        self._tell(self._perform(underway.job))

    def _perform(self, job: DiskJob) -> DiskFact:
        steps_done = self._rng.randint(0, len(job.steps)) if self._failing else len(job.steps)
        data: list[bytes] = []
        try:
            for step in job.steps[:steps_done]:
                if self.cannot_read and isinstance(step, ReadAt):
                    return self._failed(job, f"input/output error while reading {step.file}")
                read = self._directory.perform(step)
                if read is not None:
                    data.append(read)
        except StepFailed as failure:
            return self._failed(job, str(failure))
        if self._failing:
            return self._failed(job, "input/output error")
        return DiskJobDone(job.job, tuple(data))

    def _failed(self, job: DiskJob, reason: str) -> DiskJobFailed:
        self._closed = True
        self._queue.clear()
        return DiskJobFailed(job.job, reason)
