"""How the commands of each model are written in a history's lines.

Responsible for the two models that `leto-sim lincheck` knows by name, `kv` and
`register`. The frame around them is `leto_sim.lincheck.history`; both are told in
`docs/reference/history-format.md`.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from leto_sim.lincheck.history import Dialect, FieldError, Json, shown
from leto_sim.lincheck.model import Model
from leto_sim.lincheck.register import (
    CompareAndSet,
    Read,
    Register,
    RegisterCommand,
    RegisterResult,
    RegisterValue,
    WriteValue,
)
from leto_sim.lincheck.strings import (
    WITH_ARGUMENT,
    ErrorReply,
    KeyCommand,
    KeyReply,
    SetOption,
    StringKey,
    Verb,
)

_BASE64: Final = "base64"
_ERROR: Final = "error"


class KeyDialect(Dialect[KeyCommand, KeyReply]):
    """Commands on keys of strings, as they are sent: a name and its arguments after the key."""

    name = "kv"

    def model(self) -> Model[KeyCommand, KeyReply]:
        """Redis's strings."""
        return StringKey()

    def decode(self, name: str, arguments: Sequence[Json]) -> KeyCommand:
        """One of the verbs, in whatever case."""
        known = {verb.value: verb for verb in Verb}
        verb = known.get(name.upper())
        if verb is None:
            raise FieldError("op", f"must be one of {', '.join(known)}, not {shown(name)}")
        least = 1 if verb in WITH_ARGUMENT else 0
        if len(arguments) < least or (verb is not Verb.SET and len(arguments) > least):
            raise FieldError("args", f"must be {least} for {verb.value}, not {len(arguments)}")
        if not least:
            return KeyCommand(verb)
        options = frozenset(_set_option(word) for word in arguments[1:])
        if {SetOption.NX, SetOption.XX} <= options:
            raise FieldError("args", "cannot be both NX and XX")
        return KeyCommand(verb, _decode_bytes("args", arguments[0]), options)

    def decode_result(self, command: KeyCommand, result: Json) -> KeyReply:
        """A reply: string, integer, null, or an error."""
        del command
        if isinstance(result, bool | float):
            raise FieldError("result", f"is no reply: {shown(result)}")
        if result is None or isinstance(result, int):
            return result
        if isinstance(result, Mapping) and _ERROR in result:
            return ErrorReply(str(result[_ERROR]))
        return _decode_bytes("result", result)

    def encode(self, command: KeyCommand) -> tuple[str, Sequence[Json]]:
        """As it is sent."""
        if command.verb not in WITH_ARGUMENT:
            return command.verb.value, ()
        options = sorted(option.value for option in command.options)
        return command.verb.value, (_encode_bytes(command.argument), *options)

    def encode_result(self, result: KeyReply) -> Json:
        """As it was answered."""
        if isinstance(result, bytes):
            return _encode_bytes(result)
        return {_ERROR: result.text} if isinstance(result, ErrorReply) else result

    def result_is_needed(self, command: KeyCommand) -> bool:
        """Each command is answered."""
        del command
        return True


class RegisterDialect(Dialect[RegisterCommand, RegisterResult]):
    """`read`, `write` with a value, `cas` with the expected value and the new one."""

    name = "register"

    def model(self) -> Model[RegisterCommand, RegisterResult]:
        """A register."""
        return Register()

    def decode(self, name: str, arguments: Sequence[Json]) -> RegisterCommand:
        """One of the three."""
        decoder = _REGISTER_COMMANDS.get(name)
        if decoder is None:
            raise FieldError("op", f"must be one of {', '.join(_REGISTER_COMMANDS)}")
        count, make = decoder
        if len(arguments) != count:
            raise FieldError("args", f"must be {count} for {name}, not {len(arguments)}")
        return make([_decode_value("args", value) for value in arguments])

    def decode_result(self, command: RegisterCommand, result: Json) -> RegisterResult | None:
        """The value read; whether a comparison succeeded."""
        if isinstance(command, WriteValue):
            return None
        if isinstance(command, CompareAndSet):
            if not isinstance(result, bool):
                raise FieldError("result", f"must be true or false, not {shown(result)}")
            return result
        return _decode_value("result", result)

    def encode(self, command: RegisterCommand) -> tuple[str, Sequence[Json]]:
        """Name and values."""
        if isinstance(command, Read):
            return "read", ()
        if isinstance(command, WriteValue):
            return "write", (command.value,)
        return "cas", (command.expected, command.value)

    def encode_result(self, result: RegisterResult | None) -> Json:
        """As it is."""
        return result

    def result_is_needed(self, command: RegisterCommand) -> bool:
        """Whoever wrote was told nothing."""
        return not isinstance(command, WriteValue)


_REGISTER_COMMANDS: Final[
    Mapping[str, tuple[int, Callable[[Sequence[RegisterValue]], RegisterCommand]]]
] = {
    "read": (0, lambda _: Read()),
    "write": (1, lambda values: WriteValue(values[0])),
    "cas": (2, lambda values: CompareAndSet(values[0], values[1])),
}


def _set_option(word: Json) -> SetOption:
    for option in SetOption:
        if isinstance(word, str) and word.upper() == option.value:
            return option
    raise FieldError("args", f"after SET's value must be NX, XX or GET, not {shown(word)}")


def _decode_value(field: str, value: Json) -> RegisterValue:
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        raise FieldError(field, f"must be integers, strings or null, not {shown(value)}")
    return value


def _encode_bytes(data: bytes) -> Json:
    """A string where that is possible, so that people can read it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {_BASE64: base64.b64encode(data).decode()}


def _decode_bytes(field: str, value: Json) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    encoded = value.get(_BASE64) if isinstance(value, Mapping) else None
    if not isinstance(encoded, str):
        raise FieldError(field, f"must be a string or {{'base64': …}}, not {shown(value)}")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise FieldError(field, f"is no base64: {error}") from None
