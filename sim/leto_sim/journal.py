"""The record of a run: how many events, their digest, and if wanted the last of them.

Responsible for counting and remembering. Lines for the eyes cost more than the
simulation itself, so they are made only in a run that is traced: a run that failed
is run again, traced.
"""

import marshal
from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeAlias, Union

from leto.raft.types import Micros
from leto_sim.result import TraceLine

Lanes = tuple[tuple[str, str], ...]
TRACE_LINES = 60
_DIGEST_BYTES = 16
_BATCH = 256
# Of all that turns numbers and bytes into bytes the fastest. This version of it writes
# no references, and so the same for equal values, in every process and Python.
_MARSHAL_VERSION = 2

Form: TypeAlias = tuple[Union[int, bytes, "Form", None], ...]
"""The canonical form of an event: numbers, bytes, None and such forms."""


class Halted(Exception):
    """A traced run has come to the event at which its user wants to look around."""


class Journal:
    """A run's record. A traced one halts the run at the event `halt_at`, if it is set."""

    def __init__(self, *, traced: bool = False) -> None:
        self.events = 0
        self.is_traced = traced
        self.halt_at: int | None = None
        self.listener: Callable[[TraceLine], None] | None = None  # hears every line of a trace
        self._hasher = blake2b(digest_size=_DIGEST_BYTES)
        self._pending: list[tuple[Micros, bytes, Form]] = []
        self._lines: deque[TraceLine] = deque(maxlen=TRACE_LINES)

    @property
    def digest(self) -> str:
        """Over every event so far, in hexadecimal."""
        hasher = self._hasher.copy()
        hasher.update(marshal.dumps(self._pending, _MARSHAL_VERSION))
        return hasher.hexdigest()

    @property
    def last_events(self) -> tuple[TraceLine, ...]:
        """The last events, oldest first; none if the run is not traced."""
        return tuple(self._lines)

    def note(self, now: Micros, where: bytes, what: Form) -> None:
        """Counts an event. `what` is its canonical form."""
        self.events = events = self.events + 1
        self._pending.append((now, where, what))
        if not events % _BATCH:
            self._hasher.update(marshal.dumps(self._pending, _MARSHAL_VERSION))
            self._pending.clear()

    def trace(
        self,
        now: Micros,
        lanes: Callable[[], Lanes],
        text: Callable[[], str],
        steps: tuple[str, ...] = (),
    ) -> None:
        """Remembers a line about the event that was noted last, in a traced run.

        Raises:
            Halted: this event is the one to halt at, or lies beyond it.
        """
        if self.is_traced:
            line = TraceLine(
                event=self.events, time_us=now, lanes=lanes(), text=text(), steps=steps
            )
            self._lines.append(line)
            if self.listener is not None:
                self.listener(line)
            if self.halt_at is not None and self.events >= self.halt_at:
                raise Halted
