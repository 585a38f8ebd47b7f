"""A node's own clock: another zero, and another rate, than everybody else's.

Responsible for turning the world's time into the node's and back. All integers, so
that every machine computes the same.
"""

from random import Random

import attrs

from leto.raft.types import Micros

_PARTS = 1_000_000
_OFFSETS_US = 10**12


@attrs.frozen
class Clock:
    """Shows `offset_us` at the world's beginning, and runs at `rate` millionths of true time."""

    offset_us: Micros
    rate: int

    @classmethod
    def drawn(cls, rng: Random, drift: float) -> "Clock":
        """A clock that runs too fast or too slow by up to half of `drift`."""
        deviation = int(rng.uniform(-drift / 2, drift / 2) * _PARTS)
        return cls(rng.randrange(_OFFSETS_US), _PARTS + deviation)

    def at(self, time_us: Micros) -> Micros:
        """What the clock shows then."""
        return self.offset_us + time_us * self.rate // _PARTS

    def when(self, shown: Micros) -> Micros:
        """The first moment at which the clock shows that, or more."""
        return -((self.offset_us - shown) * _PARTS // self.rate)
