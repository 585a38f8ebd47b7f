"""`leto-sim replay`, as its users see it."""

from pathlib import Path

import pytest

from leto_sim.command_line import main
from leto_sim.course import Course
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import Scenario
from leto_sim.result import PropertyViolated
from leto_sim.scenario_files import SavedScenario, write_scenario

SHORT = ("--nodes", "3", "--events", "600")


@pytest.mark.parametrize("level", ["node", "server"])
def test_a_seed_is_shown_up_to_an_event(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = main(["replay", "6", "--level", level, "--until", "300", "--lines", "4", *SHORT])

    lines = capsys.readouterr().out.splitlines()
    assert 0 == exit_code
    assert ["event", "ms", "id1", "id2", "id3"] == lines[0].split()[:5]
    assert 6 == len(lines)
    assert "stopped after event 300; nothing is violated so far" == lines[-1]


def test_a_run_that_ends_before_that_event_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = main(["replay", "5", "--until", "1000000", *SHORT])

    assert 0 == exit_code
    assert "every property holds; the run ends with event " in capsys.readouterr().out


def test_a_node_tells_all_about_itself(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = main(["replay", "5", *SHORT, "--until", "300", "--node", "id2", "--node", "id1"])

    output = capsys.readouterr().out
    assert 0 == exit_code
    assert output.index("\nid2\n  role  ") < output.index("\nid1\n  role  ")
    assert 2 == output.count("on its disk")


def test_a_node_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = main(["replay", "5", *SHORT, "--until", "5", "--node", "id9"])

    assert 2 == exit_code
    assert (
        "leto-sim replay: there is no node id9; there are id1, id2, id3\n"
        == capsys.readouterr().err
    )


def test_a_file_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.toml"
    scenario = Scenario(seed=3, nodes=1, events_max=200)
    file.write_text(write_scenario(SavedScenario(level="node", scenario=scenario)))

    exit_code = main(["replay", str(file)])

    lines = capsys.readouterr().out.splitlines()
    assert 0 == exit_code
    assert ["event", "ms", "id1", "what"] == lines[0].split()


def test_a_violation_is_shown_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def complain(course: Course) -> None:
        raise PropertyViolated("the sun shines", "it does not")

    monkeypatch.setattr(NodeLevelRun, "_judge", complain)

    exit_code = main(["replay", "5", *SHORT])

    lines = capsys.readouterr().out.splitlines()
    assert 1 == exit_code
    assert lines[-2].startswith("VIOLATED: the sun shines (event ")
    assert "  it does not" == lines[-1]


@pytest.mark.parametrize("flag,value", [("level", "server"), ("nodes", "5"), ("events", "10000")])
def test_a_file_is_of_its_own_level_and_size(
    flag: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "small.toml"
    file.write_text(write_scenario(SavedScenario(level="node", scenario=Scenario(seed=3))))

    exit_code = main(["replay", str(file), f"--{flag}", value])

    assert 2 == exit_code
    assert (
        f"leto-sim replay: --{flag} is for a seed; {file} says so itself: change it there\n"
        == capsys.readouterr().err
    )


def test_neither_a_seed_nor_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["replay", "nowhere.toml"])
    assert "leto-sim replay: neither a seed nor a file: " in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"format = 7", b"\xff\xfe"])
def test_a_wrong_file_is_named(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(content)

    exit_code = main(["replay", str(file)])

    assert 2 == exit_code
    assert capsys.readouterr().err.startswith(f"leto-sim replay: {file}: ")
