"""A node's state machine, under the checkers' eyes.

Responsible for calling the machine's three methods, for what is checked each time,
and for what each entry returned. When they are called is `process`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from leto.raft.entries import Command, Entry
from leto.raft.types import Index
from leto_sim.checkers.determinism import NEVER_RAISES, shown
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.panel import Panel
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.machine import StateMachine

ONE_AT_A_TIME = "the state machine does one thing at a time"


class Replica:
    """The machine of one life. It is empty at first."""

    def __init__(self, node: Observed, parts: Parts, panel: Panel) -> None:
        self.machine: StateMachine = parts.machine()
        self._node = node
        self._panel = panel
        self._determinism = panel.determinism
        self._command_at = parts.workload.header_bytes
        self._compares_every_content = parts.compares_every_content
        self._results: dict[Index, bytes] = {}
        self.index: Index = 0  # as of which the machine is
        self._is_busy = False  # with entries or with a restoration that were ordered
        self._trap: Callable[[], None] | None = None

    def begin(self, what: str) -> None:
        """The node orders what takes its time: until `end` the content is between two indexes."""
        self._check_idle(what)
        self._is_busy = True
        trap, self._trap = self._trap, None
        if trap is not None:
            trap()

    def set_trap(self, spring: Callable[[], None]) -> None:
        """Calls that as soon as something is ordered of the machine that takes its time."""
        self._trap = spring

    def end(self) -> None:
        """What was ordered is done."""
        self._is_busy = False

    def apply(self, entries: Sequence[Entry]) -> None:
        """Applies committed entries."""
        for entry in entries:
            if type(entry.payload) is Command:
                self._apply(entry.id.index, entry.payload.data[self._command_at :])
        self.index = entries[-1].id.index
        self._panel.applied(self._node, entries)

    def result(self, index: Index) -> bytes | None:
        """What the command there returned; None if it was not applied in this life."""
        return self._results.get(index)

    def snapshot(self, index: Index) -> bytes:
        """The content, which is as of `index`."""
        self._check_idle("a snapshot")
        content = self._snapshot()
        self._panel.has_content(self._node, index, content)
        return content

    def restore(self, index: Index, content: bytes) -> None:
        """Replaces the content by that of a snapshot as of `index`."""
        try:
            self.machine.restore(content)
        except Exception as mistake:
            raise self._raised(f"restore({shown(content)})", mistake) from mistake
        self.index = index
        self._panel.restored(self._node, index, content)

    def _check_idle(self, what: str) -> None:
        if self._is_busy:
            raise PropertyViolated(
                ONE_AT_A_TIME,
                f"{self._node.name} orders {what} before what it ordered last is done",
                node=self._node.name,
            )

    def _apply(self, index: Index, command: bytes) -> None:
        try:
            result = self.machine.apply(command)
        except Exception as mistake:
            raise self._raised(f"apply({shown(command)}) at index {index}", mistake) from mistake
        self._results[index] = result
        content = self._snapshot() if self._compares_every_content else None
        self._determinism.performed(self._node, index, command, result, content)

    def _snapshot(self) -> bytes:
        try:
            return self.machine.snapshot()
        except Exception as mistake:
            raise self._raised("snapshot()", mistake) from mistake

    def _raised(self, call: str, mistake: Exception) -> PropertyViolated:
        return PropertyViolated(
            NEVER_RAISES,
            f"{call} raised {type(mistake).__name__}: {mistake}",
            node=self._node.name,
        )
