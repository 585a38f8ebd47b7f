"""Where chance comes from: everything random in a run is derived from its seed by name.

Responsible for two kinds of chance. A *stream* is a generator of its own for each
purpose, so that one more draw by a client does not change what the disks do. A
*draw* has no state at all: it is a pure function of the seed, a name and a number,
so that the fate of the seventh message from node 1 to node 2 stays what it was
when a fault is taken out of the plan. Shrinking a failure depends on it.
"""

from hashlib import blake2b
from math import log
from random import Random
from struct import Struct
from typing import TypeAlias

from leto.raft.types import Micros

DRAW_BITS = 32
DRAW_RANGE = 1 << DRAW_BITS
DRAWS_PER_ROLL = 8

Roll: TypeAlias = tuple[int, ...]
"""Eight draws, each uniform from 0 to `DRAW_RANGE - 1`."""

_take_apart = Struct(f"<{DRAWS_PER_ROLL}I").unpack


def stream(seed: int, *names: str | int) -> Random:
    """A generator for one purpose. The same seed and names give the same generator."""
    return Random(int.from_bytes(_named_digest(seed, names), "big"))


class Draws:
    """Numbered rolls for one purpose, each a pure function of seed, names and number."""

    __slots__ = ("_base",)

    def __init__(self, seed: int, *names: str | int) -> None:
        self._base = blake2b(_named_digest(seed, names), digest_size=DRAWS_PER_ROLL * 4)

    def roll(self, number: int) -> Roll:
        """The draws of that number."""
        hasher = self._base.copy()
        hasher.update(b"%d" % number)
        return _take_apart(hasher.digest())


def chance(probability: float) -> int:
    """The threshold below which a draw falls with that probability."""
    return int(probability * DRAW_RANGE)


def exponential_us(mean_us: int, uniform: int) -> Micros:
    """An exponentially distributed time, from a uniform draw."""
    return int(-log((uniform + 1) / DRAW_RANGE) * mean_us)


def _named_digest(seed: int, names: tuple[str | int, ...]) -> bytes:
    return blake2b(repr((seed, *names)).encode(), digest_size=32).digest()
