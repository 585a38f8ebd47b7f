"""Durations as people read them.

Responsible for the text alone, which is exact: equal texts are equal durations.
"""

from typing import Final

from leto.raft.types import Micros

_UNITS: Final = ((1_000_000, "s"), (1_000, "ms"))


def duration(us: Micros) -> str:
    """That many microseconds, such as `1.5 s`, `20 ms` or `7 µs`."""
    for size, unit in _UNITS:
        if abs(us) >= size:
            whole, rest = divmod(abs(us), size)
            fraction = f".{rest:0{len(str(size)) - 1}}".rstrip("0").rstrip(".")
            return f"{'-' if us < 0 else ''}{whole}{fraction} {unit}"
    return f"{us} µs"
