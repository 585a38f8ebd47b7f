"""`leto-sim shrink` and what it leaves, shown with a planted bug."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leto_sim.command_line import main
from leto_sim.course import AnyScenario, Course
from leto_sim.levels import Level
from leto_sim.mutants.planted import read_collection
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.result import PropertyViolated
from leto_sim.scenario_files import read_scenario
from leto_sim.shrinking import Shrunk, shrink

TESTS = Path(__file__).parents[2]
LINES_MAX = 20


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """An environment in which entries are applied before they are durable here."""
    collection = read_collection(TESTS / "mutants")
    (bug,) = (bug for bug in collection.bugs if bug.name.endswith("applied_before_durable"))
    collection.plant(bug, tmp_path / "broken")
    paths = (tmp_path / "broken", TESTS.parent / "sim")
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}


def run(
    environment: dict[str, str], *arguments: str, cwd: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_planted_bug_becomes_a_few_lines_and_a_test_that_fails_while_it_is_there(
    broken: dict[str, str], tmp_path: Path
) -> None:
    file, test = tmp_path / "small.toml", tmp_path / "test_small.py"
    simulator = "leto_sim.command_line"
    seed = next(
        seed
        for seed in map(str, range(1, 60))
        if run(broken, simulator, "run", "--seed", seed, cwd=tmp_path).returncode == 1
    )

    shrunk = run(
        broken,
        simulator,
        *("shrink", seed, "--time", "1m", "--attempts", "600"),
        *("--output", str(file), "--pytest", str(test)),
        cwd=tmp_path,
    )

    small = read_scenario(file.read_text())
    assert 1 == shrunk.returncode, shrunk.stderr
    assert file.read_text() in shrunk.stdout
    assert len(file.read_text().splitlines()) <= LINES_MAX
    assert small.scenario.events_max < 10_000
    assert 1 == run(broken, simulator, "replay", str(file), cwd=tmp_path).returncode
    assert 0 == main(["replay", str(file)])  # without the bug
    pytest_options = ("-q", "-p", "no:cacheprovider", str(test))
    failed = run(broken, "pytest", *pytest_options, cwd=tmp_path)
    passed = run(dict(os.environ), "pytest", *pytest_options, cwd=tmp_path)
    assert (1, 0) == (failed.returncode, passed.returncode), failed.stdout + passed.stdout
    assert str(small.violates) in failed.stdout


def test_what_violates_nothing_cannot_be_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["shrink", "5", "--events", "300"])
    assert "nothing to shrink: every property holds" in capsys.readouterr().err


@pytest.fixture
def gloomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run violates something in the end."""

    def complain(course: Course) -> None:
        raise PropertyViolated("the sun shines", "it does not")

    monkeypatch.setattr(NodeLevelRun, "_judge", complain)


SMALL = ("shrink", "5", "--events", "300", "--nodes", "1")


@pytest.mark.usefixtures("gloomy")
def test_an_interrupt_ends_the_search_with_what_it_has_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(
        level: Level,
        scenario: AnyScenario,
        property_name: str,
        *,
        is_over: Callable[[int], bool],
        on_attempt: Callable[[AnyScenario], object],
    ) -> Shrunk:
        os.kill(os.getpid(), signal.SIGINT)
        return shrink(level, scenario, property_name, is_over=is_over, on_attempt=on_attempt)

    monkeypatch.setattr("leto_sim.commands.shrink.shrink", interrupted)
    before = signal.getsignal(signal.SIGINT)

    exit_code = main(SMALL)

    output = capsys.readouterr().out
    assert 1 == exit_code
    assert 'violates = "the sun shines"' in output
    assert "1 attempt, there may be a smaller one" in output
    assert before is signal.getsignal(signal.SIGINT)


@pytest.mark.usefixtures("gloomy")
def test_a_second_interrupt_ends_it_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("leto_sim.commands.shrink.shrink", interrupted)

    assert 130 == main(SMALL)


@pytest.mark.parametrize("flag", ["--output", "--pytest"])
def test_what_cannot_be_written_is_told_before_the_search(
    flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main([*SMALL, flag, str(tmp_path)])
    assert f"leto-sim shrink: {flag}: {tmp_path} is a folder\n" == capsys.readouterr().err
