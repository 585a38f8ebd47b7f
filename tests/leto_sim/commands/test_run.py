"""`leto-sim run`, as its users see it."""

import json

import pytest

from leto_sim import command_line
from leto_sim.commands import run
from leto_sim.levels import Level
from leto_sim.result import RunResult, Violation

RUN = ("run", "--seed", "5", "--events", "1500")


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


def test_another_seed_gives_another_digest(capsys: pytest.CaptureFixture[str]) -> None:
    digests = set[str]()
    for seed in ("5", "6"):
        command_line.main(["run", "--seed", seed, "--events", "300", "--json"])
        digests.add(json.loads(capsys.readouterr().out)["digest"])

    assert 2 == len(digests)


@pytest.fixture
def violated(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_seed(level: Level, seed: int, *, nodes: int | None, events_max: int) -> RunResult:
        violation = Violation(
            property_name="log matching", explanation="it differs", event=events_max, time_us=5
        )
        return RunResult(
            seed=seed,
            level="node",
            events=events_max,
            virtual_time_us=5,
            elections=nodes or 0,
            commits=0,
            digest="d",
            violation=violation,
        )

    monkeypatch.setattr(run, "run_seed", run_seed)


@pytest.mark.usefixtures("violated")
def test_a_violation_is_shown_with_the_command_that_replays_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = command_line.main(["run", "--seed", "7", "--nodes", "5"])

    output = capsys.readouterr().out
    assert 1 == exit_code
    assert output.startswith("VIOLATED: log matching (event 10000)\n  it differs\n")
    assert "leto-sim replay 7 --level node --nodes 5 --events 10000" in output


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
