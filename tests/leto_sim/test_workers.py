"""Processes that run seeds, and end when they are told to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leto_sim.workers import Workers, ended_as_interrupted

LONG_SECONDS = 600


def interrupt_yourself() -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


@pytest.mark.timeout(120)
def test_a_worker_is_another_process_and_hears_of_no_interrupt() -> None:
    workers = Workers(1)

    number = workers.submit(interrupt_yourself).result()
    workers.end()

    assert os.getpid() != number


@pytest.mark.timeout(120)
def test_the_end_waits_for_nothing_that_is_under_way() -> None:
    workers = Workers(1)
    started = time.monotonic()
    workers.submit(os.getpid).result()
    workers.submit(time.sleep, LONG_SECONDS)

    workers.end()
    workers.shutdown(wait=True)

    assert time.monotonic() - started < LONG_SECONDS / 10


@pytest.mark.timeout(120)
def test_a_worker_hears_of_no_interrupt_while_it_begins_either() -> None:
    workers = Workers(1)

    blocked = workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    workers.end()

    assert signal.SIGINT in blocked
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.timeout(120)
def test_the_end_is_quiet_though_much_was_cancelled(
    capfd: pytest.CaptureFixture[str],
) -> None:
    workers = Workers(1)
    workers.submit(os.getpid).result()
    waiting = [workers.submit(time.sleep, LONG_SECONDS) for _ in range(9)]
    for future in waiting:
        future.cancel()

    workers.end()
    workers.shutdown(wait=True)

    assert "" == capfd.readouterr().err


PARENT = """
import os, time
from leto_sim.workers import Workers

if __name__ == "__main__":
    workers = Workers(1)
    print(workers.submit(os.getpid).result(), flush=True)
    workers.submit(time.sleep, 600)
    time.sleep(600)
"""


@pytest.mark.timeout(120)
def test_a_worker_outlives_no_parent_however_that_ends(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    command = [sys.executable, str(program)]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=nowhere, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())

        parent.kill()

        assert "" == parent.stdout.read()  # which ends when nobody has it open any more
    assert has_ended(worker)


def has_ended(process: int) -> bool:
    """An orphan may stay for whoever adopted it to look at."""
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_who_is_asked_to_end_is_interrupted() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), ended_as_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)

    assert before == signal.getsignal(signal.SIGTERM)
