"""Each driver counts to twenty with three nodes, though the one that leads is killed half-way."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
DRIVERS = ("asyncio", "loop", "replicated", "threads", "trio")
LINES_MAX = 150
PATIENCE_S = 90  # it takes five seconds, on a machine that does nothing else


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_increment_is_lost_or_done_twice(driver: str) -> None:
    command = [sys.executable, "-W", "error", "-m", f"examples.counter_{driver}"]

    run = subprocess.run(
        command,
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert 0 == run.returncode, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout.endswith(" is back from its disk, and counts 20\n")


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_is_short_enough_to_read(driver: str) -> None:
    source = EXAMPLES / f"counter_{driver}.py"

    assert len(source.read_text().splitlines()) < LINES_MAX


def test_there_is_no_driver_that_no_test_runs() -> None:
    found = sorted(source.stem.removeprefix("counter_") for source in EXAMPLES.glob("counter_*.py"))

    assert list(DRIVERS) == found
