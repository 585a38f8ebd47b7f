"""`leto-sim`, as its users see it."""

import json
import os
import subprocess
import sys

import pytest

from leto_sim import command_line
from leto_sim.result import RunResult, Violation

RUN = ("run", "--seed", "5", "--events", "1500")


def run_in_a_process(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "leto_sim.command_line", *arguments],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_green_run_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = command_line.main(RUN)

    output = capsys.readouterr().out
    assert 0 == exit_code
    assert output.startswith("seed 5, node level: every property holds\nevents      ")


def test_json_has_these_keys_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    command_line.main([*RUN, "--json"])

    found = json.loads(capsys.readouterr().out)
    assert [
        "seed",
        "level",
        "events",
        "virtual_time_us",
        "elections",
        "commits",
        "digest",
        "violation",
    ] == list(found)
    assert (5, "node", None) == (found["seed"], found["level"], found["violation"])


def test_the_same_seed_gives_the_same_digest_in_any_process() -> None:
    one, other = (run_in_a_process(*RUN, "--json", hash_seed=seed) for seed in ("1", "2"))

    assert (0, "") == (one.returncode, one.stderr)
    assert one.stdout == other.stdout


def test_another_seed_gives_another_digest(capsys: pytest.CaptureFixture[str]) -> None:
    digests = set[str]()
    for seed in ("5", "6"):
        command_line.main(["run", "--seed", seed, "--events", "300", "--json"])
        digests.add(json.loads(capsys.readouterr().out)["digest"])

    assert 2 == len(digests)


@pytest.fixture
def violated(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(seed: int, nodes: int, events: int) -> RunResult:
        violation = Violation(
            property_name="log matching", explanation="it differs", event=events, time_us=5
        )
        return RunResult(
            seed=seed,
            level="node",
            events=events,
            virtual_time_us=5,
            elections=nodes,
            commits=0,
            digest="d",
            violation=violation,
        )

    def level_named(name: str) -> command_line.RunLevel:
        return run

    monkeypatch.setattr(command_line, "level_named", level_named)


@pytest.mark.usefixtures("violated")
def test_a_violation_is_shown_with_the_command_that_replays_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = command_line.main(["run", "--seed", "7", "--nodes", "5"])

    output = capsys.readouterr().out
    assert 1 == exit_code
    assert output.startswith("VIOLATED: log matching (event 10000)\n  it differs\n")
    assert "leto-sim run --seed 7 --level node --nodes 5 --events 10000" in output


@pytest.mark.usefixtures("violated")
def test_json_tells_what_was_violated(capsys: pytest.CaptureFixture[str]) -> None:
    command_line.main(["run", "--seed", "7", "--json"])

    found = json.loads(capsys.readouterr().out)["violation"]
    assert {
        "property": "log matching",
        "explanation": "it differs",
        "event": 10_000,
        "time_us": 5,
        "node": None,
    } == found


@pytest.mark.parametrize(
    "arguments,complaint",
    [
        ((), "the following arguments are required: run"),
        (("run",), "the following arguments are required: --seed"),
        (("run", "--seed", "x"), "argument --seed: invalid int value: 'x'"),
        (("run", "--seed", "1", "--nodes", "8"), "must be a number from 1 to 7, not '8'"),
        (("run", "--seed", "1", "--events", "0"), "must be a number from 1, not '0'"),
        (("run", "--seed", "1", "--level", "moon"), "invalid choice: 'moon'"),
        (("run", "--seed", "1", "--fast"), "unrecognized arguments: --fast"),
    ],
)
def test_a_wrong_command_line_gets_one_clear_line(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)

    errors = capsys.readouterr().err
    assert 2 == stopped.value.code
    assert complaint in errors
    assert 1 == errors.count("\n")


def test_the_command_line_is_read_from_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["leto-sim", "run", "--seed", "5", "--events", "1"])

    assert 0 == command_line.main()
    assert "seed 5" in capsys.readouterr().out
