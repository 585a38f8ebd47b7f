"""A witness for the eyes, on a screen of 80 columns.

Responsible for the lines of text: a row for each operation in the order of their
invocations, with a bar from invocation to return.
"""

from collections.abc import Iterator, Sequence

from leto_sim.lincheck.history import Dialect, Json
from leto_sim.lincheck.model import CommandT, Operation, ResultT
from leto_sim.lincheck.witness import Witness

_BARS_COLUMNS_MAX = 36
_TEXT_COLUMNS_MAX = 36
_ROWS_MAX = 40


def timeline(
    witness: Witness[CommandT, ResultT], dialect: Dialect[CommandT, ResultT]
) -> Iterator[str]:
    """The operations, and how far an order explains them."""
    shown = witness.operations[:_ROWS_MAX]
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


def _text(operation: Operation[CommandT, ResultT], dialect: Dialect[CommandT, ResultT]) -> str:
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
