"""How far a long command has come."""

import io
import sys

import pytest

from leto_sim.commands import progress as progress_module
from leto_sim.commands.progress import progress


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self) -> bool:
        return True


def test_where_nobody_watches_there_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = iter((0.0, 20.0, 59.0, 60.0, 80.0, 121.0))
    monkeypatch.setattr("leto_sim.commands.progress.time.monotonic", lambda: next(seconds))

    with progress(100, "seed", done=10) as told:
        for number in range(5):
            told.step(f"{number} violations")

    assert (
        "13 of 100 seeds, 2 violations\n15 of 100 seeds, 4 violations\n" == capsys.readouterr().err
    )


def test_what_is_written_stays_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(100, "seed") as told:
        told.write("seed 3: log matching")

    assert "seed 3: log matching\n" == capsys.readouterr().err


def test_a_terminal_shows_a_bar_and_what_is_written_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with progress(4, "seed", done=1) as told:
        told.step("no violations")
        told.write("seed 3: log matching")

    shown = terminal.getvalue()
    assert "| 2/4 [" in shown
    assert "no violations" in shown
    assert "\rseed 3: log matching\n" in shown.replace(" \r", "\r")


def test_a_minute_is_not_too_often() -> None:
    assert 60 == progress_module.LINE_EVERY_SECONDS
