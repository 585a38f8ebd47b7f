"""A node's disk in time: when writes become durable, and which are lost at a crash.

Responsible for the one ordered lane between a node and its `Platter`. A disk syncs
like a real one: a sync covers what was ordered before it began, what is ordered
meanwhile waits for the next. Or it completes each write on its own, in any order, as
an asynchronous interface does. One disk belongs to one life of a node.

Invariants:
    1. Writes count in the order of their `seq`, each whole or not at all: of those under
       way any subset may survive a crash, and a log's recovery takes them up to the
       first that is missing or torn.
    2. What `Written` was said of is on the platter.
"""

from collections import deque
from collections.abc import Callable

import attrs

from leto.raft.actions import Write
from leto.raft.types import Micros, Seq
from leto_sim.platter import PLATTER_INTACT, Platter
from leto_sim.randomness import DRAW_BITS, Draws, Roll, exponential_us
from leto_sim.result import PropertyViolated
from leto_sim.scheduler import Scheduler


@attrs.frozen(kw_only=True)
class DiskSpeed:
    """How long a sync takes: at least so long, and an exponential tail of that mean."""

    sync_least_us: int = 300
    sync_tail_us: int = 700
    completes_separately: bool = False  # each write on its own, else what one sync covers

    def sync_us(self, roll: Roll) -> Micros:
        """The duration of one sync."""
        return self.sync_least_us + exponential_us(self.sync_tail_us, roll[0])

    def steadied(self, tail_max_us: Micros) -> "DiskSpeed":
        """With a shorter tail, if this one is longer."""
        return attrs.evolve(self, sync_tail_us=min(self.sync_tail_us, tail_max_us))


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
        self.speed = speed
        self._on_durable = on_durable
        self._on_written = on_written
        self._on_failed = on_failed
        self._outstanding: deque[Write] = deque()
        self._latest: Seq = 0  # that was submitted
        self._covered = 0  # by the sync that runs; 0 if none does
        self._syncs = 0
        self._completed: set[Seq] = set()  # on their own, behind one that is not
        self._trap: Callable[[], None] | None = None
        self._stalled_until: Micros = 0
        self._is_failing = False
        self._is_over = False

    @property
    def outstanding(self) -> int:
        """How many writes are not durable yet."""
        return len(self._outstanding)

    def submit(self, write: Write) -> None:
        """Make this durable, after every earlier write.

        Raises:
            PropertyViolated: it is not the next one.
        """
        if write.seq != self._latest + 1:
            raise PropertyViolated(
                PLATTER_INTACT, f"write {write.seq} follows write {self._latest}"
            )
        self._latest = write.seq
        self._outstanding.append(write)
        if self._trap is not None:
            self._scheduler.after(0, self._trap)
            self._trap = None
        if self.speed.completes_separately:
            self._scheduler.after(self._draw_sync_us(), self._finish_alone, write.seq)
        elif not self._covered:
            self._start_sync()

    def stall_until(self, time_us: Micros) -> None:
        """No sync ends before that time."""
        self._stalled_until = max(self._stalled_until, time_us)

    def set_trap(self, spring: Callable[[], None]) -> None:
        """Calls that as soon as a write is under way."""
        if self._outstanding:
            spring()
        else:
            self._trap = spring

    def fail(self) -> None:
        """The next sync fails, and nobody knows what of it is durable."""
        self._is_failing = True

    def mend(self) -> None:
        """Undoes `fail`, `stall_until` and `set_trap`, unless they have struck."""
        self._is_failing = False
        self._trap = None
        self._stalled_until = 0

    def crash(self) -> None:
        """The power is cut: some subset of what is outstanding survives; a prefix counts."""
        if self._is_over:
            return
        self._is_over = True
        self._syncs += 1
        roll = self._draws.roll(self._syncs)
        if self.speed.completes_separately:
            self._perform(self._count_survivors(roll))
        else:
            self._perform(roll[1] % (len(self._outstanding) + 1))

    def _count_survivors(self, roll: Roll) -> int:
        """How many survive in a row, if each that is not completed does by a coin's toss."""
        count = 0
        for write in self._outstanding:
            if write.seq not in self._completed and roll[1] >> write.seq % DRAW_BITS & 1:
                break
            count += 1
        return count

    def _draw_sync_us(self) -> Micros:
        self._syncs += 1
        return self.speed.sync_us(self._draws.roll(self._syncs))

    def _start_sync(self) -> None:
        self._covered = len(self._outstanding)
        self._scheduler.after(self._draw_sync_us(), self._finish_sync)

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

    def _finish_alone(self, seq: Seq) -> None:
        if self._is_over:
            return
        if self._scheduler.now < self._stalled_until:
            self._scheduler.at(self._stalled_until, self._finish_alone, seq)
            return
        if self._is_failing:
            self.crash()
            self._on_failed()
            return
        self._completed.add(seq)
        counting: list[Seq] = []
        while self._outstanding and self._outstanding[0].seq in self._completed:
            counting.append(self._outstanding[0].seq)
            self._completed.remove(counting[-1])
            self._perform(1)
        for each in counting:
            self._on_written(each)

    def _perform(self, count: int) -> None:
        for _ in range(count):
            write = self._outstanding.popleft()
            self._on_durable(write)
            self._platter.perform(write)
