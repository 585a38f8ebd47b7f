"""The transcript in the README of the program that Leto re-imagines, typed into Leto.

Sections 3.1 to 3.5, over real processes and Debian's redis-cli, interactive as there. Two things
are different on purpose: values are bulk strings, which redis-cli quotes, and `not leader`
is followed by the leader's address.

Our own addition: either survivor may lead, so both are asked.
"""

import os
import pty
import re
import select
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from leto_adapters.processes import NodeProcess, wait_until

pytestmark = pytest.mark.skipif(
    shutil.which("redis-cli") is None and "CI" not in os.environ,
    reason="redis-cli is not installed (Debian: apt-get install redis-tools)",
)

SEED_PORTS = (5379, 6379, 7379, 15379, 16379, 17379)

HELP = """\
Usage of leto:
  -id string
        node id
  -join string
        join to already exist cluster
  -listen string
        server listen address (default ":5379")
  -raftbind string
        raft bus transport bind address (default ":15379")
  -raftdir string
        raft data directory (default "./")
"""

FIRST = "-id id1 -raftdir ./id1"
SECOND = '-id id2 -raftdir ./id2 -listen ":6379" -raftbind ":16379" -join "127.0.0.1:5379"'
THIRD = '-id id3 -raftdir ./id3 -listen ":7379" -raftbind ":17379" -join "127.0.0.1:5379"'

REQUEST_FIRST_NODE = """\
127.0.0.1:5379> set a b
OK
127.0.0.1:5379> get a
"b"
127.0.0.1:5379> """

WRITE_TO_SECOND_NODE = """\
127.0.0.1:6379> get a
"b"
127.0.0.1:6379> set a b
(error) not leader 127.0.0.1:5379
127.0.0.1:6379> """

NEW_LEADER = """\
127.0.0.1:6379> get a
"b"
127.0.0.1:6379> set a b
OK
127.0.0.1:6379> """

OTHER_SURVIVOR = """\
127.0.0.1:7379> get a
"b"
127.0.0.1:7379> set a b
(error) not leader 127.0.0.1:6379
127.0.0.1:7379> """


def is_free(port: int) -> bool:
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def renumbered(text: str, ports: Mapping[int, int]) -> str:
    """A piece of the transcript with other ports."""
    return re.sub(r"\d{4,5}", lambda match: str(ports.get(int(match[0]), match[0])), text)


@pytest.fixture
def ports() -> Mapping[int, int]:
    """The seed's own ports, unless one of them is used on this machine."""
    ours = SEED_PORTS if all(map(is_free, SEED_PORTS)) else free_ports(len(SEED_PORTS))
    return dict(zip(SEED_PORTS, ours, strict=True))


@pytest.fixture
def start(
    ports: Mapping[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, int], NodeProcess]]:
    """Type a line of the transcript: the flags of a node that is found on a port of the seed's."""
    monkeypatch.chdir(tmp_path)
    started: list[NodeProcess] = []

    def start_node(line: str, port: int) -> NodeProcess:
        flags = shlex.split(renumbered(line, ports))
        if port == SEED_PORTS[0] != ports[port]:  # the transcript rests on the defaults here
            flags += ["-listen", f":{ports[5379]}", "-raftbind", f":{ports[15379]}"]
        node = NodeProcess(flags[1], tuple(flags), ports[port], tmp_path / f"{flags[1]}.log")
        node.start()
        started.append(node)
        assert wait_until(node.is_ready, within_s=20), node.log.read_text()
        return node

    yield start_node
    for node in started:
        node.kill()


class Terminal:
    """An interactive redis-cli, as a person sees it on a terminal without colours."""

    def __init__(self, port: int) -> None:
        self._prompt = f"127.0.0.1:{port}> ".encode()
        self._screen, cli_side = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "REDISCLI_HISTFILE": os.devnull}
        self._cli = subprocess.Popen(
            ["redis-cli", "-p", str(port)],
            stdin=cli_side,
            stdout=cli_side,
            stderr=cli_side,
            env=environment,
            start_new_session=True,
        )
        os.close(cli_side)

    def session(self, *commands: str) -> str:
        """Type commands, each when the prompt is there; all that the screen shows."""
        shown = self._read_to_prompt()
        for command in commands:
            os.write(self._screen, command.encode() + b"\n")
            shown += self._read_to_prompt()
        self._cli.kill()
        self._cli.wait()
        os.close(self._screen)
        return shown.replace(b"\r\n", b"\n").decode()

    def _read_to_prompt(self) -> bytes:
        shown = b""
        while not shown.endswith(self._prompt):
            readable, _, _ = select.select([self._screen], [], [], 10)
            assert readable, f"no prompt after {shown!r}"
            shown += os.read(self._screen, 4096)
        return shown


def test_3_1_help_is_the_seeds_with_our_flags_added() -> None:
    leto = [sys.executable, "-m", "leto_adapters.command_line", "-h"]

    printed = subprocess.run(leto, check=True, capture_output=True, text=True).stdout

    seeds = HELP.splitlines()
    assert seeds == [line for line in printed.splitlines() if line in seeds]


def test_3_2_to_3_5_from_the_first_node_to_the_death_of_the_leader(
    start: Callable[[str, int], NodeProcess], ports: Mapping[int, int]
) -> None:
    first = start(FIRST, 5379)
    second = start(SECOND, 6379)
    third = start(THIRD, 7379)

    written = Terminal(first.port).session("set a b", "get a")
    refused = Terminal(second.port).session("get a", "set a b")

    assert renumbered(REQUEST_FIRST_NODE, ports) == written
    assert renumbered(WRITE_TO_SECOND_NODE, ports) == refused

    first.stop()
    assert wait_until(lambda: second.is_leading() or third.is_leading(), within_s=20)
    leader, other = (second, third) if second.is_leading() else (third, second)
    assert wait_until(other.is_ready, within_s=20)

    accepted = Terminal(leader.port).session("get a", "set a b")
    still_refused = Terminal(other.port).session("get a", "set a b")

    survivors = {6379: leader.port, 7379: other.port}
    assert renumbered(NEW_LEADER, survivors) == accepted
    assert renumbered(OTHER_SURVIVOR, survivors) == still_refused


def test_redis_cli_prints_bare_values_where_no_terminal_reads_them(
    start: Callable[[str, int], NodeProcess],
) -> None:
    node = start(FIRST, 5379)
    cli = ["redis-cli", "-p", str(node.port)]

    printed = [
        subprocess.run([*cli, *command], check=True, capture_output=True, text=True).stdout
        for command in (["set", "a", "b"], ["get", "a"], ["get", "missing"], ["ping"])
    ]

    assert ["OK\n", "b\n", "\n", "PONG\n"] == printed


def test_the_tutorial_shows_what_is_tested_here() -> None:
    repository = Path(__file__).parents[2]
    tutorial = (repository / "docs/tutorial/a-cluster-in-ten-minutes.md").read_text()

    shown = [HELP, FIRST, SECOND, THIRD, REQUEST_FIRST_NODE, WRITE_TO_SECOND_NODE, NEW_LEADER]

    assert [] == [block for block in shown if block.rstrip() not in tutorial]
