"""A simulated process: a sans-IO program, its clock, its sockets and its disk.

Responsible for carrying facts to the program and performing what it orders, as an
adapter does in the real world; and for what can befall a process: it is stopped
for a while, it is killed, its host loses power. What the facts and orders mean is
the program's business. Servers and simulated clients are both programs.

Invariants:
    1. A program is told one fact at a time, and every order is performed before
       the next one.
    2. A process that has ended is told nothing more.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from traceback import extract_tb
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from leto.raft.errors import LetoError
from leto.raft.types import Micros
from leto.server.world import (
    ClockTicked,
    Close,
    Dial,
    DiskJob,
    Fact,
    FileFound,
    Log,
    Order,
    PauseReading,
    Port,
    ResumeReading,
    Started,
    Stop,
    Transmit,
)
from leto_sim.result import PropertyViolated
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.pipes import Sockets
from leto_sim.server_level.streams import StreamNetwork

if TYPE_CHECKING:
    from leto_sim.server_level.disk import DiskLane

MILLION: Final = 1_000_000
TIMER_LATENESS_US: Final = 20  # no timer fires sooner; so what asks for "now" lets time pass
FIRST_UNIX_MS: Final = 1_700_000_000_000


HEALTHY_PROGRAM: Final = "the program keeps its own invariants"
_BUGS: Final = (
    AssertionError,
    AttributeError,
    ArithmeticError,
    LetoError,
    LookupError,
    RuntimeError,
    NotImplementedError,
    TypeError,
    ValueError,
)


class Program(Protocol):
    """What runs in a process: facts in, orders out."""

    @property
    def deadline(self) -> Micros | None:
        """When it wants to be told `ClockTicked`, by its own clock."""
        ...

    def handle(self, fact: Fact, now: Micros, unix_ms: int) -> Sequence[Order]:
        """Take in one fact."""
        ...


class Witness(Protocol):
    """Who watches processes: the world's checks, its digest, its trace."""

    def told(self, process: "Process", fact: Fact) -> None:
        """The process is about to be told this."""
        ...

    def ordered(self, process: "Process", order: Order) -> None:
        """The process orders this; it is about to be performed."""
        ...

    def handled(self, process: "Process") -> None:
        """The fact has been dealt with, and every order performed."""
        ...

    def stopped(self, process: "Process", stop: Stop) -> None:
        """The program has ended its process."""
        ...


@attrs.define(kw_only=True)
class HostClock:
    """A machine's clocks: one that only runs, at its own rate, and one that jumps."""

    zero: Micros = 0  # what the monotonic clock showed when the world began
    drift_ppm: int = 0
    unix_offset_ms: int = 0  # written by the faults

    def now(self, time_us: Micros) -> Micros:
        """The monotonic clock."""
        if not self.drift_ppm:  # as of every client
            return self.zero + time_us
        return self.zero + time_us + time_us * self.drift_ppm // MILLION

    def unix_ms(self, time_us: Micros) -> int:
        """The wall clock."""
        return FIRST_UNIX_MS + time_us // 1000 + self.unix_offset_ms

    def when(self, now: Micros) -> Micros:
        """The earliest time at which the monotonic clock shows at least `now`."""
        if not self.drift_ppm:
            return max(0, now - self.zero)
        time = max(0, (now - self.zero) * MILLION // (MILLION + self.drift_ppm) - 1)
        while self.now(time) < now:
            time += 1
        return time


class Process:
    """One life of a program, from `Started` to its end."""

    def __init__(
        self,
        name: str,
        host: str,
        program: Program,
        clock: HostClock,
        scheduler: Scheduler,
        network: StreamNetwork,
        witness: Witness,
        rng: Random,
    ) -> None:
        self.name = name
        self.program = program
        self.clock = clock
        self.sockets = Sockets(host, self.tell)
        self.lane: DiskLane | None = None
        self.is_paused = False
        self.has_ended = False
        self.at_end: list[Callable[[], object]] = []  # who wants to know of its end
        self._scheduler = scheduler
        self._network = network
        self._witness = witness
        self._rng = rng
        self._untold: list[Fact] = []  # while paused
        self._timer: Micros | None = None  # when the next tick is due, in the world's time
        self._armed_for: Micros | None = None  # the same by the machine's clock
        # A table, since it takes a fourth of a match's time; but for `Stop`, the last one.
        self._performers: Mapping[type[Order], Callable[..., None]] = {
            Transmit: self._transmit,
            DiskJob: self._submit,
            Dial: self._dial,
            PauseReading: self._pause_reading,
            ResumeReading: self._resume_reading,
            Close: self._close,
            Log: _ignore,
        }

    def listen(self, port: Port, address: str) -> None:
        """Open a listening port."""
        self._network.listen(self.sockets, port, address)

    def start(self, files: tuple[FileFound, ...] = ()) -> None:
        """Tell the program that it runs."""
        self.tell(Started(files))

    def tell(self, fact: Fact) -> None:
        """Tell the program a fact, or keep it for when the process goes on."""
        if self.has_ended:
            return
        if self.is_paused:
            self._untold.append(fact)
            return
        self._witness.told(self, fact)
        if self._carry_out(self._decide(fact)):
            self._set_timer()
            self._witness.handled(self)

    def pause(self) -> None:
        """Stop the process; the world goes on around it."""
        if not self.is_paused:
            self.is_paused = True
            self._network.freeze(self.sockets)

    def resume(self) -> None:
        """Let the process go on, and learn what happened."""
        if not self.is_paused:
            return
        self.is_paused = False
        untold, self._untold = self._untold, []
        for fact in untold:
            self.tell(fact)
        if not self.has_ended:
            self._network.thaw(self.sockets)

    def kill(self) -> None:
        """End the process; its operating system lives on."""
        self._end()
        self._network.end_process(self.sockets, self._rng)

    def lose_power(self) -> None:
        """End the process with its host."""
        self._end()
        self._network.cut_power(self.sockets, self.sockets.host)

    def _end(self) -> None:
        self.has_ended = True
        if self.lane is not None:
            self.lane.interrupt()
        for told in self.at_end:
            told()

    def _decide(self, fact: Fact) -> Sequence[Order]:
        clock, time = self.clock, self._scheduler.now
        try:
            return self.program.handle(fact, clock.now(time), clock.unix_ms(time))
        except _BUGS as bug:
            where = extract_tb(bug.__traceback__)[-1]
            raise PropertyViolated(
                HEALTHY_PROGRAM,
                f"{self.name}: {type(bug).__name__}: {bug}"
                f" ({where.name}, line {where.lineno} of {where.filename.rpartition('/')[2]})",
                node=self.name,
            ) from bug

    def _carry_out(self, orders: Sequence[Order]) -> bool:
        """Perform the orders; False if they ended the process."""
        performers = self._performers
        for order in orders:
            self._witness.ordered(self, order)
            if type(order) is Stop:
                self._end()
                self._network.end_process(self.sockets, self._rng)
                self._witness.stopped(self, order)
                return False
            performers[type(order)](order)
        return True

    # --- orders --------------------------------------------------------------------------

    def _transmit(self, order: Transmit) -> None:
        self._network.transmit(self.sockets, order.connection, order.data)

    def _submit(self, job: DiskJob) -> None:
        assert self.lane is not None, "a program that has no disk orders disk jobs"
        self.lane.submit(job)

    def _dial(self, order: Dial) -> None:
        self._network.dial(self.sockets, order.dial, order.address)

    def _pause_reading(self, order: PauseReading) -> None:
        self._network.pause(self.sockets, order.connection)

    def _resume_reading(self, order: ResumeReading) -> None:
        self._network.resume(self.sockets, order.connection)

    def _close(self, order: Close) -> None:
        self._network.close(self.sockets, order.connection, abort=order.abort)

    # --- the timer -----------------------------------------------------------------------

    def _set_timer(self) -> None:
        deadline = self.program.deadline
        if deadline is None or (self._armed_for is not None and deadline >= self._armed_for):
            return  # a timer that fires too early is set again
        earliest = self._scheduler.now + TIMER_LATENESS_US
        due = max(self.clock.when(deadline), earliest)
        if self._timer is None or due < self._timer:
            self._timer, self._armed_for = due, deadline
            self._scheduler.at(due, self._tick, due)

    def _tick(self, due: Micros) -> None:
        if due != self._timer or self.has_ended:
            return  # an earlier one took its place
        self._timer = self._armed_for = None
        deadline = self.program.deadline
        if self.is_paused or (
            deadline is not None and deadline <= self.clock.now(self._scheduler.now)
        ):
            self.tell(ClockTicked())
        else:
            self._set_timer()


def _ignore(order: Log) -> None:
    """Whoever wants to read what programs say asks for a trace."""
    del order
