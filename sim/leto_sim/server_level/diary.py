"""Writes down what processes are told and order, for the digest and for a trace.

Responsible for each process's events as forms in the journal, and in a traced run as
words; and for seeing to it that an event in which a run ends is written down too. It is
the witness of clients, of whom nothing else is to be known. Servers are checked as well:
see `leto_sim.server_level.cluster`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leto.server.world import Fact, Log, Order, Stop
from leto_sim.journal import Form, Journal, Lanes
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.canonical import FORMS
from leto_sim.server_level.descriptions import describe_fact
from leto_sim.server_level.process import Process

if TYPE_CHECKING:
    from leto_sim.server_level.passages import Passages


class Diary:
    """One run's. `lanes` are asked for in a traced run: how every server stands."""

    def __init__(self, scheduler: Scheduler, journal: Journal, lanes: Callable[[], Lanes]) -> None:
        self.passages: Passages | None = None  # in a run that is recorded
        self._scheduler = scheduler
        self._journal = journal
        self._lanes = lanes
        self._parts: list[Form] = []  # what the event that is under way consists of
        self._texts: list[str] = []  # the same, in words
        self._noted = ""  # whose event it is, as far as a traced run is concerned

    # --- `process.Witness` --------------------------------------------------------

    def told(self, process: Process, fact: Fact) -> None:
        """A process is about to be told something: an event begins."""
        self._parts.append(FORMS[type(fact)](fact))
        if self._journal.is_traced:
            self._describe(process, fact)

    def ordered(self, process: Process, order: Order) -> None:
        """A process orders something."""
        self._parts.append(FORMS[type(order)](order))
        if self._journal.is_traced:
            self._describe(process, order)

    def handled(self, process: Process) -> None:
        """The event is over."""
        parts, self._parts = self._parts, []
        self._journal.note(self._scheduler.now, process.name.encode(), tuple(parts))
        if self._journal.is_traced:
            self._trace(process.name)

    def stopped(self, process: Process, stop: Stop) -> None:
        """The event is over, and the process."""
        del stop
        self.handled(process)

    # --- what is no process's event --------------------------------------------------

    def remark(self, text: str, shown: str = "") -> None:
        """Note something that no process was told; show it in better words, perhaps."""
        now = self._scheduler.now
        self._journal.note(now, b"world", (text.encode(),))
        self._journal.trace(now, self._lanes, lambda: f"* {shown or text}")

    def break_off(self) -> None:
        """The run ends in the middle of an event."""
        if self._parts:
            self._journal.halt_at = None  # this ends the run already
            self._journal.note(self._scheduler.now, b"broken off", tuple(self._parts))
            self._texts.append("...")
            self._trace(self._noted)

    # --- words ---------------------------------------------------------------------------

    def _describe(self, process: Process, value: Fact | Order) -> None:
        if self.passages is not None:
            self.passages.noted(process.name, value)
        self._noted = process.name
        text = describe_fact(value)
        self._texts.append(text)
        if isinstance(value, Log):
            line = f"{process.name} {text}"
            self._journal.trace(self._scheduler.now, self._lanes, lambda: line)

    def _trace(self, name: str) -> None:
        text = f"{name} {'; '.join(self._texts)}"
        self._texts.clear()
        self._journal.trace(self._scheduler.now, self._lanes, lambda: text)
