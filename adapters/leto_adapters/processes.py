"""A `leto` as a child process: started, asked, stopped or killed from outside.

Responsible for what the demo and the tests over real processes share. It knows a node
as its users do: flags, a port that speaks RESP, a log, signals and an exit code.
"""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import attrs

from leto.resp import ErrorReply, Reply, ReplyParser, encode_request

ANSWER_WITHIN_S = 6.0  # a node answers within 4 s, if only that it could not
LOOK_WITHIN_S = 1.0  # for whoever asks again anyway
STOP_WITHIN_S = 10.0


@attrs.define
class NodeProcess:
    """One node: what it is started with, and its process while it has one."""

    name: str
    flags: tuple[str, ...]
    port: int  # of clients, on 127.0.0.1
    log: Path  # what it prints is appended to it
    process: subprocess.Popen[bytes] | None = None  # written by start

    _VOTER: ClassVar = rb"member\d+:name=%b,.*role=voter"

    def start(self) -> None:
        """Start it; that it runs says nothing yet about whether it serves."""
        command = [sys.executable, "-m", "leto_adapters.command_line", *self.flags]
        with self.log.open("ab") as log:
            # In a group of its own, so that Ctrl-C reaches only whoever started it.
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter, and flags
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal ended it."""
        assert self.process is not None, "started"
        return self.process.poll()

    def ask(self, *arguments: str, within_s: float = ANSWER_WITHIN_S) -> Reply:
        """Send one command and take its reply.

        Raises:
            OSError: nobody listens, or nothing came.
        """
        parser = ReplyParser()
        with socket.create_connection(("127.0.0.1", self.port), within_s) as connection:
            connection.sendall(encode_request([argument.encode() for argument in arguments]))
            while not (replies := parser.take(1)):
                data = connection.recv(65_536)
                if not data:
                    raise ConnectionError(f"{self.name} closed the connection")
                parser.feed(data)
        return replies[0]

    def is_ready(self) -> bool:
        """Whether it is a voter of a cluster that has a leader, and answers current reads."""
        try:
            raft = self.ask("INFO", "raft", within_s=LOOK_WITHIN_S)
            value = self.ask("GET", "is it ready", within_s=LOOK_WITHIN_S)
        except OSError:
            return False
        is_voter = isinstance(raft, bytes) and re.search(self._VOTER % self.name.encode(), raft)
        return bool(is_voter) and not isinstance(value, ErrorReply)

    def is_leading(self) -> bool:
        """Whether it takes itself for the leader."""
        try:
            role = self.ask("ROLE", within_s=LOOK_WITHIN_S)
        except OSError:
            return False
        return isinstance(role, tuple) and role[:1] == (b"master",)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        assert self.process is not None, "started"
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end, which is forced if it takes too long; the exit code."""
        assert self.process is not None, "started"
        try:
            return self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def stop(self) -> int:
        """Stop it as an operator does; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()


def wait_until(condition: Callable[[], bool], within_s: float) -> bool:
    """Look again and again; whether it became true in time."""
    patience_ends = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > patience_ends:
            return False
        time.sleep(0.02)
    return True
