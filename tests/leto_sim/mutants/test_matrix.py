"""The kill matrix."""

import json
from pathlib import Path

import pytest

from leto_sim.mutants.hunt import Finding
from leto_sim.mutants.hunting import OWN_INVARIANTS, Outcome
from leto_sim.mutants.matrix import hunt_all, matrix_as_json, render_matrix
from leto_sim.mutants.planted import PlantedBug, PlantingError, read_collection
from tests.support.counting import write_bugs, write_source


@pytest.fixture
def bugs(tmp_path: Path) -> tuple[PlantedBug, ...]:
    folder = write_source(tmp_path)
    write_bugs(folder)
    return read_collection(folder).bugs


def killed(bug: PlantedBug, by: str = "nothing is lost") -> Outcome:
    finding = Finding(seeds=7, cpu_seconds=1.25, violated=by, explanation="5 of 6", seed=6, nodes=3)
    return Outcome(bug=bug, finding=finding)


def outcomes_of(bugs: tuple[PlantedBug, ...]) -> list[Outcome]:
    asserted, lost, survivor = bugs
    later = Finding(seeds=9, cpu_seconds=2.0, violated="nothing is lost")
    finding = Finding(seeds=2, cpu_seconds=0.5, violated=OWN_INVARIANTS)
    return [
        Outcome(bug=asserted, finding=finding, without_asserts=later),
        Outcome(bug=lost, finding=killed(lost).finding, is_red_without_bug=True),
        Outcome(bug=survivor, finding=Finding(seeds=4, cpu_seconds=0.0)),
    ]


def test_outcomes_come_in_the_order_of_the_bugs(bugs: tuple[PlantedBug, ...]) -> None:
    told: list[Outcome] = []

    outcomes = hunt_all(bugs, killed, jobs=2, on_outcome=told.append)

    assert list(bugs) == [outcome.bug for outcome in outcomes]
    assert len(bugs) == len(told)


def test_a_hunt_that_fails_ends_all_of_them(bugs: tuple[PlantedBug, ...]) -> None:
    def fail(bug: PlantedBug) -> Outcome:
        raise PlantingError(bug.name)

    with pytest.raises(PlantingError):
        hunt_all(bugs, fail, jobs=1, on_outcome=lambda _: None)


def test_the_table_says_what_killed_each(bugs: tuple[PlantedBug, ...]) -> None:
    table = render_matrix(outcomes_of(bugs))

    expected = """\
| Id | Planted bug | In | Killed by | Expected | Seeds | CPU s |
| --- | --- | --- | --- | --- | --- | --- |
| ASSERTED | `asserted` | `counting/counter.py` | the core keeps its own invariants, \
then nothing is lost | yes | 2 + 9 | 0.5 + 2.0 |
| LOST | `lost` | `counting/counter.py` | nothing is lost (as without the bug!) | NO | 7 | 1.2 |
| SURVIVOR | `survivor` | `counting/counter.py` | survives | NO | 4 | 0.0 |

3 planted, 1 killed, 1 of them by a property expected to; 4 s of CPU time."""
    assert expected == table


def test_the_matrix_is_ready_for_json(bugs: tuple[PlantedBug, ...]) -> None:
    matrix = json.loads(json.dumps(matrix_as_json(outcomes_of(bugs))))

    assert (3, 1, 1) == (matrix["planted"], matrix["killed"], matrix["expected"])
    asserted, survivor = matrix["bugs"]["asserted"], matrix["bugs"]["survivor"]
    assert "nothing is lost" == asserted["without_asserts"]["killed_by"]
    assert (None, None, 4) == (
        survivor["without_asserts"],
        survivor["finding"]["killed_by"],
        survivor["finding"]["seeds"],
    )
