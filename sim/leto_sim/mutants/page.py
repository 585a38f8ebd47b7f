"""The kill matrix in a page: a table between two marks, one row for each planted bug.

Responsible for writing what a hunt has found into a text that has these marks, and for
leaving the rest of it alone. Who hunts a few bugs renews their rows: the other bugs keep
theirs, and the rows of bugs that are no longer planted go.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from leto_sim.mutants.hunting import Outcome
from leto_sim.mutants.matrix import COLUMNS, NOT_HUNTED, cells_of, render_line
from leto_sim.mutants.planted import PlantedBug

BEGIN: Final = "<!-- the kill matrix begins -->"
END: Final = "<!-- the kill matrix ends -->"
_NAME, _EXPECTED, _CPU_SECONDS = 1, -3, -1  # where they are in a row


class NoMatrix(Exception):
    """The page has no place for it; the message says which mark is missing."""


def renew(page: str, bugs: Sequence[PlantedBug], outcomes: Sequence[Outcome]) -> str:
    """The page with the rows of all these bugs, in their order, after this hunt.

    Raises:
        NoMatrix: there is no place for them.
    """
    before, table, after = _parts(page)
    rows = {cells[_NAME]: cells for cells in map(_cells, table.splitlines()) if len(cells) > 1}
    rows |= {cells[_NAME]: cells for cells in map(cells_of, outcomes)}
    return "\n".join([before + BEGIN, *_lines(bugs, rows), END + after])


def rows_of(page: str) -> list[list[str]]:
    """The cells of each row that the page has, without the table's head.

    Raises:
        NoMatrix: it has no matrix.
    """
    _, table, _ = _parts(page)
    rows = [_cells(line) for line in table.splitlines()]
    return [cells for cells in rows if len(cells) == len(COLUMNS)][2:]


def _parts(page: str) -> tuple[str, str, str]:
    before, begin, rest = page.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not (begin and end):
        raise NoMatrix(f"there is no {END if begin else BEGIN!r}")
    return before, table, after


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _lines(bugs: Sequence[PlantedBug], rows: Mapping[str, list[str]]) -> list[str]:
    shown = [rows.get(f"`{bug.name}`") or _not_hunted(bug) for bug in bugs]
    head = [render_line(COLUMNS), render_line(["---"] * len(COLUMNS))]
    return [*head, *map(render_line, shown), "", _summary(shown)]


def _not_hunted(bug: PlantedBug) -> list[str]:
    return cells_of(Outcome(bug=bug, finding=NOT_HUNTED))


def _summary(rows: Sequence[list[str]]) -> str:
    expected = sum(cells[_EXPECTED] == "yes" for cells in rows)
    parts = [part for cells in rows for part in cells[_CPU_SECONDS].split(" + ")]
    return (
        f"{len(rows)} planted, {expected} killed by a property expected to;"
        f" {sum(map(float, parts)):.0f} s of CPU time."
    )
