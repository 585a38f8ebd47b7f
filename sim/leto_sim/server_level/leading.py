"""What a leader puts into the log: with what stamps, and whether its disk has room for it.

Responsible for the time of a leader as its entries tell it, and for what a full disk must not
be given. A wall clock that jumps is no excuse: within a term time passes as it does on the
monotonic clock, but for a part in a thousand (design: Time). A new leader may begin wherever
its wall clock is, and has to catch up with what earlier leaders have stamped.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from leto.raft.entries import Command, Entry
from leto.raft.types import Micros, Term
from leto.server import Limits
from leto_sim.result import PropertyViolated
from leto_sim.server_level.fold import stamp_of
from leto_sim.units import duration

EXPIRED_IS_NIL: Final = "expired keys are nil on every node"
EVEN_TIME: Final = "a leader's time passes evenly"
FULL_DISK: Final = "a full disk takes no commands"

RATE_PARTS: Final = 500  # a leader's slew, and its machine's drift: less than so many parts of time
SLACK_MS: Final = 2  # stamps are whole milliseconds


class Leading:
    """What one life of a server proposes while it leads."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._reserve_bytes = limits.disk_reserve_bytes
        self._is_full = False
        self._term: Term = 0
        self._began_at: Micros = 0  # with the first stamp of the term
        self._before_ms = 0  # the latest stamp of earlier terms
        self._stamps_ms: list[int] = []  # of this one
        self._stamped_at: list[Micros] = []  # when

    def measured(self, free_bytes: int) -> None:
        """The disk has so much room."""
        self._is_full = free_bytes < self._reserve_bytes

    def proposes(self, entry: Entry, now: Micros, log: Iterable[Entry], applied_ms: int) -> None:
        """It leads, and orders this entry of its own term to be written, behind that log.

        `applied_ms` is the latest stamp that anybody has applied.
        """
        if not isinstance(entry.payload, Command):
            return
        if self._is_full:
            raise self._violation(FULL_DISK, f"takes {entry.id}")
        stamp_ms = stamp_of(entry.payload.data)
        if entry.id.term == self._term:
            self._check(stamp_ms, now)
        else:
            self._term, self._began_at = entry.id.term, now
            self._stamps_ms.clear()
            self._stamped_at.clear()
            self._before_ms = max(map(_stamp_of, log), default=0)
            self._before_ms = max(self._before_ms, applied_ms)
        self._stamps_ms.append(stamp_ms)
        self._stamped_at.append(now)

    def shows(self, due_ms: int, term: Term, asked_at: Micros) -> None:
        """It leads in that term, and shows somebody who asked then what is due at that time."""
        if term != self._term:
            return  # nothing has told its time yet
        earlier = bisect_right(self._stamped_at, asked_at)
        if not earlier:
            return
        stamp_ms, stamped_at = self._stamps_ms[earlier - 1], self._stamped_at[earlier - 1]
        asked_ms = stamp_ms + _least_ms(asked_at - stamped_at)
        if asked_ms > due_ms:
            raise self._violation(
                EXPIRED_IS_NIL, f"shows what was due at {due_ms} to who asked at {asked_ms}"
            )

    def _check(self, stamp_ms: int, now: Micros) -> None:
        last_ms, elapsed_us = self._stamps_ms[-1], now - self._stamped_at[-1]
        caught_up = self._before_ms + _most_ms(now - self._began_at)
        most = max(last_ms + _most_ms(elapsed_us), caught_up)
        if not last_ms + _least_ms(elapsed_us) <= stamp_ms <= most:
            raise self._violation(
                EVEN_TIME, f"stamps {stamp_ms} after {last_ms}, {duration(elapsed_us)} later"
            )

    def _violation(self, property_name: str, what: str) -> PropertyViolated:
        return PropertyViolated(property_name, f"{self._name} {what}", node=self._name)


def _stamp_of(entry: Entry) -> int:
    return stamp_of(entry.payload.data) if isinstance(entry.payload, Command) else 0


def _least_ms(elapsed_us: Micros) -> int:
    return (elapsed_us - elapsed_us // RATE_PARTS) // 1000 - SLACK_MS


def _most_ms(elapsed_us: Micros) -> int:
    return (elapsed_us + elapsed_us // RATE_PARTS) // 1000 + SLACK_MS
