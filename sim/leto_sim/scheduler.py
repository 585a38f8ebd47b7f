"""Virtual time: what happens next, and when.

Responsible for the order of everything in a simulated world. Time jumps from one
event to the next; nothing waits. It knows nothing of what happens.

Invariants:
    1. Time never goes back.
    2. What is due at the same time happens in the order in which it was scheduled.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import TypeVarTuple

from leto.raft.types import Micros

Arguments = TypeVarTuple("Arguments")


class Scheduler:
    """A queue of calls to come.

    One heap of tuples: measured the fastest in CPython, and the sequence number in
    second place keeps the comparison away from what is called.
    """

    __slots__ = ("next_number", "now", "queue")

    def __init__(self) -> None:
        self.now: Micros = 0
        # Also what the network, the most frequent of all callers, pushes with by itself.
        self.next_number = count(1).__next__
        self.queue: list[tuple[Micros, int, Callable[..., None], tuple[object, ...]]] = []

    def at(
        self, time_us: Micros, perform: Callable[[*Arguments], None], *arguments: *Arguments
    ) -> None:
        """Calls `perform(*arguments)` at that time, or now if the time has passed."""
        due = max(self.now, time_us)
        heappush(self.queue, (due, self.next_number(), perform, arguments))

    def after(
        self, delay_us: Micros, perform: Callable[[*Arguments], None], *arguments: *Arguments
    ) -> None:
        """Calls `perform(*arguments)` when `delay_us` has passed."""
        due = self.now + delay_us if delay_us > 0 else self.now
        heappush(self.queue, (due, self.next_number(), perform, arguments))

    @property
    def next_time(self) -> Micros | None:
        """When something happens next; None if nothing is to come."""
        return self.queue[0][0] if self.queue else None

    def step(self) -> bool:
        """Lets time jump to what is due next, and performs it; False if nothing is to come."""
        if not self.queue:
            return False
        self.now, _, perform, arguments = heappop(self.queue)
        perform(*arguments)
        return True
