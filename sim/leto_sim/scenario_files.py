"""Scenarios as files that a person can read, change and keep.

Responsible for the format: TOML, with only what differs from the defaults, a fault of
the plan a line. What the keys mean is said where the scenarios are defined
(`leto_sim.node_level.scenario`, `leto_sim.server_level.scenario`) and in
`docs/reference/scenario-files.md`.

    format = 1
    level = "node"
    violates = "leader completeness"

    [scenario]
    seed = 7
    plan = [
        { at_us = 310000, fault = "Crash", victim = -1, down_us = 20000 },
    ]
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Final, TypeAlias, cast, get_args, get_type_hints

import attrs
import tomli_w
from cattrs import Converter, ForbiddenExtraKeysError, transform_error
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from leto_sim.course import AnyScenario
from leto_sim.levels import LEVELS, level_named

FORMAT: Final = 1
_KEYS: Final = ("format", "level", "violates", "scenario")
_Table: TypeAlias = Mapping[str, object]
Structure: TypeAlias = Callable[[object, type], object]
Unstructure: TypeAlias = Callable[[object], dict[str, object]]


class WrongScenarioFile(ValueError):
    """What a person wrote is no scenario; the message says which key, and what is allowed."""


@attrs.frozen(kw_only=True)
class SavedScenario:
    """What a scenario file holds."""

    level: str
    scenario: AnyScenario
    violates: str | None = None  # the property that it was kept for


def write_scenario(saved: SavedScenario) -> str:
    """The text of the file."""
    head: dict[str, object] = {"format": FORMAT, "level": saved.level}
    if saved.violates is not None:
        head["violates"] = saved.violates
    scenario: dict[str, object] = _converter().unstructure(saved.scenario)
    plan = cast("Sequence[_Table]", scenario.pop("plan", ()))
    simple = {key: value for key, value in scenario.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in scenario.items() if key not in simple}
    parts = [tomli_w.dumps(head), tomli_w.dumps({"scenario": simple}) + _plan_lines(plan)]
    if tables:
        parts.append(tomli_w.dumps({"scenario": tables}))
    return "\n".join(parts)


def _plan_lines(plan: Sequence[_Table]) -> str:
    """A fault a line, however long: a plan is read from top to bottom."""
    if not plan:
        return ""
    faults = (", ".join(_in_a_line(*item) for item in fault.items()) for fault in plan)
    return "plan = [\n" + "".join(f"    {{ {fault} }},\n" for fault in faults) + "]\n"


def read_scenario(text: str) -> SavedScenario:
    """What the text of a file means.

    Raises:
        WrongScenarioFile: it means nothing.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongScenarioFile(f"not TOML: {error}") from error
    _check_head(table)
    violates = table.get("violates")
    if not (violates is None or isinstance(violates, str)):
        raise WrongScenarioFile(f"violates: must be a property's name, not {violates!r}")
    return SavedScenario(
        level=table["level"],
        scenario=_structured(table["scenario"], level_named(table["level"]).scenario_type),
        violates=violates,
    )


def _in_a_line(key: str, value: object) -> str:
    """An inline table may hold no line breaks between its keys, which arrays are written with."""
    return " ".join(line.strip() for line in tomli_w.dumps({key: value}).splitlines())


def _check_head(table: _Table) -> None:
    for key in table:
        if key not in _KEYS:
            raise WrongScenarioFile(f"{key}: no such key; there are {', '.join(_KEYS)}")
    if table.get("format") != FORMAT:
        raise WrongScenarioFile(f"format: must be {FORMAT}, not {table.get('format')!r}")
    if table.get("level") not in LEVELS:
        raise WrongScenarioFile(
            f"level: must be one of {', '.join(LEVELS)}, not {table.get('level')!r}"
        )
    if not isinstance(table.get("scenario"), dict):
        raise WrongScenarioFile("scenario: must be a table that begins with [scenario]")


def _structured(table: object, scenario_type: type[AnyScenario]) -> AnyScenario:
    try:
        return _converter().structure(table, scenario_type)
    except BaseValidationError as error:
        complaints = transform_error(error, path="scenario", format_exception=_complaint)
        raise WrongScenarioFile("\n".join(map(_path_first, complaints))) from error


def _path_first(complaint: str) -> str:
    what, _, path = complaint.rpartition(" @ ")
    return f"{path}: {what}"


def _complaint(error: BaseException, _: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        found, allowed = ", ".join(sorted(error.extra_fields)), _fields_of(error.cl)
        return f"no such key: {found}; there are {allowed}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error)


def _fields_of(cls: type) -> str:
    return ", ".join(field.name for field in attrs.fields(cls) if field.init) or "none"


# --- between values and tables ------------------------------------------------------------


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for primitive, words in _PRIMITIVES.items():
        converter.register_structure_hook(primitive, _strictly(words))

    def structure_table(cls: type) -> Structure:
        structure = cast("Structure", make_dict_structure_fn(cls, converter))
        return _checked(cls, structure)

    def unstructure_value(cls: type) -> Unstructure:
        return make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True)

    def structure_planned(cls: type) -> Structure:
        return _planned_structurer(cls, converter)

    def unstructure_planned(_: type) -> Unstructure:
        return lambda planned: _planned_table(planned, converter)

    # What is registered last is asked first.
    converter.register_structure_hook_factory(_is_enum, _enum_structurer)
    converter.register_structure_hook_factory(attrs.has, structure_table)
    converter.register_unstructure_hook_factory(attrs.has, unstructure_value)
    converter.register_structure_hook_factory(_is_planned, structure_planned)
    converter.register_unstructure_hook_factory(_is_planned, unstructure_planned)
    return converter


_PRIMITIVES: Final[Mapping[type, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "true or false",
}


def _strictly(words: str) -> Structure:
    """Nothing is converted silently: 1.5 is no number of nodes, "no" is not false."""

    def structure(value: object, cls: type) -> object:
        if type(value) is cls:
            return value
        if cls is float and type(value) is int:
            return float(value)
        raise ValueError(f"must be {words}, not {value!r}")

    return structure


def _checked(cls: type, structure: Structure) -> Structure:
    def structure_table(value: object, _: type) -> object:
        if not isinstance(value, dict):
            raise TypeError(f"must be a table of {_fields_of(cls)}, not {value!r}")
        return structure(cast("_Table", value), cls)

    return structure_table


def _is_enum(cls: object) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum)


def _enum_structurer(enum: type[Enum]) -> Structure:
    def structure(value: object, _: type) -> object:
        allowed: list[object] = [member.value for member in enum]
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(map(repr, allowed))}, not {value!r}")
        return enum(value)

    return structure


# --- a planned fault, as one flat table -----------------------------------------------------


def _is_planned(cls: object) -> bool:
    """Whether it is a fault with its time: each level has such a class."""
    return (
        isinstance(cls, type)
        and attrs.has(cls)
        and [field.name for field in attrs.fields(cls)] == ["at_us", "fault"]
    )


def _kinds_of_fault(planned: type) -> dict[str, type]:
    kinds = get_args(get_type_hints(planned)["fault"])
    assert kinds, f"the faults are a closed set: {planned}"
    return {kind.__name__: kind for kind in kinds}


def _planned_structurer(planned: type, converter: Converter) -> Structure:
    kinds = _kinds_of_fault(planned)

    def structure(value: object, _: type) -> object:
        if not isinstance(value, dict):
            raise TypeError(f"must be a table with at_us and fault, not {value!r}")
        table = dict(cast("_Table", value))
        at_us, kind = table.pop("at_us", None), table.pop("fault", None)
        if type(at_us) is not int:
            raise ValueError(f"at_us must be a whole number, not {at_us!r}")
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"fault must be one of {', '.join(kinds)}, not {kind!r}")
        return planned(at_us, cast("object", converter.structure(table, kinds[kind])))

    return structure


def _planned_table(planned: object, converter: Converter) -> dict[str, object]:
    at_us, fault = (getattr(planned, name) for name in ("at_us", "fault"))
    fields: dict[str, object] = converter.unstructure(fault)
    return {"at_us": at_us, "fault": type(fault).__name__} | fields
