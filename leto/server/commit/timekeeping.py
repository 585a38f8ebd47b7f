"""The leader's time, and the entries by which it passes everywhere (design: Time).

Responsible for the stamp of every batch, for the empty batch that lets time pass
when a key falls due and nobody writes, and for which reads must wait for that.

Invariants:
    1. Time entries are proposed at most every `time_entry_interval_us`, and none while a
       batch is under way that will expire the key: a slow cluster must not fall behind
       by the entries that say how late it is.
"""

from leto.raft.types import Micros
from leto.resp import Request
from leto.server.commit.batches import Batches
from leto.server.commit.clock import StampClock
from leto.server.machine import Machine
from leto.server.settings import Limits
from leto.server.turn import Turn


class Timekeeper:
    """Knows the time while this node leads."""

    def __init__(self, turn: Turn, machine: Machine, batches: Batches, limits: Limits) -> None:
        self._turn = turn
        self._machine = machine
        self._batches = batches
        self._interval_us = limits.time_entry_interval_us
        self._clock: StampClock | None = None
        self._next_entry_at: Micros = 0
        self._started_at_ms = 0  # by the wall clock
        self._passed_at: Micros = 0  # when the state machine's time last came forward

    def start(self) -> None:
        """The process starts now."""
        self._started_at_ms = self._turn.unix_ms

    @property
    def is_leading(self) -> bool:
        """Whether time passes by this node's word."""
        return self._clock is not None

    def begin_term(self) -> None:
        """This node leads now."""
        turn = self._turn
        self._clock = StampClock(self._machine.stamp_ms, turn.now, turn.unix_ms)

    def end_term(self) -> None:
        """This node leads no more."""
        self._clock = None

    def stamp_ms(self) -> int:
        """The stamp for what is proposed now."""
        assert self._clock is not None, "only a leader stamps"
        return self._clock.stamp_ms(self._turn.now, self._turn.unix_ms)

    def time_has_passed(self) -> None:
        """Entries were applied, so the state machine's time may have come forward."""
        self._passed_at = self._turn.now
        if self._clock is not None:
            # A new leader applies the entries of earlier ones after its term began.
            self._clock.catch_up(self._machine.stamp_ms, self._turn.now)

    def reader_ms(self) -> int:
        """What time it is for a reader who asks how long a key will live."""
        if self._clock is not None:
            return self.stamp_ms()
        stamp_ms = self._machine.stamp_ms
        if stamp_ms < self._started_at_ms:
            # All that the log has told is older than this process: nobody knows by how much.
            return max(stamp_ms, self._turn.unix_ms)
        return stamp_ms + (self._turn.now - self._passed_at) // 1000

    @property
    def deadline(self) -> Micros | None:
        """When a time entry will be due."""
        if self._clock is None:
            return None
        due_ms = self._machine.next_due_ms
        if due_ms is None or self._batches.newest_stamp_ms >= due_ms:
            return None
        return max(self._clock.due_at(due_ms), self._next_entry_at)

    def is_entry_due(self) -> bool:
        """Whether a time entry is to be proposed now; the answer is taken as done."""
        due_ms = self._machine.next_due_ms
        if due_ms is None or self._clock is None or self._turn.now < self._next_entry_at:
            return False
        if self.stamp_ms() < due_ms or self._batches.newest_stamp_ms >= due_ms:
            return False
        self._next_entry_at = self._turn.now + self._interval_us
        return True

    def expiry_before(self, requests: list[Request]) -> int:
        """The time that must have passed before these reads; 0 if none of their keys is due."""
        if self._clock is None or self._machine.next_due_ms is None:
            return 0
        stamp_ms = self.stamp_ms()
        must_wait = self._machine.read_must_wait
        return stamp_ms if any(must_wait(request, stamp_ms) for request in requests) else 0
