"""Histories as lines of JSON, to be read and written.

Responsible for the format of `docs/reference/history-format.md`, which is the same for
every model, and for saying which line and field is wrong. How a model's commands and
results are written is a `Dialect`: `leto_sim.lincheck.dialects`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias, cast

from leto_sim.lincheck.model import CommandT, Model, Operation, ResultT

FORMAT = "leto-history"
VERSION = 1

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_FIELDS = frozenset({"client", "op", "key", "args", "invoked", "returned", "result"})


class HistoryError(Exception):
    """A line is not what the format says. The message names line and field."""


class FieldError(Exception):
    """A field is not what the format says."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"field {field!r} {what}")


class Dialect(Protocol[CommandT, ResultT]):
    """How commands and results of one model are written."""

    name: str

    def model(self) -> Model[CommandT, ResultT]:
        """What they mean."""
        ...

    def decode(self, name: str, arguments: Sequence[Json]) -> CommandT:
        """The command. Raises `FieldError`."""
        ...

    def decode_result(self, command: CommandT, result: Json) -> ResultT | None:
        """What the client was told. Raises `FieldError`."""
        ...

    def encode(self, command: CommandT) -> tuple[str, Sequence[Json]]:
        """Name and arguments."""
        ...

    def encode_result(self, result: ResultT | None) -> Json:
        """What the client was told."""
        ...

    def result_is_needed(self, command: CommandT) -> bool:
        """Whether an operation that has returned must say what the client was told."""
        ...


def write_history(
    history: Iterable[Operation[CommandT, ResultT]], dialect: Dialect[CommandT, ResultT]
) -> Iterator[str]:
    """The lines of a history, by invocation."""
    yield json.dumps({"format": FORMAT, "version": VERSION, "model": dialect.name})
    for operation in sorted(history, key=lambda one: one.invoked):
        yield json.dumps(_as_record(operation, dialect))


def _as_record(
    operation: Operation[CommandT, ResultT], dialect: Dialect[CommandT, ResultT]
) -> Mapping[str, Json]:
    name, arguments = dialect.encode(operation.command)
    record: dict[str, Json] = {
        "client": operation.client,
        "op": name,
        "key": _encode_key(operation.key),
        "args": arguments,
        "invoked": operation.invoked,
    }
    if operation.returned is not None:
        record["returned"] = operation.returned
        record["result"] = dialect.encode_result(operation.result)
    return record


def _encode_key(key: object) -> Json:
    if isinstance(key, bytes):
        return key.decode(errors="backslashreplace")
    return key if isinstance(key, int | str) else repr(key)


def read_history(
    lines: Iterable[str], dialect: Dialect[CommandT, ResultT]
) -> list[Operation[CommandT, ResultT]]:
    """The operations of a history. Raises `HistoryError`."""
    history: list[Operation[CommandT, ResultT]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = _as_object(line)
            if "format" in record:
                _check_header(record, dialect.name, is_first=not history)
            else:
                history.append(_as_operation(record, dialect))
        except (FieldError, ValueError, RecursionError) as error:
            raise HistoryError(f"line {number}: {error}") from None
    return history


def _as_object(line: str) -> dict[str, Json]:
    try:
        record: object = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(record, dict):
        raise ValueError(f"must be an object, not {shown(record)}")  # noqa: TRY004 - no caller's mistake
    return cast("dict[str, Json]", record)


def _check_header(record: Mapping[str, Json], model: str, *, is_first: bool) -> None:
    if not is_first:
        raise FieldError("format", "belongs to the first line only")
    if record["format"] != FORMAT:
        raise FieldError("format", f"must be {FORMAT!r}, not {shown(record['format'])}")
    if record.get("version") != VERSION:
        raise FieldError("version", f"must be {VERSION}, not {shown(record.get('version'))}")
    if record.get("model", model) != model:
        raise FieldError("model", f"is {shown(record['model'])}, but {model!r} was asked for")


def _as_operation(
    record: Mapping[str, Json], dialect: Dialect[CommandT, ResultT]
) -> Operation[CommandT, ResultT]:
    for field in record:
        if field not in _FIELDS:
            raise FieldError(field, f"is unknown; there are {', '.join(sorted(_FIELDS))}")
    name, arguments = _needed(record, "op"), record.get("args", ())
    if not isinstance(name, str):
        raise FieldError("op", f"must be a string, not {shown(name)}")
    if isinstance(arguments, str) or not isinstance(arguments, Sequence):
        raise FieldError("args", f"must be an array, not {shown(arguments)}")
    command = dialect.decode(name, arguments)
    invoked, returned = _moment(record, "invoked"), None
    if record.get("returned") is not None:
        returned = _moment(record, "returned")
        if returned < invoked:
            raise FieldError("returned", f"is {returned}, before it was invoked at {invoked}")
        if dialect.result_is_needed(command):
            _needed(record, "result")
    elif record.get("result") is not None:
        raise FieldError("result", "is known, but not when it returned")
    result = None if returned is None else dialect.decode_result(command, record.get("result"))
    return Operation(
        key=_key(record),
        command=command,
        invoked=invoked,
        returned=returned,
        result=result,
        client=str(record.get("client", "")),
    )


def _key(record: Mapping[str, Json]) -> int | str:
    key = _needed(record, "key")
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise FieldError("key", f"must be a string or an integer, not {shown(key)}")
    return key


def _moment(record: Mapping[str, Json], field: str) -> int:
    moment = _needed(record, field)
    if isinstance(moment, bool) or not isinstance(moment, int):
        raise FieldError(field, f"must be an integer, not {shown(moment)}")
    return moment


def _needed(record: Mapping[str, Json], field: str) -> Json:
    if field not in record:
        raise FieldError(field, "is missing")
    return record[field]


def shown(value: object, at_most: int = 40) -> str:
    """A value in an error message."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= at_most else text[: at_most - 1] + "…"
