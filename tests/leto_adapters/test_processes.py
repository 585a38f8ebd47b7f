"""One node as its users meet it: a process with a port, a directory and signals."""

import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from leto.resp import OK
from leto_adapters.processes import NodeProcess, wait_until
from tests.support.real_nodes import LOCALHOST, start

if TYPE_CHECKING:
    from tests.support.real_nodes import NewNode


@pytest.fixture
def node(new_node: "NewNode") -> NodeProcess:
    """A node that has not been started."""
    return new_node("id1")


@pytest.fixture(scope="module")
def served(new_node: "NewNode") -> NodeProcess:
    """A node that serves, alone; it is shared, so nobody may stop it."""
    node = new_node("id1")
    start(node)
    return node


def test_founder_serves_alone_and_leads(served: NodeProcess) -> None:
    assert OK == served.ask("SET", "founder", "alone")
    assert b"alone" == served.ask("GET", "founder")
    assert served.is_leading()


def test_node_that_is_killed_again_and_again_keeps_what_it_acknowledged(node: NodeProcess) -> None:
    written: dict[str, bytes] = {}
    for life in range(1, 4):
        start(node)

        assert life == node.ask("INCR", "lives")
        assert written == {key: node.ask("GET", key) for key in written}
        for number in range(50):
            value = f"{number} in life {life}"
            assert OK == node.ask("SET", f"key {number}", value)
            written[f"key {number}"] = value.encode()
        node.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_with_exit_code_0(node: NodeProcess, number: signal.Signals) -> None:
    start(node)
    node.ask("SET", "a", "b")

    node.signal(number)

    assert 0 == node.wait()
    assert "bug" not in node.log.read_text()


def last_words(node: NodeProcess) -> str:
    """The one line in which a process says why it ended."""
    [line] = [line for line in node.log.read_text().splitlines() if line.startswith("leto: ")]
    return line


def test_second_process_on_the_same_directory_is_refused(
    served: NodeProcess, new_node: "NewNode"
) -> None:
    assert served.process is not None
    other = new_node("id1", raftdir=served.flags[3])

    other.start()

    assert 4 == other.wait()
    assert f"is in use by process {served.process.pid};" in last_words(other)


def test_data_directory_of_another_name_is_refused(node: NodeProcess, new_node: "NewNode") -> None:
    start(node)
    node.stop()
    renamed = new_node("id9", raftdir=node.flags[3])

    renamed.start()

    assert 4 == renamed.wait()
    assert "id1" in last_words(renamed)
    assert "id9" in last_words(renamed)


def test_damaged_log_is_refused_with_its_place(node: NodeProcess) -> None:
    start(node)
    for number in range(20):
        node.ask("SET", f"key {number}", "value")
    node.stop()
    [segment, *_] = sorted(Path(node.flags[3]).glob("*wal*"))
    data = bytearray(segment.read_bytes())
    data[data.index(b"key 3")] ^= 1
    segment.write_bytes(data)

    node.start()

    assert 4 == node.wait()
    assert segment.name in last_words(node)


def test_files_of_others_are_left_alone(node: NodeProcess) -> None:
    directory = Path(node.flags[3])
    directory.mkdir()
    (directory / "notes.txt").write_text("mine")

    start(node)

    assert "mine" == (directory / "notes.txt").read_text()


def test_joiner_says_that_it_tries_again_and_gets_in_when_somebody_is_there(
    node: NodeProcess, new_node: "NewNode"
) -> None:
    joiner = new_node("id2", "-join", f"127.0.0.1:{node.port}")

    joiner.start()

    assert wait_until(lambda: joiner.log.read_text().count("Connection refused") > 1, within_s=20)
    start(node)
    assert wait_until(joiner.is_ready, within_s=20), joiner.log.read_text()


def test_joiner_with_a_taken_name_is_refused_with_the_remedy(
    served: NodeProcess, new_node: "NewNode"
) -> None:
    joiner = new_node("id1", "-join", f"127.0.0.1:{served.port}")

    joiner.start()

    assert 5 == joiner.wait()
    assert "LEAVE id1 first" in last_words(joiner)


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
    with socket.create_server(LOCALHOST) as other:
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
def test_redis_py_works_unmodified(served: NodeProcess, protocol: int) -> None:
    key, number = f"key of {protocol}", f"number of {protocol}"
    with redis.Redis(port=served.port, protocol=protocol, decode_responses=True) as client:
        assert client.set(key, "b")
        assert client.get(key) == "b"
        assert client.get("missing") is None
        assert client.incr(number) == 1
        with pytest.raises(redis.ResponseError, match="value is not an integer"):
            client.incr(key)
        assert client.delete(key, "missing") == 1


def test_redis_py_pipelines(served: NodeProcess) -> None:
    with redis.Redis(port=served.port, decode_responses=True) as client:
        pipeline = client.pipeline(transaction=False)  # pyright: ignore[reportUnknownMemberType]
        for number in range(1000):
            pipeline.set(f"key {number}", number)
            pipeline.get(f"key {number}")

        replies = pipeline.execute()

    assert [reply for number in range(1000) for reply in (True, str(number))] == replies
