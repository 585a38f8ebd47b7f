"""The kill matrix in a page."""

from pathlib import Path

import pytest

from leto_sim.mutants.hunt import Finding
from leto_sim.mutants.hunting import Outcome
from leto_sim.mutants.page import BEGIN, END, NoMatrix, renew, rows_of
from leto_sim.mutants.planted import PlantedBug, read_collection
from tests.support.counting import write_bugs, write_source

EMPTY = f"Before.\n\n{BEGIN}\n{END}\n\nAfter.\n"


@pytest.fixture
def bugs(tmp_path: Path) -> tuple[PlantedBug, ...]:
    folder = write_source(tmp_path)
    write_bugs(folder)
    return read_collection(folder).bugs


def killed(bug: PlantedBug, *, seeds: int = 7, by: str = "nothing is lost") -> Outcome:
    return Outcome(bug=bug, finding=Finding(seeds=seeds, cpu_seconds=1.25, violated=by))


def test_every_bug_has_a_row_between_the_marks(bugs: tuple[PlantedBug, ...]) -> None:
    page = renew(EMPTY, bugs, [killed(bugs[2]), killed(bugs[0])])

    expected = f"""Before.

{BEGIN}
| Id | Planted bug | Level | In | Killed by | Expected | Seeds | CPU s |
| --- | --- | --- | --- | --- | --- | --- | --- |
| ASSERTED | `asserted` | counter | `counting/counter.py` | nothing is lost | yes | 7 | 1.2 |
| LOST | `lost` | counter | `counting/counter.py` | not hunted: there was no time | NO | 0 | 0.0 |
| SURVIVOR | `survivor` | counter | `counting/counter.py` | nothing is lost | yes | 7 | 1.2 |

3 planted, 2 killed by a property expected to; 2 s of CPU time.
{END}

After.
"""
    assert expected == page


def test_what_is_hunted_again_is_renewed_and_the_rest_stays(bugs: tuple[PlantedBug, ...]) -> None:
    page = renew(EMPTY, bugs, [killed(bug) for bug in bugs])

    page = renew(page, bugs, [killed(bugs[1], seeds=2)])

    assert ["7", "2", "7"] == [cells[-2] for cells in rows_of(page)]


def test_the_row_of_what_is_no_longer_planted_goes(bugs: tuple[PlantedBug, ...]) -> None:
    page = renew(EMPTY, bugs, [])

    page = renew(page, bugs[1:], [])

    assert ["LOST", "SURVIVOR"] == [cells[0] for cells in rows_of(page)]


@pytest.mark.parametrize("page, missing", [("", BEGIN), (BEGIN, END), (END, BEGIN)])
def test_a_page_needs_both_marks(page: str, missing: str) -> None:
    with pytest.raises(NoMatrix, match=missing):
        renew(page, (), ())
