"""One planted bug is hunted, in processes of their own."""

import time
from pathlib import Path

import pytest

from leto_sim.mutants.hunting import OWN_INVARIANTS, Outcome, hunt_bug
from leto_sim.mutants.planted import PlantingError, read_collection
from leto_sim.node_level.process import HEALTHY_CORE
from tests.support.counting import write_bugs, write_source


def hunted(tmp_path: Path, name: str, *, seeds: int | None = None, asserts: bool = True) -> Outcome:
    folder = write_source(tmp_path)
    write_bugs(folder)
    collection = read_collection(folder)
    (bug,) = (bug for bug in collection.bugs if bug.name == name)
    return hunt_bug(collection, bug, seeds=seeds, asserts=asserts)


def test_a_bug_is_killed_by_the_property_that_it_was_planted_for(tmp_path: Path) -> None:
    outcome = hunted(tmp_path, "lost")

    assert ("nothing is lost", 1, 2) == (
        outcome.finding.violated,
        outcome.finding.seed,
        outcome.finding.seeds,
    )
    assert (True, True, None) == (
        outcome.is_killed,
        outcome.is_expected,
        outcome.without_asserts,
    )


def test_a_bug_that_an_assertion_kills_is_hunted_without_it_too(tmp_path: Path) -> None:
    outcome = hunted(tmp_path, "asserted")

    assert HEALTHY_CORE == OWN_INVARIANTS == outcome.finding.violated
    assert outcome.without_asserts is not None
    assert "nothing is lost" == outcome.without_asserts.violated
    assert outcome.is_expected


def test_assertions_can_be_left_out_from_the_beginning(tmp_path: Path) -> None:
    outcome = hunted(tmp_path, "asserted", asserts=False)

    assert ("nothing is lost", None) == (outcome.finding.violated, outcome.without_asserts)


def test_a_bug_may_survive(tmp_path: Path) -> None:
    outcome = hunted(tmp_path, "survivor")

    assert (4, False, False) == (outcome.finding.seeds, outcome.is_killed, outcome.is_expected)


def test_a_bug_may_be_hunted_until_some_time(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    collection = read_collection(folder)

    lost = hunt_bug(collection, collection.bugs[1], ends_at=time.monotonic() + 60)
    late = hunt_bug(collection, collection.bugs[1], ends_at=time.monotonic() - 1)

    assert (True, True) == (lost.is_hunted, lost.is_killed)
    assert (False, False) == (late.is_hunted, late.is_killed)


def test_a_seed_that_is_red_without_the_bug_proves_nothing(tmp_path: Path) -> None:
    outcome = hunted(tmp_path, "survivor", seeds=10)

    assert (9, True) == (outcome.finding.seed, outcome.is_red_without_bug)
    assert not outcome.is_killed
    assert not outcome.is_expected


def test_a_hunt_that_cannot_begin_is_an_error(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    (tmp_path / "counting" / "run.py").write_text("import no_such_module\n")
    collection = read_collection(folder)

    with pytest.raises(PlantingError, match="the hunt itself failed"):
        hunt_bug(collection, collection.bugs[0])
