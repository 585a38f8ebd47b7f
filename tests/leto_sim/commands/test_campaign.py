"""`leto-sim campaign`, as its users see it."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from leto_sim.campaign import Campaign, Found, SeedOutcome, Tally, run_campaign
from leto_sim.campaign_files import save_state
from leto_sim.command_line import main
from leto_sim.commands import campaign

SMALL = ("campaign", "--seeds", "1..4", "--events", "200", "--nodes", "2", "--jobs", "1")


class Threads(ThreadPoolExecutor):
    """As `Workers`, but for what they are."""

    def end(self) -> None:
        self.shutdown(cancel_futures=True)


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without processes: they take a second to begin."""
    monkeypatch.setattr(campaign, "Workers", Threads)


def test_a_campaign_runs_in_processes_and_reports_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = main([*SMALL, "--json"])

    told = json.loads(capsys.readouterr().out)
    assert 0 == exit_code
    assert (4, 0, [], "node") == (
        told["seeds"],
        told["remaining_seeds"],
        told["violations"],
        told["level"],
    )
    assert told["events"] >= 800


@pytest.mark.usefixtures("in_threads")
def test_a_report_for_people_ends_with_what_never_occurred(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.json"

    exit_code = main([*SMALL, "--json", str(file)])

    output = capsys.readouterr().out
    assert 0 == exit_code
    assert output.startswith("4 seeds at node level, 0 violations\n")
    assert "     never  configuration rolled back" in output
    assert 4 == json.loads(file.read_text())["seeds"]


@pytest.mark.usefixtures("in_threads")
def test_what_never_occurred_may_be_a_failure() -> None:
    assert 1 == main([*SMALL, "--enforce-sometimes"])


@pytest.mark.usefixtures("in_threads")
def test_time_may_be_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10**9, 50))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))

    assert 0 == main([*SMALL, "--time", "90s"])


@pytest.mark.usefixtures("in_threads")
def test_an_interrupted_campaign_is_taken_up_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = tmp_path / "state.json"

    def interrupted(given: Campaign, executor: Executor, tally: Tally, **_: object) -> None:
        run_campaign(attrs.evolve(given, last_seed=2), executor, tally, jobs=1)
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign, "run_campaign", interrupted)
    first = main([*SMALL, "--state", str(state)])
    output = capsys.readouterr().out
    monkeypatch.setattr(campaign, "run_campaign", run_campaign)
    second = main([*SMALL, "--state", str(state)])

    assert (campaign.INTERRUPTED, 0) == (first, second)
    assert output.startswith("2 seeds")
    assert capsys.readouterr().out.startswith("4 seeds")


@pytest.mark.usefixtures("in_threads")
def test_a_violation_is_told_with_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def violated(campaign: Campaign, seed: int) -> SeedOutcome:
        found = Found(
            property_name="log matching",
            explanation="it differs",
            level="node",
            seed=seed,
            nodes=2,
            events_max=200,
        )
        return SeedOutcome(
            seed=seed,
            events=1,
            virtual_time_us=1,
            elections=0,
            commits=0,
            sometimes={},
            found=found if seed == 3 else None,
        )

    monkeypatch.setattr("leto_sim.campaign.run_one", violated)

    exit_code = main(SMALL)

    told = capsys.readouterr()
    assert 1 == exit_code
    assert "seed 3: log matching" in told.err
    assert (
        "VIOLATED: log matching (seed 3)\n"
        "  it differs\n"
        "  leto-sim replay 3 --level node --nodes 2 --events 200\n"
        "  leto-sim shrink 3 --level node --nodes 2 --events 200\n"
    ) in told.out


@pytest.mark.usefixtures("in_threads")
def test_a_failure_of_the_simulator_is_told_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise KeyError(7)

    monkeypatch.setattr("leto_sim.campaign.run_seed", stumble)
    file = tmp_path / "report.json"

    exit_code = main([*SMALL, "--seeds", "3", "--json", str(file)])

    told = capsys.readouterr().out
    assert 1 == exit_code
    assert (
        "FAILED: the simulator failed (seed 3)\n"
        "  KeyError: 7\n"
        "  leto-sim replay 3 --level node --nodes 2 --events 200\n"
        "    Traceback (most recent call last):\n"
    ) in told
    assert "raise KeyError(7)" in json.loads(file.read_text())["violations"][0]["traceback"]


@pytest.mark.usefixtures("in_threads")
def test_the_state_is_saved_now_and_then(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(campaign, "SAVE_EVERY_SECONDS", 0.0)
    saves: list[Path] = []

    def save(path: Path, given: Campaign, tally: Tally) -> None:
        saves.append(path)
        save_state(path, given, tally)

    monkeypatch.setattr(campaign, "save_state", save)

    main([*SMALL, "--state", str(tmp_path / "state.json")])

    assert len(saves) > 2


@pytest.mark.parametrize("flag", ["--state", "--json"])
@pytest.mark.parametrize(
    "file,complaint",
    [("nowhere/file", "there is no folder {folder}/nowhere"), ("", "{folder} is a folder")],
)
def test_what_cannot_be_written_is_told_before_the_work(
    flag: str,
    file: str,
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaign, "run_campaign", None)

    exit_code = main([*SMALL, flag, str(tmp_path / file)])

    assert 2 == exit_code
    told = complaint.format(folder=tmp_path)
    assert f"leto-sim campaign: {flag}: {told}\n" == capsys.readouterr().err


@pytest.mark.usefixtures("in_threads")
def test_what_cannot_be_written_in_the_end_does_not_hide_the_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = main([*SMALL, "--json", "/dev/full"])

    told = capsys.readouterr()
    assert 2 == exit_code
    assert told.out.startswith("4 seeds at node level, 0 violations\n")
    assert told.err.startswith("leto-sim campaign: --json: ")


def test_a_wrong_state_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("x")

    assert 2 == main([*SMALL, "--state", str(file)])
    assert f"{file} is not the state of a campaign" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag,value,complaint",
    [
        ("--seeds", "5..1", "must be A..B with A not above B, such as 1..1000, not '5..1'"),
        ("--seeds", "x", "must be A..B"),
        ("--seeds", "1..", "must be A..B"),
        ("--time", "10", "must be a time such as 90s, 10m or 1h, not '10'"),
        ("--time", "0s", "must be a time"),
        ("--jobs", "0", "must be a number from 1, not '0'"),
    ],
)
def test_wrong_flags_are_explained(
    flag: str, value: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*SMALL, flag, value])

    assert 2 == stopped.value.code
    assert complaint in capsys.readouterr().err


def test_one_seed_is_a_range_too() -> None:
    assert (7, 7) == campaign.seed_range("7")
    assert (7, 9) == campaign.seed_range("7..9")


def test_times_are_in_seconds() -> None:
    assert [90.0, 600.0, 3600.0] == [campaign.duration(text) for text in ("90s", "10m", "1h")]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("later_seconds", [0.0, 4.0])
def test_ctrl_c_at_any_moment_keeps_what_is_done_and_shows_no_traceback(
    later_seconds: float, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    flags = ("--seeds", "1..100000", "--events", "300", "--nodes", "2", "--state", str(state))
    process = subprocess.Popen(
        [sys.executable, "-m", "leto_sim.command_line", "campaign", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as a terminal gives it
    )
    while not Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text():
        time.sleep(0.01)  # the first process has not begun yet
    time.sleep(later_seconds)

    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)

    told = json.loads(state.read_text())
    done = sum(last - first + 1 for first, last in told["done"])
    assert (campaign.INTERRUPTED, "") == (process.returncode, errors)
    assert output.startswith(f"{done} seeds at node level, 0 violations\n")


@pytest.mark.timeout(180)
def test_the_time_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    flags = ("--seeds", "1..100000", "--events", "100000", "--state", str(state))

    assert 0 == main(["campaign", *flags, "--time", "3s", "--json", str(tmp_path / "report")])

    assert 3 <= json.loads((tmp_path / "report").read_text())["seconds"] < 15


class Dying(Threads):
    """Its processes die."""

    def submit(self, *_: object, **__: object) -> Future[SeedOutcome]:  # type: ignore[override]  # one function only
        future = Future[SeedOutcome]()
        future.set_exception(BrokenExecutor())
        return future


def test_processes_that_die_are_told_of_and_the_state_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "Workers", Dying)
    state = tmp_path / "state.json"

    assert 2 == main([*SMALL, "--state", str(state)])
    assert "a process has died" in capsys.readouterr().err
    assert [] == json.loads(state.read_text())["done"]
