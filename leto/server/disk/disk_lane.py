"""The node's one ordered lane to its disk.

Responsible for numbering jobs and for handing each one's results to whoever
wanted them. A failure of any job is final: what is on the disk is unknown from
then on, so nothing is asked of it any more (design: fail-stop).
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from leto.raft.errors import EventOutOfOrder
from leto.server.turn import Turn
from leto.server.world import DiskJob, Step

Then: TypeAlias = Callable[[tuple[bytes, ...]], None]
"""Called with the results of a job's reads."""


class DiskLane:
    """Jobs that the world performs, in order."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._last_job = 0
        self._outstanding: deque[tuple[int, Then]] = deque()
        self.failed = False

    def perform(self, steps: Sequence[Step], then: Then) -> None:
        """Order these steps; `then` is called when all of them are done."""
        if self.failed:
            return
        self._last_job += 1
        self._outstanding.append((self._last_job, then))
        self._turn.order(DiskJob(self._last_job, tuple(steps)))

    def done(self, job: int, data: tuple[bytes, ...]) -> None:
        """The world has done a job.

        Raises:
            EventOutOfOrder: it is not the oldest one outstanding.
        """
        if not self._outstanding or self._outstanding[0][0] != job:
            raise EventOutOfOrder(f"job {job} is not the oldest outstanding one")
        _, then = self._outstanding.popleft()
        then(data)

    def fail(self) -> None:
        """A job failed: nothing that is outstanding will ever be told."""
        self.failed = True
        self._outstanding.clear()
