"""What a command prints: tables for people, JSON for programs.

Responsible for the frame that all commands share: their flags, their time limit,
and exit codes: 0 for seen and well, 1 for a promise that was broken, 2 for a
measurement that could not be made.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Protocol

import attrs

from benchmarks.client import NotSent, Refused, Unknown
from benchmarks.processes import Failure, time_limit

EXIT_BROKEN = 1
EXIT_NOT_MEASURED = 2


class Result(attrs.AttrsInstance, Protocol):
    """What a command found: an attrs value, so that its fields are its JSON."""

    @property
    def violations(self) -> Sequence[str]:
        """The promises that were broken, a sentence each."""
        ...

    def lines(self) -> Sequence[str]:
        """The same for people."""
        ...


def parser(description: str | None) -> argparse.ArgumentParser:
    """The flags that every command has."""
    flags = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("--json", action="store_true", help="print JSON instead of tables")
    flags.add_argument(
        "--directory",
        type=Path,
        metavar="PATH",
        help="keep the nodes' data in a new directory below this one, removed at the end"
        " (default: the system's directory for temporary files)",
    )
    return flags


def run(measure: Callable[[], Result], *, as_json: bool, within_s: int) -> int:
    """Measure, print, and say how it went as an exit code."""
    try:
        with time_limit(within_s):
            result = measure()
    except (Failure, NotSent, Refused, Unknown) as failure:
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        return EXIT_NOT_MEASURED
    except KeyboardInterrupt:
        return EXIT_NOT_MEASURED
    print(as_text(result) if not as_json else as_document(result))
    return EXIT_BROKEN if result.violations else 0


def as_text(result: Result) -> str:
    """The result for people; what was broken comes last, where the eye is."""
    broken = [f"VIOLATION: {violation}" for violation in result.violations]
    return "\n".join([*result.lines(), *broken])


def as_document(result: Result) -> str:
    """The result for programs."""
    return json.dumps(attrs.asdict(result), indent=2, default=str)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; the first to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return [_line(row, widths) for row in [header, *rows]]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def seconds(value: float) -> str:
    """A duration for people."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def middle(values: Sequence[float]) -> float:
    """The median; 0 when there is nothing."""
    return median(values) if values else 0.0


def mebibytes(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 2**20:.0f} MiB"
