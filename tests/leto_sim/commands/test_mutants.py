"""`leto-sim mutants`, as its users see it."""

import json
from pathlib import Path

import pytest

from leto_sim import command_line
from leto_sim.mutants.hunting import Outcome, hunt_bug
from leto_sim.mutants.page import BEGIN, END, rows_of
from leto_sim.mutants.planted import Collection, PlantedBug
from tests.support.counting import write_bugs, write_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_source(tmp_path)
    write_bugs(folder)
    return folder


def mutants(*arguments: str) -> int:
    return command_line.main(["mutants", *arguments])


def test_bugs_that_are_killed_as_expected_end_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = mutants("--directory", str(folder), "--only", "LOST", "asserted", "--jobs", "2")

    assert 0 == exit_code
    assert "2 planted, 2 killed, 2 of them by a property expected to" in capsys.readouterr().out


def test_a_bug_that_survives_does_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = mutants("--directory", str(folder), "--only", "survivor", "--seeds", "2", "--json")

    matrix = json.loads(capsys.readouterr().out)
    assert (1, 0, 2) == (
        exit_code,
        matrix["killed"],
        matrix["bugs"]["survivor"]["finding"]["seeds"],
    )


def test_report_and_page_are_written_beside_the_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, page = tmp_path / "report.json", tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")

    exit_code = mutants(
        *("--directory", str(folder), "--only", "lost"),
        *("--json", str(report), "--markdown", str(page)),
    )

    assert (0, 1) == (exit_code, json.loads(report.read_text())["killed"])
    assert ["NO", "yes", "NO"] == [cells[-3] for cells in rows_of(page.read_text())]
    assert "| LOST | `lost` |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "flag, name, reason",
    [
        ("--json", "no/report.json", "there is no folder"),
        ("--markdown", "no/page.md", "there is no folder"),
        ("--markdown", "missing.md", "no such file"),
        ("--markdown", "bugs/lost.toml", "there is no '<!--"),
    ],
)
def test_a_place_that_nothing_can_be_written_to_is_one_line(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flag: str,
    name: str,
    reason: str,
) -> None:
    exit_code = mutants("--directory", str(folder), "--only", "lost", flag, str(tmp_path / name))

    assert 2 == exit_code
    assert reason in capsys.readouterr().err


def test_an_interrupted_hunt_shows_what_it_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hunt_lost(
        collection: Collection, bug: PlantedBug, *, seeds: int, asserts: bool, ends_at: float
    ) -> Outcome:
        if bug.name == "survivor":
            raise KeyboardInterrupt
        return hunt_bug(collection, bug, seeds=seeds, asserts=asserts, ends_at=ends_at)

    monkeypatch.setattr("leto_sim.commands.mutants.hunt_bug", hunt_lost)

    exit_code = mutants("--directory", str(folder), "--only", "lost", "survivor")

    printed = capsys.readouterr().out
    assert 130 == exit_code
    assert "| LOST | `lost` |" in printed
    assert "2 planted, only 1 hunted, 1 killed" in printed


@pytest.mark.parametrize("flag", ["--time", "--time-each"])
def test_the_time_of_a_hunt_may_be_bounded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    def hunt_later(
        collection: Collection, bug: PlantedBug, *, seeds: int, asserts: bool, ends_at: float
    ) -> Outcome:
        return hunt_bug(collection, bug, seeds=seeds, asserts=asserts, ends_at=ends_at - 60)

    monkeypatch.setattr("leto_sim.commands.mutants.hunt_bug", hunt_later)

    exit_code = mutants("--directory", str(folder), flag, "1m")

    assert 1 == exit_code
    assert "3 planted, only 0 hunted, 0 killed" in capsys.readouterr().out


def test_it_lists_what_is_planted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = mutants("--directory", str(folder), "--list", "--level", "counter")

    assert 0 == exit_code
    assert "LOST  counter lost: A bug." in capsys.readouterr().out


def test_the_bugs_of_the_working_copy_are_found_from_any_folder_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests").mkdir()
    folder = write_source(tmp_path)
    write_bugs(folder)
    folder.rename(tmp_path / "tests" / "mutants")
    monkeypatch.chdir(tmp_path / "counting")

    exit_code = mutants("--list")

    assert 0 == exit_code
    assert 3 == len(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("--only", "nobody"), "no planted bug is called nobody"),
        (("--level", "node"), "no planted bug is left"),
    ],
)
def test_bugs_that_do_not_exist_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    exit_code = mutants("--directory", str(folder), *arguments)

    assert 2 == exit_code
    assert reason in capsys.readouterr().err


def test_outside_a_working_copy_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    exit_code = mutants()

    assert 2 == exit_code
    assert "belong to a working copy of the source" in capsys.readouterr().err
