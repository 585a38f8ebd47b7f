"""A key of Redis strings.

Responsible for the model of the commands on one key whose meaning does not depend on
the time: GET, SET (with NX, XX, GET), SETNX, GETSET, GETDEL, APPEND, STRLEN, INCR,
DECR, INCRBY, DECRBY, DEL and EXISTS. They are written anew, not borrowed from
`leto.kv`: a mistake there must not be repeated here.

Not modelled is what expires, since a history does not say when that happened, and
what several keys have in common (MGET, MSET, KEYS), since keys are judged one by one.
"""

from collections.abc import Collection, Hashable
from enum import Enum
from typing import Final, TypeAlias

import attrs

from leto_sim.lincheck.model import (
    IMPOSSIBLE,
    UNCERTAIN,
    Found,
    Impossible,
    Model,
    Operation,
    Step,
    Uncertain,
)


class Verb(Enum):
    """The commands."""

    GET = "GET"
    SET = "SET"
    SETNX = "SETNX"
    GETSET = "GETSET"
    GETDEL = "GETDEL"
    APPEND = "APPEND"
    STRLEN = "STRLEN"
    INCR = "INCR"
    DECR = "DECR"
    INCRBY = "INCRBY"
    DECRBY = "DECRBY"
    DEL = "DEL"
    EXISTS = "EXISTS"


class SetOption(Enum):
    """What may follow SET's value."""

    NX = "NX"
    XX = "XX"
    GET = "GET"


WITH_ARGUMENT: Final = frozenset(
    {Verb.SET, Verb.SETNX, Verb.GETSET, Verb.APPEND, Verb.INCRBY, Verb.DECRBY}
)
READS: Final = frozenset({Verb.GET, Verb.STRLEN, Verb.EXISTS})


@attrs.frozen
class KeyCommand:
    """A command on one key. `argument` is the value or number of those that have one."""

    verb: Verb
    argument: bytes = b""
    options: frozenset[SetOption] = frozenset()


@attrs.frozen
class ErrorReply:
    """The server refused the command because of what the key holds; nothing changed."""

    text: str = ""


KeyReply: TypeAlias = bytes | int | ErrorReply | None
KeyOperation: TypeAlias = Operation[KeyCommand, KeyReply]
SET_REPLY: Final = b"OK"
_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_INTEGER_DIGITS_MAX: Final = 20
_SETTING: Final = frozenset({Verb.SET, Verb.SETNX, Verb.GETSET})
_DELETING: Final = frozenset({Verb.DEL, Verb.GETDEL})
_COUNTING: Final = frozenset({Verb.INCR, Verb.DECR, Verb.INCRBY, Verb.DECRBY})


class StringKey(Model[KeyCommand, KeyReply]):
    """A key that holds a string of bytes or nothing. An error's text does not matter."""

    def initial(self) -> Hashable:
        """The key does not exist."""
        return None

    def step(self, state: Hashable, operation: KeyOperation) -> Hashable | Impossible:
        """The key after the command, if it replies what Redis would."""
        assert state is None or isinstance(state, bytes), state
        after, reply = perform(state, operation.command)
        if operation.returned is None or _is_same_reply(reply, operation.result):
            return after
        return IMPOSSIBLE

    def prepare(self, operation: KeyOperation) -> Step:
        """`step`, with a short cut for the two most frequent commands."""
        command, result, is_open = operation.command, operation.result, operation.returned is None
        if command.verb is Verb.GET:
            return lambda state: state if is_open or state == result else IMPOSSIBLE
        if command.verb is Verb.SET and not command.options:
            after = command.argument if is_open or result == SET_REPLY else IMPOSSIBLE
            return lambda _: after
        return super().prepare(operation)

    def may_change(self, operation: KeyOperation) -> bool:
        """Reads do not, nor what was refused."""
        if operation.command.verb in READS:
            return False
        return operation.returned is None or not _was_refused(operation)

    def left(self, operation: KeyOperation) -> Hashable | Uncertain:
        """What was set, or nothing if it was deleted, or the number that was counted to."""
        return _left(operation)

    def found(self, operation: KeyOperation) -> "FoundValue | FoundLength | None":
        """What the reply says of the value that the command found."""
        command, result = operation.command, operation.result
        increment = increment_of(command)
        if increment is not None and isinstance(result, int):
            return _found_number(result - increment)
        match command.verb, result:
            case (Verb.GET | Verb.GETSET | Verb.GETDEL, bytes() | None):
                return FoundValue((result,))
            case (Verb.SET, bytes()) if SetOption.GET in command.options:
                return FoundValue((result,))
            case (Verb.APPEND, int()):
                return FoundLength(result - len(command.argument))
            case (Verb.STRLEN, int()):
                return FoundLength(result)
            case (Verb.DEL | Verb.EXISTS, 0) | (Verb.SETNX, 1):
                return FoundValue((None,))
            case _:
                return None


def perform(value: bytes | None, command: KeyCommand) -> tuple[bytes | None, KeyReply]:
    """The value after the command, and the reply."""
    argument = command.argument
    match command.verb:
        case Verb.GET:
            return value, value
        case Verb.SET:
            return _set(value, argument, command.options)
        case Verb.SETNX:
            return (argument, 1) if value is None else (value, 0)
        case Verb.GETSET:
            return argument, value
        case Verb.GETDEL:
            return None, value
        case Verb.DEL:
            return None, int(value is not None)
        case Verb.EXISTS:
            return value, int(value is not None)
        case Verb.STRLEN:
            return value, len(value or b"")
        case Verb.APPEND:
            longer = (value or b"") + argument
            return longer, len(longer)
        case Verb.INCR | Verb.DECR | Verb.INCRBY | Verb.DECRBY:
            return _add(value, increment_of(command))


def increment_of(command: KeyCommand) -> int | None:
    """By how much it counts; None if its argument is no number, or it does not count."""
    match command.verb:
        case Verb.INCR:
            return 1
        case Verb.DECR:
            return -1
        case Verb.INCRBY:
            return _as_integer(command.argument)
        case Verb.DECRBY:
            decrement = _as_integer(command.argument)
            return None if decrement in {None, _INT64_MIN} else -(decrement or 0)
        case _:
            return None


def _set(
    value: bytes | None, argument: bytes, options: frozenset[SetOption]
) -> tuple[bytes | None, KeyReply]:
    obstacle = SetOption.XX if value is None else SetOption.NX
    if obstacle in options:
        return value, value if SetOption.GET in options else None
    return argument, value if SetOption.GET in options else SET_REPLY


def _add(value: bytes | None, increment: int | None) -> tuple[bytes | None, KeyReply]:
    number = 0 if value is None else _as_integer(value)
    if number is None or increment is None:
        return value, ErrorReply()
    number += increment
    if not _INT64_MIN <= number <= _INT64_MAX:
        return value, ErrorReply()
    return b"%d" % number, number


def _as_integer(value: bytes) -> int | None:
    """The number that Redis reads in the value: canonical decimal, 64 bits."""
    if len(value) > _INTEGER_DIGITS_MAX or not value.lstrip(b"-").isdigit():
        return None
    number = int(value)
    canonical = b"%d" % number == value and _INT64_MIN <= number <= _INT64_MAX
    return number if canonical else None


def _is_same_reply(expected: KeyReply, actual: KeyReply) -> bool:
    if isinstance(expected, ErrorReply):
        return isinstance(actual, ErrorReply)
    return type(expected) is type(actual) and expected == actual


# --- what an operation leaves ---------------------------------------------------------------


def _was_refused(operation: KeyOperation) -> bool:
    """Whether the reply says that nothing was changed."""
    command, result = operation.command, operation.result
    if isinstance(result, ErrorReply):
        return True
    if command.verb is Verb.SETNX:
        return result == 0
    if SetOption.GET in command.options:  # the reply is what was there, whether it was set or not
        if SetOption.NX in command.options:
            return result is not None
        return SetOption.XX in command.options and result is None
    return command.verb is Verb.SET and result is None


@attrs.frozen
class FoundValue(Found[KeyCommand, KeyReply]):
    """It was one of those values."""

    values: tuple[bytes | None, ...]

    def may_be_left_by(self, earlier: KeyOperation | None) -> bool:
        """Whether the key may hold one of them after it."""
        return any(_may_leave(earlier, value) for value in self.values)

    def states(self) -> Collection[Hashable]:
        """Those values."""
        return self.values

    def before(self, writer: KeyOperation) -> "FoundValue | None":
        """Who appends or counts shows what there was before."""
        last = self.values[-1]
        if last is None:
            return None
        if writer.command.verb is Verb.APPEND:
            shorter = last.removesuffix(writer.command.argument)
            return FoundValue((shorter,) if shorter else (None, shorter))
        increment, number = increment_of(writer.command), _as_integer(last)
        return None if increment is None or number is None else _found_number(number - increment)


@attrs.frozen
class FoundLength(Found[KeyCommand, KeyReply]):
    """It was a value so long."""

    length: int

    def may_be_left_by(self, earlier: KeyOperation | None) -> bool:
        """Whether the key's value may be so long after it."""
        return _may_leave_length(earlier, self.length)


def _found_number(number: int) -> FoundValue:
    return FoundValue((b"%d" % number,) if number else (None, b"0"))


def _may_leave(operation: KeyOperation | None, value: bytes | None) -> bool:
    """Whether the key may have that value after the operation, if that took effect."""
    if operation is None:
        return value is None
    left = _left(operation)
    if left is not UNCERTAIN:
        return value == left
    command, result, is_open = operation.command, operation.result, operation.returned is None
    if not is_open and _was_refused(operation):
        return True
    if command.verb is Verb.APPEND:
        is_so_long = is_open or result == len(value or b"")
        return value is not None and is_so_long and value.endswith(command.argument)
    if is_open:
        return value is not None
    if command.verb is Verb.EXISTS:
        return (value is not None) == (result == 1)
    return command.verb is Verb.STRLEN and result == len(value or b"")


def _left(operation: KeyOperation) -> bytes | Uncertain | None:
    """The key's value after the operation, if that took effect, and if that alone says so."""
    verb, result, is_open = operation.command.verb, operation.result, operation.returned is None
    if not is_open and _was_refused(operation):
        return UNCERTAIN
    if verb in _SETTING:
        return operation.command.argument
    if verb in _DELETING:
        return None
    if is_open:
        return UNCERTAIN
    if verb is Verb.GET and isinstance(result, bytes | None):
        return result
    return b"%d" % result if verb in _COUNTING and isinstance(result, int) else UNCERTAIN


def _may_leave_length(operation: KeyOperation | None, length: int) -> bool:
    """Whether the key's value may be so long after the operation, if that took effect."""
    if operation is None:
        return length == 0
    command, result, is_open = operation.command, operation.result, operation.returned is None
    if command.verb is Verb.EXISTS or (not is_open and _was_refused(operation)):
        return True
    if command.verb in _SETTING:
        return length == len(command.argument)
    if command.verb in _DELETING:
        return length == 0
    if is_open:
        return True
    if command.verb in {Verb.APPEND, Verb.STRLEN}:
        return length == result
    if command.verb is Verb.GET:
        return isinstance(result, bytes | None) and length == len(result or b"")
    return isinstance(result, int) and length == len(b"%d" % result)
