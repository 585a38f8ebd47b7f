"""The record of a run: how many events, their digest, and if wanted the last of them.

Responsible for counting and remembering. Lines for the eyes cost more than the
simulation itself, so they are made only in a run that is traced: a run that failed
is run again, traced.
"""

from collections import deque
from collections.abc import Callable
from hashlib import blake2b

from leto.raft.types import Micros
from leto_sim.result import TraceLine

Lanes = tuple[tuple[str, str], ...]
TRACE_LINES = 60
_DIGEST_BYTES = 16
_BATCH = 256


class Journal:
    """A run's record."""

    def __init__(self, *, traced: bool = False) -> None:
        self.events = 0
        self.is_traced = traced
        self._hasher = blake2b(digest_size=_DIGEST_BYTES)
        self._pending: list[bytes] = []
        self._lines: deque[TraceLine] = deque(maxlen=TRACE_LINES)

    @property
    def digest(self) -> str:
        """Over every event so far, in hexadecimal."""
        self._flush()
        return self._hasher.hexdigest()

    @property
    def last_events(self) -> tuple[TraceLine, ...]:
        """The last events, oldest first; none if the run is not traced."""
        return tuple(self._lines)

    def note(self, now: Micros, where: bytes, what: bytes) -> None:
        """Counts an event. `what` is its canonical form."""
        self.events += 1
        self._pending.append(b"%d %s %s" % (now, where, what))
        if len(self._pending) >= _BATCH:
            self._flush()

    def trace(self, now: Micros, lanes: Callable[[], Lanes], text: Callable[[], str]) -> None:
        """Remembers a line about the event that was noted last, in a traced run."""
        if self.is_traced:
            self._lines.append(
                TraceLine(event=self.events, time_us=now, lanes=lanes(), text=text())
            )

    def _flush(self) -> None:
        if self._pending:
            self._hasher.update(b"\n".join(self._pending) + b"\n")
            self._pending.clear()
