"""A node's own clock: another zero, and another rate, than everybody else's.

Responsible for turning the world's time into the node's and back, and for a clock that
goes wrong: it jumps forward, stands still, or changes its rate. All integers, so
that every machine computes the same. What it shows never goes back.
"""

from random import Random
from typing import Final

import attrs

from leto.raft.types import Micros

MS: Final = 1_000
SECOND: Final = 1_000 * MS
TRUE_RATE = 1_000_000
NEVER: Micros = 1 << 62
"""When a clock that stands still shows something later."""

_OFFSETS_US = 10**12


@attrs.define
class Clock:
    """Shows `offset_us` at the world's time `since`, and runs at `rate` millionths of true time."""

    offset_us: Micros
    rate: int = TRUE_RATE
    since: Micros = 0

    @classmethod
    def drawn(cls, rng: Random, drift: float) -> "Clock":
        """A clock that runs too fast or too slow by up to half of `drift`."""
        deviation = int(rng.uniform(-drift / 2, drift / 2) * TRUE_RATE)
        return cls(rng.randrange(_OFFSETS_US), TRUE_RATE + deviation)

    def at(self, time_us: Micros) -> Micros:
        """What the clock shows then."""
        return self.offset_us + (time_us - self.since) * self.rate // TRUE_RATE

    def when(self, shown: Micros) -> Micros:
        """The first moment at which the clock shows that, or more."""
        if self.rate == 0:
            return self.since if shown <= self.offset_us else NEVER
        return self.since - ((self.offset_us - shown) * TRUE_RATE // self.rate)

    def advance(self, by_us: Micros) -> None:
        """Jumps forward."""
        self.offset_us += by_us

    def run_at(self, rate: int, now: Micros) -> None:
        """Runs at another rate from now on; 0 is to stand still."""
        self.offset_us, self.since, self.rate = self.at(now), now, rate
