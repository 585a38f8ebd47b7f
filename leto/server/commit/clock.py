"""The stamps that a leader gives its batches: milliseconds since 1970, for expiry.

Responsible for a time that a jumping wall clock cannot shake: at the beginning of
a term it starts from the later of the last stamp and the wall clock; within the
term it advances with the monotonic clock, slewed towards the wall clock by at
most one part in a thousand (design: Time). Safety never depends on it.
"""

from leto.raft.types import Micros

SLEW_PARTS = 1000
SLEW_INTERVAL_US = 100_000  # often enough, and long enough for a whole number of µs


class StampClock:
    """The leader's idea of the time."""

    __slots__ = ("_slewed_at", "_stamp_us")

    def __init__(self, last_stamp_ms: int, now: Micros, unix_ms: int) -> None:
        self._stamp_us = max(last_stamp_ms, unix_ms) * 1000
        self._slewed_at = now

    def stamp_ms(self, now: Micros, unix_ms: int) -> int:
        """The stamp for what is proposed now; never smaller than an earlier one."""
        elapsed = now - self._slewed_at
        if elapsed >= SLEW_INTERVAL_US:
            slew_max = elapsed // SLEW_PARTS
            behind = unix_ms * 1000 - (self._stamp_us + elapsed)
            self._stamp_us += elapsed + max(-slew_max, min(behind, slew_max))
            self._slewed_at = now
            elapsed = 0
        return (self._stamp_us + elapsed) // 1000

    def catch_up(self, stamp_ms: int, now: Micros) -> None:
        """An earlier leader's stamp has come to light: it was not known when the term began."""
        if stamp_ms * 1000 > self._stamp_us + (now - self._slewed_at):
            self._stamp_us = stamp_ms * 1000
            self._slewed_at = now

    def due_at(self, stamp_ms: int) -> Micros:
        """When, on the monotonic clock, the stamp will be about `stamp_ms`."""
        return self._slewed_at + stamp_ms * 1000 - self._stamp_us
