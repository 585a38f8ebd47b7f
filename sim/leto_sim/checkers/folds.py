"""A snapshot is the fold of the committed commands up to its index (§5.1).

Responsible for a state machine of the checker's own, which is given each applied command
once, in order, and never restored. Contents of two nodes may agree and both be wrong, if
one came from the other; this one comes from nowhere else.

Looked at whenever a node's content is seen (a snapshot taken or restored) that is not
older than what was looked at before. O(commands) in all.
"""

from collections.abc import Callable

from leto.machine import StateMachine
from leto.raft.entries import Command
from leto.raft.types import Index
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.result import PropertyViolated

SNAPSHOT_IS_THE_FOLD = "a snapshot is the fold of what was committed"


class Folds:
    """Follows the committed commands with a machine of its own."""

    def __init__(
        self,
        safety: StateMachineSafety,
        machine: Callable[[], StateMachine],
        command_at: int,  # where the command begins in an entry's data
    ) -> None:
        self._safety = safety
        self._begin = machine
        self._machine = machine()
        self._command_at = command_at
        self._at: Index = 0

    def forced(self, forcing: Forcing) -> None:
        """What is void must not be part of the fold: it is begun anew."""
        if forcing.is_void(self._at):
            self._machine, self._at = self._begin(), 0

    def has_content(self, node: Observed, index: Index, content: bytes) -> None:
        """The node's state machine holds this as of `index`."""
        if not self._at < index:
            return
        if not self._fold_to(index):
            raise _violation(node, f"holds a content as of {index}, where nothing was applied yet")
        if self._machine.snapshot() != content:
            raise _violation(node, f"as of {index} holds something else than the commands up to it")

    def _fold_to(self, index: Index) -> bool:
        while self._at < index:
            entry = self._safety.entry_at(self._at + 1)
            if entry is None:
                return False
            self._at += 1
            if isinstance(entry.payload, Command):
                self._machine.apply(entry.payload.data[self._command_at :])
        return True


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(SNAPSHOT_IS_THE_FOLD, f"{node.name} {what}", node=node.name)
