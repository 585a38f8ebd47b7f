"""A user's state machine in whole servers, under the checkers' eyes.

Responsible for calling its three methods, for what each command returned, and for reading the
log's entries as commands of that machine. Who sends them is `program_clients`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

from leto.machine import StateMachine
from leto.raft.entries import Command, Entry
from leto.resp import RequestParser
from leto.server.program.machine import FORMAT
from leto_sim.checkers.determinism import NEVER_RAISES, Determinism, shown
from leto_sim.checkers.observed import Observed
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from leto_sim.server_level.fold import HEADER_BYTES, stamp_of
from leto_sim.server_level.promises import Promises

APPLIED_IN_ORDER: Final = "the state machine is given the log's commands, each once, in order"
_ALL: Final = 1 << 30


@attrs.frozen
class _Performed:
    """What a command has come to."""

    command: bytes  # as it stands in the log
    result: bytes
    content: bytes | None  # afterwards, if somebody wants to compare it


class OwnMachine(StateMachine):
    """The machine of one life of a server.

    Args:
        name: of the node.
        parts: the user's. A workload's number stands before the machine's command.
    """

    def __init__(self, name: str, parts: Parts) -> None:
        self.machine = parts.machine()
        self._name = name
        self._command_at = parts.workload.header_bytes
        self._shows_contents = parts.compares_every_content
        self._performed: deque[_Performed] = deque()  # in entries that nobody has read yet

    def apply(self, command: bytes) -> bytes:
        """Have the machine perform it, and remember what it returned."""
        ours = command[self._command_at :]
        result = self._guarded(f"apply({shown(ours)})", lambda: self.machine.apply(ours))
        content = self.snapshot() if self._shows_contents else None
        self._performed.append(_Performed(command, result, content))
        return result

    def snapshot(self) -> bytes:
        """The machine's."""
        return self._guarded("snapshot()", self.machine.snapshot)

    def restore(self, content: bytes) -> None:
        """The machine's."""

        def restore() -> bytes:
            self.machine.restore(content)
            return b""

        self._guarded(f"restore({shown(content)})", restore)

    def compare(self, node: Observed, entries: Iterable[Entry], determinism: Determinism) -> None:
        """The server has applied these: they led to the same as everywhere else."""
        for entry in entries:
            for nth, command in enumerate(commands_of(entry)):
                done = self._performed.popleft() if self._performed else None
                if done is None or done.command != command:
                    raise PropertyViolated(
                        APPLIED_IN_ORDER,
                        f"{self._name} says it has applied {shown(command)} of entry"
                        f" {entry.id.index}, and its machine was given"
                        f" {shown(done.command) if done else 'nothing'}",
                        node=self._name,
                    )
                determinism.performed(
                    node,
                    entry.id.index,
                    command[self._command_at :],
                    done.result,
                    done.content,
                    nth=nth,
                )

    def _guarded(self, call: str, perform: Callable[[], bytes]) -> bytes:
        try:
            return perform()
        except Exception as mistake:
            raise PropertyViolated(
                NEVER_RAISES,
                f"{call} raised {type(mistake).__name__}: {mistake}",
                node=self._name,
            ) from mistake


class FoldedOwnMachine(StateMachine):
    """A user's machine as the entries of the log make it; nobody's server has it."""

    def __init__(self, parts: Parts) -> None:
        self._machine = parts.machine()
        self._command_at = parts.workload.header_bytes

    def apply(self, command: bytes) -> bytes:
        """Take the next entry of the log."""
        for one in _commands_in(command):
            self._machine.apply(one[self._command_at :])
        return b""

    def snapshot(self) -> bytes:
        """The content as a snapshot holds it."""
        return FORMAT + self._machine.snapshot()

    def restore(self, content: bytes) -> None:
        """What is folded is never restored."""
        raise NotImplementedError


class CommandPromises(Promises):
    """What was promised to whom: a command, of which no two are equal, is its own token."""

    def check_token(self, token: bytes) -> None:
        """Any command will do."""

    def tokens_in(self, data: bytes) -> Sequence[bytes]:
        """The commands of an entry."""
        self.sessions.stamp_ms = max(self.sessions.stamp_ms, stamp_of(data))
        return _commands_in(data)

    def note_sessions(self, data: bytes) -> None:
        """A user's machine has none."""


def commands_of(entry: Entry) -> Sequence[bytes]:
    """Those that a user's machine is given, of the log's entry."""
    return _commands_in(entry.payload.data) if isinstance(entry.payload, Command) else ()


def _commands_in(data: bytes) -> Sequence[bytes]:
    parser = RequestParser()
    parser.feed(data[HEADER_BYTES:])
    return [command for (command,) in parser.take(_ALL)]
