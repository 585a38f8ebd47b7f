"""A whole Leto node behind one door: bytes in, bytes out.

Responsible for the order of things in one call. What a fact means is decided by
the part that it concerns; see `leto.server` for the list of them.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from leto.raft.entries import Entry
from leto.raft.types import Micros
from leto.server.settings import Settings
from leto.server.world import Fact, Order


class Generator(Protocol):
    """The dice of a node: a seeded `random.Random`."""

    def getrandbits(self, k: int, /) -> int:
        """An integer of `k` random bits."""
        ...

    def randrange(self, start: int, stop: int, /) -> int:
        """An integer in `start..stop-1`."""
        ...


class Server:
    """One node of a cluster, from its disk's bytes to its clients' bytes."""

    def __init__(
        self,
        settings: Settings,
        rng: Generator,
        observer: Callable[[tuple[Entry, ...]], None] | None = None,
    ) -> None:
        self.settings = settings
        self._rng = rng
        self._observer = observer
        self._deadline: Micros | None = None

    @property
    def deadline(self) -> Micros | None:
        """Call `handle(ClockTicked(), ...)` no later than this, or None."""
        return self._deadline

    def handle(self, fact: Fact, now: Micros, unix_ms: int) -> Sequence[Order]:
        """Take in one fact; what comes back may be performed at once, in order."""
        raise NotImplementedError(fact, now, unix_ms)
