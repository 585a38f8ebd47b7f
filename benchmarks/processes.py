"""Processes that are started, waited for and ended, and the time that all of it may take.

Responsible for leaving nothing behind: whatever ends a command - its end, Ctrl-C,
a failure, its own time limit - the processes that it started are gone afterwards.
"""

import contextlib
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import attrs

from benchmarks.client import HOST

# Below the ports that Linux lends to outgoing connections: nobody takes one while its node is down.
PORTS = range(20_000, 30_000)
TERMINATE_WITHIN_S = 5.0
POLL_S = 0.02


class Failure(Exception):
    """The measurement cannot go on; the message says why."""


@attrs.define(kw_only=True)
class Program:
    """A command line that can be started more than once. `start` and `end` write `process`."""

    name: str
    command: Sequence[str]
    log: Path  # of everything that it prints
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output is appended to the log."""
        with self.log.open("ab") as output:
            # In a group of its own, so that Ctrl-C reaches only us, and we end it in order.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self.process is not None, f"{self.name} has not been started"
        return self.process.pid

    def check_alive(self) -> None:
        """See that it still runs.

        Raises:
            Failure: it has ended by itself.
        """
        if self.process is not None and self.process.poll() is not None:
            raise Failure(f"{self.name} ended with {self.process.returncode}:\n{self.last_lines()}")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order; if it does not hear, end it all the same."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(TERMINATE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def last_lines(self, count: int = 10) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join(f"    {line}" for line in lines)

    def memory_bytes(self) -> int:
        """What it holds in memory now (resident)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens, chosen at random so that two commands seldom meet."""
    free: list[int] = []
    with contextlib.ExitStack() as held:
        while len(free) < count:
            probe = held.enter_context(socket.socket())
            port = random.choice(PORTS)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                free.append(port)
    return free


@contextlib.contextmanager
def time_limit(seconds: int) -> Generator[None]:
    """Raise `Failure` inside the block when it takes longer, or when somebody sends SIGTERM."""

    def give_up(number: int, _frame: FrameType | None) -> NoReturn:
        if number == signal.SIGALRM:
            raise Failure(f"not done within {seconds} s")
        sys.exit(128 + number)

    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def wait_until(what: str, holds: Callable[[], bool], *, within_s: float) -> None:
    """Ask again and again.

    Raises:
        Failure: it did not come true in time.
    """
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise Failure(f"after {within_s:g} s, not yet: {what}")
        time.sleep(POLL_S)
