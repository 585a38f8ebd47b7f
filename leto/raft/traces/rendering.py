"""A record as others take it: a step's name, values that fit JSON, a line for the eyes."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from leto.raft.traces.reasons import Reason
from leto.raft.traces.record import Record
from leto.raft.types import EntryId, NodeId

Value: TypeAlias = int | str | bool | list[int] | None
NameOf: TypeAlias = Callable[[NodeId], str]

_Field: TypeAlias = EntryId | Reason | tuple[NodeId, ...] | int | str | None

_NODE_TYPES: Final = (NodeId, NodeId | None, tuple[NodeId, ...])


def step_of(record: Record) -> str:
    """The step's stable name, such as `vote_refused`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(record).__name__).lower()


def fields_of(record: Record) -> dict[str, Value]:
    """What it is about, as values that fit JSON: an entry is `index@term`, a reason its name."""
    return {field.name: _plain(getattr(record, field.name)) for field in attrs.fields(type(record))}


def describe(record: Record, name_of: NameOf) -> str:
    """One line for the eyes."""
    about = [
        _described(field, getattr(record, field.name), name_of)
        for field in attrs.fields(type(record))
    ]
    step = step_of(record).replace("_", " ")
    return f"{step}: {' '.join(about)}" if about else step


def _described(field: "attrs.Attribute[_Field]", value: _Field, name_of: NameOf) -> str:
    if isinstance(value, Reason):
        return value.value
    shown = _named(value, name_of) if field.type in _NODE_TYPES else value
    return f"{field.name}={shown}"


def _named(value: _Field, name_of: NameOf) -> str:
    if isinstance(value, tuple):
        return ",".join(map(name_of, value)) or "nobody"
    return name_of(NodeId(value)) if isinstance(value, int) else "nobody"


def _plain(value: _Field) -> Value:
    match value:
        case EntryId():
            return str(value)
        case Reason():
            return value.name.lower()
        case tuple():
            return [int(number) for number in value]
        case _:
            return value
