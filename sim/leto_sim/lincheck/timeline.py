"""A witness for the eyes, on a screen of 80 columns.

Responsible for the lines of text: a row for each operation in the order of their
invocations, with a bar from invocation to return.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from leto_sim.lincheck.history import Json
from leto_sim.lincheck.model import CommandT, Operation, ResultT
from leto_sim.lincheck.witness import Witness

_BARS_COLUMNS_MAX = 36
_TEXT_COLUMNS_MAX = 36
_ROWS_MAX = 40


_Command_contra = TypeVar("_Command_contra", contravariant=True)
_Result_contra = TypeVar("_Result_contra", contravariant=True)


class Wording(Protocol[_Command_contra, _Result_contra]):
    """How commands and results are shown; every `Dialect` is one."""

    def encode(self, command: _Command_contra) -> tuple[str, Sequence[Json]]:
        """Name and arguments."""
        ...

    def encode_result(self, result: _Result_contra | None) -> Json:
        """What the client was told."""
        ...


def timeline(
    witness: Witness[CommandT, ResultT],
    dialect: Wording[CommandT, ResultT],
    *,
    rows_max: int = _ROWS_MAX,
) -> Iterator[str]:
    """The operations, and how far an order explains them."""
    shown = witness.operations[:rows_max]
    texts = [_text(operation, dialect) for operation in shown]
    width = max(len(text) for text in texts)
    clients = max(len(operation.client) for operation in shown)
    columns = _columns(shown)
    places = {id(one): place for place, one in enumerate(witness.explained, start=1)}
    for operation, text in zip(shown, texts, strict=True):
        place = f"{places[id(operation)]:>4}" if id(operation) in places else "   -"
        bar = _bar(operation, columns)
        yield f"{place}  {operation.client:<{clients}}  {text:<{width}}  {bar}".rstrip()
    if len(witness.operations) > len(shown):
        yield f"      … and {len(witness.operations) - len(shown)} more"


def describe_operation(
    operation: Operation[CommandT, ResultT], dialect: Wording[CommandT, ResultT]
) -> tuple[str, str]:
    """What was asked on the key, and what the client was told: `?` if nothing."""
    name, arguments = dialect.encode(operation.command)
    told = "?" if operation.returned is None else _word(dialect.encode_result(operation.result))
    key = operation.key
    shown = key.decode(errors="backslashreplace") if isinstance(key, bytes) else str(key)
    about = () if key is None else (shown,)
    return " ".join([name, *about, *map(_word, arguments)]), told


def _text(operation: Operation[CommandT, ResultT], dialect: Wording[CommandT, ResultT]) -> str:
    name, arguments = dialect.encode(operation.command)
    asked = " ".join([name, *map(_word, arguments)])
    is_open = operation.returned is None
    told = "?" if is_open else _word(dialect.encode_result(operation.result))
    text = f"{asked} -> {told}"
    return text if len(text) <= _TEXT_COLUMNS_MAX else text[: _TEXT_COLUMNS_MAX - 1] + "…"


def _word(value: Json) -> str:
    return "nil" if value is None else str(value)


def _columns(operations: Sequence[Operation[CommandT, ResultT]]) -> dict[int, int]:
    """Where each moment stands: in order, and as far apart as there is room."""
    moments = sorted(
        {operation.invoked for operation in operations}
        | {operation.returned for operation in operations if operation.returned is not None}
    )
    step = max(1, min(3, _BARS_COLUMNS_MAX // len(moments)))
    return {moment: place * step for place, moment in enumerate(moments)}


def _bar(operation: Operation[CommandT, ResultT], columns: dict[int, int]) -> str:
    start = columns[operation.invoked]
    if operation.returned is None:
        return " " * start + "|" + "-" * (max(columns.values()) - start) + ">"
    return " " * start + "|" + "-" * (columns[operation.returned] - start - 1) + "|"
