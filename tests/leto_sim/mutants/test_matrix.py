"""The kill matrix."""

import json
from pathlib import Path
from threading import Event

import pytest

from leto_sim.mutants.hunt import Finding
from leto_sim.mutants.hunting import OWN_INVARIANTS, Outcome
from leto_sim.mutants.matrix import (
    hunt_all,
    matrix_as_json,
    render_head,
    render_row,
    render_summary,
)
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


def test_each_outcome_comes_as_soon_as_it_is_known(bugs: tuple[PlantedBug, ...]) -> None:
    slow_may_end = Event()

    def hunt(bug: PlantedBug) -> Outcome:
        if bug is bugs[0]:
            slow_may_end.wait()
        return killed(bug)

    outcomes = hunt_all(bugs, hunt, jobs=2)
    early = [next(outcomes).bug, next(outcomes).bug]
    slow_may_end.set()

    assert list(bugs[1:]) == early
    assert [bugs[0]] == [outcome.bug for outcome in outcomes]


def test_a_hunt_that_fails_ends_all_of_them(bugs: tuple[PlantedBug, ...]) -> None:
    def fail(bug: PlantedBug) -> Outcome:
        raise PlantingError(bug.name)

    with pytest.raises(PlantingError):
        next(hunt_all(bugs, fail, jobs=1))


def test_the_table_says_what_killed_each(bugs: tuple[PlantedBug, ...]) -> None:
    outcomes = outcomes_of(bugs)

    table = "\n".join([render_head(), *map(render_row, outcomes), render_summary(outcomes, 3)])

    expected = """\
| Id | Planted bug | Level | In | Killed by | Expected | Seeds | CPU s |
| --- | --- | --- | --- | --- | --- | --- | --- |
| ASSERTED | `asserted` | counter | `counting/counter.py` | the core keeps its own invariants, \
then nothing is lost | yes | 2 + 9 | 0.5 + 2.0 |
| LOST | `lost` | counter | `counting/counter.py` | nothing is lost (as without the bug!) | NO | 7 | 1.2 |
| SURVIVOR | `survivor` | counter | `counting/counter.py` | survives | NO | 4 | 0.0 |
3 planted, 1 killed, 1 of them by a property expected to; 4 s of CPU time."""
    assert expected == table


def test_what_there_was_no_time_for_is_said(bugs: tuple[PlantedBug, ...]) -> None:
    late = Outcome(bug=bugs[2], finding=Finding(seeds=0, cpu_seconds=0.0))

    row, summary = render_row(late), render_summary([*outcomes_of(bugs)[:2], late], 3)

    assert "not hunted: there was no time | NO | 0" in row
    assert summary.startswith("3 planted, only 2 hunted, 1 killed")
    assert 2 == matrix_as_json([*outcomes_of(bugs)[:2], late], 3)["hunted"]


def test_the_matrix_is_ready_for_json(bugs: tuple[PlantedBug, ...]) -> None:
    matrix = json.loads(json.dumps(matrix_as_json(outcomes_of(bugs), 3)))

    assert (3, 1, 1) == (matrix["planted"], matrix["killed"], matrix["expected"])
    asserted, survivor = matrix["bugs"]["asserted"], matrix["bugs"]["survivor"]
    assert "nothing is lost" == asserted["without_asserts"]["killed_by"]
    assert (None, None, 4) == (
        survivor["without_asserts"],
        survivor["finding"]["killed_by"],
        survivor["finding"]["seeds"],
    )
