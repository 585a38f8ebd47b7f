"""Faults as people read them, at either level.

Responsible for the text: the fault's name and fields as in a scenario file, with units for
times, a name for the leader, and the numbers of victims where a bit mask holds them.
"""

from typing import Final

import attrs

from leto_sim.faults import LEADER
from leto_sim.units import duration

_SIDES: Final = ("left", "right")


def describe_fault(fault: attrs.AttrsInstance) -> str:
    """Such as `Crash(victim=leader, down=20 ms)`."""
    fields = (
        _describe(field.name, getattr(fault, field.name)) for field in attrs.fields(type(fault))
    )
    return f"{type(fault).__name__}({', '.join(filter(None, fields))})"


def _describe(name: str, value: object) -> str:
    """A field; nothing if it says no."""
    match value:
        case bool():
            return name.replace("_", " ") if value else ""
        case int() if name.endswith("_us"):
            return f"{name.removesuffix('_us')}={duration(value)}"
        case int() if name.endswith("_ms"):
            return f"{name.removesuffix('_ms')}={duration(value * 1_000)}"
        case int() if name == "victim" and value == LEADER:
            return f"{name}=leader"
        case int() if name in _SIDES:
            return f"{name}={_numbers(value)}"
        case _:
            return f"{name}={value}"


def _numbers(mask: int) -> str:
    numbers = (str(number) for number in range(mask.bit_length()) if mask >> number & 1)
    return "{" + ", ".join(numbers) + "}"
