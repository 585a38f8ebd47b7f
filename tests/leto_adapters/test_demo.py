"""The demo, as somebody who has just cloned the repository meets it."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from leto.resp import OK
from leto_adapters.demo import PEER_PORT_OFFSET
from leto_adapters.processes import NodeProcess, wait_until

RUN_DEMO = """
import sys
from pathlib import Path
from leto_adapters.demo import Demo
sys.exit(Demo(Path("demo-data"), [int(port) for port in sys.argv[1:]]).run())
"""


class RunningDemo:
    """A demo in a process, and the screen that it writes on."""

    def __init__(self, path: Path, ports: list[int]) -> None:
        self.nodes = [
            NodeProcess(f"id{number}", (), port, path / f"demo-data/id{number}.log")
            for number, port in enumerate(ports, start=1)
        ]
        self._screen = path / "screen"
        with self._screen.open("wb") as screen:
            command = [sys.executable, "-c", RUN_DEMO, *map(str, ports)]
            self.process = subprocess.Popen(command, cwd=path, stdout=screen, stderr=screen)

    @property
    def screen(self) -> str:
        return self._screen.read_text()

    def shows(self, text: str) -> bool:
        return wait_until(lambda: text in self.screen, within_s=60)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


Start: TypeAlias = Callable[[], RunningDemo]


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture
def ports() -> list[int]:
    candidates = range(20_000, 30_000, 7)
    free = (port for port in candidates if is_free(port) and is_free(port + PEER_PORT_OFFSET))
    return [next(free) for _ in range(3)]


@pytest.fixture
def start(tmp_path: Path, ports: list[int]) -> Iterator[Start]:
    started: list[RunningDemo] = []

    def start_demo() -> RunningDemo:
        started.append(RunningDemo(tmp_path, ports))
        return started[-1]

    yield start_demo
    for demo in started:
        if demo.process.poll() is None:
            demo.end()


def test_three_nodes_serve_stop_and_find_their_data_again(start: Start) -> None:
    demo = start()
    assert demo.shows("The cluster is ready."), demo.screen
    assert all(f"redis-cli -p {node.port} " in demo.screen for node in demo.nodes)
    [leader] = [node for node in demo.nodes if node.is_leading()]
    assert leader.ask("SET", "a", "b") == OK

    assert 0 == demo.end()

    assert demo.screen.endswith("stopped; the data stays in demo-data\n")
    again = start()
    assert again.shows("The cluster is ready."), again.screen
    assert [b"b"] * 3 == [node.ask("GET", "a") for node in again.nodes]
    assert 0 == again.end(signal.SIGTERM)


def test_killed_leader_is_reported_with_the_line_that_starts_it_again(start: Start) -> None:
    demo = start()
    assert demo.shows("The cluster is ready."), demo.screen
    [killed] = re.findall(r"# (id\d), leader, process (\d+)", demo.screen)

    subprocess.run(["kill", "-9", killed[1]], check=True)

    assert demo.shows(f"{killed[0]} has ended (exit code -9)")
    assert re.search(rf"/leto -id {killed[0]} -raftdir demo-data/{killed[0]} ", demo.screen)
    survivors = [node for node in demo.nodes if node.name != killed[0]]
    assert wait_until(lambda: any(node.is_leading() for node in survivors), within_s=20)
    assert 0 == demo.end()


def test_used_port_is_named(start: Start, ports: list[int]) -> None:
    with socket.create_server(("127.0.0.1", ports[1])):
        demo = start()

        assert 3 == demo.process.wait(20)

    assert f"127.0.0.1:{ports[1]} is used by another process" in demo.screen
    assert 1 == len(demo.screen.splitlines())


def test_interrupted_start_leaves_nothing_behind(start: Start) -> None:
    demo = start()
    assert demo.shows("starting 3 nodes")

    assert 0 == demo.end()

    assert not any(node.is_ready() for node in demo.nodes)


def test_node_that_cannot_start_ends_the_demo_with_its_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "demo-data").mkdir()
    (tmp_path / "demo-data" / "id1").touch()

    demo = start()

    assert 1 == demo.process.wait(30)
    assert "id1 | leto: cannot use the data directory demo-data/id1: it is a file" in demo.screen
