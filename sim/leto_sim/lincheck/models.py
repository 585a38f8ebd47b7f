"""What operations on one key mean, for `leto_sim.lincheck.search`.

Responsible for two models: a register that is read and written, and a key of
Redis strings. They are written anew, not borrowed from `leto.kv`: a mistake there
must not be repeated here.
"""

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import TypeAlias

import attrs

from leto_sim.lincheck.search import IMPOSSIBLE, Impossible, Model, Operation, Verdict
from leto_sim.lincheck.zones import Cluster, zones_are_linearizable

# --- a register --------------------------------------------------------------------------


@attrs.frozen
class Read:
    """Reads the register. The result is its value, or None if it was never written."""


@attrs.frozen
class WriteValue:
    """Writes a value that nobody else writes. The result is None."""

    value: int


RegisterCommand: TypeAlias = Read | WriteValue
RegisterOperation: TypeAlias = Operation[RegisterCommand, int]


class Register(Model[RegisterCommand, int]):
    """A register whose writes are all of different values."""

    def initial(self) -> Hashable:
        """Never written."""
        return None

    def step(self, state: Hashable, operation: RegisterOperation) -> Hashable | Impossible:
        """A read returns the latest value written."""
        command = operation.command
        if isinstance(command, WriteValue):
            return command.value
        if operation.returned is None or operation.result == state:
            return state
        return IMPOSSIBLE

    def relevant(self, operations: Sequence[RegisterOperation]) -> Sequence[RegisterOperation]:
        """Without the unfinished operations of which nobody saw anything."""
        seen = {operation.result for operation in operations if operation.returned is not None}
        return [
            operation
            for operation in operations
            if operation.returned is not None
            or (isinstance(operation.command, WriteValue) and operation.command.value in seen)
        ]

    def decide(self, operations: Sequence[RegisterOperation]) -> Verdict | None:
        """Different values allow the quick decision."""
        clusters: dict[int | None, Cluster] = {None: Cluster.of_nothing()}
        for operation in operations:
            command = operation.command
            if isinstance(command, WriteValue):
                cluster = clusters.setdefault(command.value, Cluster())
                cluster.written = operation.invoked
            else:
                cluster = clusters.setdefault(operation.result, Cluster())
            cluster.add(invoked=operation.invoked, returned=operation.returned)
        linearizable = zones_are_linearizable(tuple(clusters.values()))
        return Verdict.LINEARIZABLE if linearizable else Verdict.ILLEGAL


# --- a key of Redis strings --------------------------------------------------------------


class Verb(Enum):
    """The commands that the simulator's clients use."""

    GET = "GET"
    SET = "SET"
    DEL = "DEL"
    INCR = "INCR"
    APPEND = "APPEND"


@attrs.frozen
class KeyCommand:
    """A command on one key. `argument` is the value of SET and APPEND."""

    verb: Verb
    argument: bytes = b""


@attrs.frozen
class ErrorReply:
    """The server refused the command because of what the key holds; nothing changed."""

    text: str = ""


KeyReply: TypeAlias = bytes | int | ErrorReply | None
KeyOperation: TypeAlias = Operation[KeyCommand, KeyReply]
SET_REPLY = b"OK"
_INT64_MAX = 2**63 - 1
_INTEGER_DIGITS_MAX = 20


class StringKey(Model[KeyCommand, KeyReply]):
    """A key that holds a string of bytes or nothing. An error's text does not matter."""

    def initial(self) -> Hashable:
        """The key does not exist."""
        return None

    def step(self, state: Hashable, operation: KeyOperation) -> Hashable | Impossible:
        """The key after the command, if it replies what Redis would."""
        assert state is None or isinstance(state, bytes), state
        after, reply = _perform(state, operation.command)
        if operation.returned is None or _is_same_reply(reply, operation.result):
            return after
        return IMPOSSIBLE

    def relevant(self, operations: Sequence[KeyOperation]) -> Sequence[KeyOperation]:
        """Without the unfinished reads."""
        return [
            operation
            for operation in operations
            if operation.returned is not None or operation.command.verb is not Verb.GET
        ]


def _perform(value: bytes | None, command: KeyCommand) -> tuple[bytes | None, KeyReply]:
    match command.verb:
        case Verb.GET:
            return value, value
        case Verb.SET:
            return command.argument, SET_REPLY
        case Verb.DEL:
            return None, int(value is not None)
        case Verb.APPEND:
            longer = (value or b"") + command.argument
            return longer, len(longer)
        case Verb.INCR:
            number = _as_integer(value)
            if number is None or number == _INT64_MAX:
                return value, ErrorReply()
            return b"%d" % (number + 1), number + 1


def _as_integer(value: bytes | None) -> int | None:
    """The number that Redis reads in the value: canonical decimal, 64 bits."""
    if value is None:
        return 0
    if len(value) > _INTEGER_DIGITS_MAX or not value.lstrip(b"-").isdigit():
        return None
    number = int(value)
    canonical = b"%d" % number == value and -_INT64_MAX - 1 <= number <= _INT64_MAX
    return number if canonical else None


def _is_same_reply(expected: KeyReply, actual: KeyReply) -> bool:
    if isinstance(expected, ErrorReply):
        return isinstance(actual, ErrorReply)
    return type(expected) is type(actual) and expected == actual
