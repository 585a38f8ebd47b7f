"""The planted bugs fit the code: whoever moves code mends the bugs planted in it."""

from pathlib import Path

import pytest

from leto_sim.mutants.page import rows_of
from leto_sim.mutants.planted import Collection, read_collection

TESTS = Path(__file__).parents[1]
MUTANTS, SURVIVORS = read_collection(TESTS / "mutants"), read_collection(TESTS / "survivors")
BOTH = pytest.mark.parametrize(
    "collection", [MUTANTS, SURVIVORS], ids=["those that die", "those that live"]
)


@BOTH
def test_every_text_to_be_replaced_occurs_once(collection: Collection) -> None:
    assert [] == collection.misfits()


@BOTH
def test_every_planted_bug_is_python(collection: Collection) -> None:
    for bug in collection.bugs:
        texts = {
            file: (collection.root / file).read_text(encoding="utf-8") for file in bug.planted_in
        }
        for change in bug.description.replacements:
            texts[change.file] = texts[change.file].replace(change.old, change.new)
        for file, text in texts.items():
            compile(text, file, "exec")


def test_ids_and_names_are_unique() -> None:
    bugs = (*MUTANTS.bugs, *SURVIVORS.bugs)

    assert len(bugs) == len({bug.description.id for bug in bugs}) == len({bug.name for bug in bugs})


def test_the_kill_matrix_has_a_row_for_each_and_no_other() -> None:
    page = (TESTS.parent / "docs" / "explanation" / "planted-bugs.md").read_text(encoding="utf-8")
    expected = [[bug.description.id, f"`{bug.name}`"] for bug in MUTANTS.bugs]

    assert expected == [cells[:2] for cells in rows_of(page)], (
        "leto-sim mutants --only ID --markdown docs/explanation/planted-bugs.md"
    )
