"""A node's disk in time: when writes become durable, and which are lost at a crash.

Responsible for the one ordered lane between a node and its `Platter`. A disk syncs
like a real one: a sync covers what was ordered before it began, what is ordered
meanwhile waits for the next. One disk belongs to one life of a node.

Invariants:
    1. Writes reach the platter in the order of their `seq`, each whole or not at all:
       at a crash a prefix of the outstanding ones survives, since a log's recovery
       stops at the first torn frame.
    2. What `Written` was said of is on the platter.
"""

from collections import deque
from collections.abc import Callable
from math import log

import attrs

from leto.raft.actions import Write
from leto.raft.types import Micros, Seq
from leto_sim.node_level.platter import Platter
from leto_sim.randomness import DRAW_RANGE, Draws, Roll
from leto_sim.scheduler import Scheduler


@attrs.frozen(kw_only=True)
class DiskSpeed:
    """How long a sync takes: at least so long, and an exponential tail of that mean."""

    sync_least_us: int = 300
    sync_tail_us: int = 700

    def sync_us(self, roll: Roll) -> Micros:
        """The duration of one sync."""
        return self.sync_least_us + exponential_us(self.sync_tail_us, roll[0])


def exponential_us(mean_us: int, uniform: int) -> Micros:
    """An exponentially distributed time, from a uniform draw."""
    return int(-log((uniform + 1) / DRAW_RANGE) * mean_us)


class Disk:
    """The lane of one life. `on_durable` is told of each write before it is performed."""

    def __init__(
        self,
        platter: Platter,
        scheduler: Scheduler,
        draws: Draws,
        speed: DiskSpeed,
        *,
        on_durable: Callable[[Write], None],
        on_written: Callable[[Seq], None],
        on_failed: Callable[[], None],
    ) -> None:
        self._platter = platter
        self._scheduler = scheduler
        self._draws = draws
        self._speed = speed
        self._on_durable = on_durable
        self._on_written = on_written
        self._on_failed = on_failed
        self._outstanding: deque[Write] = deque()
        self._covered = 0  # by the sync that runs; 0 if none does
        self._syncs = 0
        self._stalled_until: Micros = 0
        self._is_failing = False
        self._is_over = False

    @property
    def outstanding(self) -> int:
        """How many writes are not durable yet."""
        return len(self._outstanding)

    def submit(self, write: Write) -> None:
        """Make this durable, after every earlier write."""
        self._outstanding.append(write)
        if not self._covered:
            self._start_sync()

    def stall_until(self, time_us: Micros) -> None:
        """No sync ends before that time."""
        self._stalled_until = max(self._stalled_until, time_us)

    def fail(self) -> None:
        """The next sync fails, and nobody knows what of it is durable."""
        self._is_failing = True

    def mend(self) -> None:
        """Undoes `fail` and `stall_until`, unless they have struck."""
        self._is_failing = False
        self._stalled_until = 0

    def crash(self) -> None:
        """The power is cut: some prefix of what is outstanding becomes durable."""
        if self._is_over:
            return
        self._is_over = True
        self._syncs += 1
        survivors = self._draws.roll(self._syncs)[1] % (len(self._outstanding) + 1)
        self._perform(survivors)

    def _start_sync(self) -> None:
        self._covered = len(self._outstanding)
        self._syncs += 1
        duration_us = self._speed.sync_us(self._draws.roll(self._syncs))
        self._scheduler.after(duration_us, self._finish_sync)

    def _finish_sync(self) -> None:
        if self._is_over:
            return
        if self._scheduler.now < self._stalled_until:
            self._scheduler.at(self._stalled_until, self._finish_sync)
            return
        if self._is_failing:
            self.crash()
            self._on_failed()
            return
        seq = self._outstanding[self._covered - 1].seq
        self._perform(self._covered)
        self._covered = 0
        if self._outstanding:
            self._start_sync()
        self._on_written(seq)

    def _perform(self, count: int) -> None:
        for _ in range(count):
            write = self._outstanding.popleft()
            self._on_durable(write)
            self._platter.perform(write)
