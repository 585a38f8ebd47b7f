"""One node as its users meet it: a process with a port, a directory and signals."""

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from leto.resp import OK
from leto_adapters.processes import NodeProcess, wait_until


@pytest.fixture
def node(tmp_path: Path, free_ports: tuple[int, int]) -> Iterator[NodeProcess]:
    port, peer_port = free_ports
    flags = ["-id", "id1", "-raftdir", str(tmp_path / "id1")]
    flags += ["-listen", f"127.0.0.1:{port}", "-raftbind", f"127.0.0.1:{peer_port}"]
    node = NodeProcess("id1", tuple(flags), port, tmp_path / "id1.log")
    yield node
    if node.process is not None:
        node.kill()


def start(node: NodeProcess) -> None:
    node.start()
    assert wait_until(node.is_ready, within_s=20), node.log.read_text()


def test_founder_serves_alone_and_leads(node: NodeProcess) -> None:
    start(node)

    assert OK == node.ask("SET", "a", "b")
    assert b"b" == node.ask("GET", "a")
    assert node.is_leading()


def test_node_that_was_killed_has_kept_what_it_acknowledged(node: NodeProcess) -> None:
    start(node)
    for number in range(100):
        node.ask("SET", f"key {number}", "x" * number)

    node.kill()
    start(node)

    values = [node.ask("GET", f"key {number}") for number in range(100)]
    assert [b"x" * number for number in range(100)] == values


def test_node_may_be_killed_again_and_again(node: NodeProcess) -> None:
    for number in range(1, 4):
        start(node)

        assert number == node.ask("INCR", "starts")
        node.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_with_exit_code_0(node: NodeProcess, number: signal.Signals) -> None:
    start(node)
    node.ask("SET", "a", "b")

    node.signal(number)

    assert 0 == node.wait()
    start(node)
    assert b"b" == node.ask("GET", "a")


def test_second_process_on_the_same_directory_is_refused(node: NodeProcess, tmp_path: Path) -> None:
    start(node)
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in (first, second)]
    flags = (*node.flags[:4], f"-listen=127.0.0.1:{ports[0]}", f"-raftbind=127.0.0.1:{ports[1]}")
    other = NodeProcess("id1", flags, ports[0], tmp_path / "other.log")

    other.start()

    assert 4 == other.wait()
    assert node.process is not None
    assert f"is in use by process {node.process.pid};" in other.log.read_text()


def test_data_directory_of_another_name_is_refused(node: NodeProcess, tmp_path: Path) -> None:
    start(node)
    node.stop()
    renamed = NodeProcess("id9", ("-id", "id9", *node.flags[2:]), node.port, tmp_path / "9.log")

    renamed.start()

    assert 0 != renamed.wait()
    [line] = [line for line in renamed.log.read_text().splitlines() if line.startswith("leto: ")]
    assert "id1" in line
    assert "id9" in line


def test_where_nobody_is_nobody_is_ready(node: NodeProcess) -> None:
    assert not node.is_ready()
    assert not node.is_leading()


def test_node_that_does_not_stop_is_killed(
    node: NodeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(node)
    monkeypatch.setattr("leto_adapters.processes.STOP_WITHIN_S", 0.1)
    node.signal(signal.SIGSTOP)

    assert -signal.SIGKILL == node.stop()


def listen_and_hang_up(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(100)


def test_connection_closed_in_place_of_an_answer_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        node = NodeProcess("id1", (), other.getsockname()[1], tmp_path / "log")
        closer = threading.Thread(target=listen_and_hang_up, args=(other,))
        closer.start()

        with pytest.raises(ConnectionError, match="id1 closed the connection"):
            node.ask("PING")

        closer.join()


def test_waiting_ends_after_its_time() -> None:
    assert not wait_until(lambda: False, within_s=0.05)


# --- the clients that people have ----------------------------------------------------------


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py_works_unmodified(node: NodeProcess, protocol: int) -> None:
    start(node)
    with redis.Redis(port=node.port, protocol=protocol, decode_responses=True) as client:
        assert client.set("a", "b")
        assert client.get("a") == "b"
        assert client.get("missing") is None
        assert client.incr("n") == 1
        with pytest.raises(redis.ResponseError, match="value is not an integer"):
            client.incr("a")
        assert client.delete("a", "missing") == 1


def test_redis_py_pipelines(node: NodeProcess) -> None:
    start(node)
    with redis.Redis(port=node.port, decode_responses=True) as client:
        pipeline = client.pipeline(transaction=False)  # pyright: ignore[reportUnknownMemberType]
        for number in range(1000):
            pipeline.set(f"key {number}", number)
            pipeline.get(f"key {number}")

        replies = pipeline.execute()

    assert [reply for number in range(1000) for reply in (True, str(number))] == replies
