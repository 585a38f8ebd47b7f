"""The planted bugs fit the code: whoever moves code mends the bugs planted in it."""

from pathlib import Path

from leto_sim.mutants.planted import read_collection

COLLECTION = read_collection(Path(__file__).parents[1] / "mutants")


def test_every_text_to_be_replaced_occurs_once() -> None:
    assert [] == COLLECTION.misfits()


def test_every_planted_bug_is_python() -> None:
    for bug in COLLECTION.bugs:
        texts = {
            file: (COLLECTION.root / file).read_text(encoding="utf-8") for file in bug.planted_in
        }
        for change in bug.description.replacements:
            texts[change.file] = texts[change.file].replace(change.old, change.new)
        for file, text in texts.items():
            compile(text, file, "exec")
