"""Planted bugs are read from a folder, and planted in a copy."""

from pathlib import Path

import pytest

from leto_sim.mutants.planted import PlantingError, read_collection
from tests.support.counting import write_bug, write_bugs, write_source


def test_bugs_are_read_by_name_with_the_settings_of_their_level(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)

    collection = read_collection(folder)

    assert tmp_path == collection.root
    assert ["asserted", "lost", "survivor"] == [bug.name for bug in collection.bugs]
    bug = collection.bugs[0]
    assert ("ASSERTED", (1, 3), 10, 4) == (
        bug.description.id,
        bug.level.nodes,
        bug.level.events,
        bug.level.seeds,
    )
    assert ("counting/counter.py",) == bug.planted_in


def test_a_bug_may_have_nodes_and_events_of_its_own(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    file = folder / "lost.toml"
    file.write_text("nodes = [5]\nevents = 20\n" + file.read_text())

    lost = read_collection(folder).bugs[1]

    assert ((5,), 20) == (lost.level.nodes, lost.level.events)


def test_a_bug_is_planted_in_a_copy(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    collection = read_collection(folder)

    collection.plant(collection.bugs[0], tmp_path / "copy")

    assert "count += 2" in (tmp_path / "copy" / "counting" / "counter.py").read_text()
    assert "count += 1" in (tmp_path / "counting" / "counter.py").read_text()


@pytest.mark.parametrize("old, count", [("no such text", 0), ("count", 7)])
def test_a_text_that_does_not_occur_once_is_an_error(tmp_path: Path, old: str, count: int) -> None:
    folder = write_source(tmp_path)
    write_bug(folder, "moved", old, "")
    collection = read_collection(folder)

    with pytest.raises(PlantingError, match=f"moved: a text occurs {count} times"):
        collection.plant(collection.bugs[0], tmp_path / "copy")


def test_what_does_not_fit_is_known_without_planting(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    assert [] == read_collection(folder).misfits()
    write_bug(folder, "moved", "no such text", "")

    misfits = read_collection(folder).misfits()

    assert ["moved: a text occurs 0 times in counting/counter.py, not once"] == misfits


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    file = folder / "lost.toml"
    file.write_text(file.read_text().replace("counter.py", "gone.py"))
    collection = read_collection(folder)

    with pytest.raises(PlantingError, match=r"lost: there is no counting/gone\.py"):
        collection.plant(collection.bugs[1], tmp_path / "copy")


def test_a_folder_without_settings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlantingError, match=r"has no settings\.toml"):
        read_collection(tmp_path)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("id = ", "Invalid value"),
        ("id = 'X'", "required field missing"),
        ("surprise = 1", "extra fields found"),
    ],
)
def test_a_file_that_is_no_bug_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    folder = write_source(tmp_path)
    (folder / "bad.toml").write_text(text)

    with pytest.raises(PlantingError, match=f"bad.toml: .*{reason}"):
        read_collection(folder)


def test_a_level_without_settings_is_an_error(tmp_path: Path) -> None:
    folder = write_source(tmp_path)
    write_bugs(folder)
    file = folder / "lost.toml"
    file.write_text(file.read_text().replace('"counter"', '"cluster"'))

    with pytest.raises(PlantingError, match="no level 'cluster'"):
        read_collection(folder)
