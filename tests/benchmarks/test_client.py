"""What redis-py says is sorted into done, refused and unknown; and it never sends twice."""

import contextlib
import socket
import threading
from collections.abc import Generator

import attrs
import pytest

from benchmarks.client import HOST, Client, NotSent, Refused, Unknown
from leto.resp import RequestParser

HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"


@attrs.define
class Node:
    """Answers SET with the same bytes each time, or hangs up; and counts them."""

    answer: bytes | None
    listener: socket.socket
    sets: int = 0

    @property
    def port(self) -> int:
        port = self.listener.getsockname()[1]
        assert isinstance(port, int)
        return port

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed when the test ends
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        parser = RequestParser()
        while chunk := connection.recv(65536):
            parser.feed(chunk)
            for request in parser.take(100):
                reply = self._reply(bytes(request[0]))
                if reply is None:
                    return
                connection.sendall(reply)

    def _reply(self, name: bytes) -> bytes | None:
        if name == b"SET":
            self.sets += 1
            return self.answer
        return HELLO if name == b"HELLO" else b"+OK\r\n"


@contextlib.contextmanager
def answering(answer: bytes | None) -> Generator[Node]:
    with socket.create_server((HOST, 0)) as listener:
        node = Node(answer, listener)
        thread = threading.Thread(target=node.serve, daemon=True)
        thread.start()
        yield node


def test_an_acknowledged_write_is_done() -> None:
    with answering(b"+OK\r\n") as node, Client(node.port) as client:
        reply = client.call("SET", "k", "v")

    assert reply


@pytest.mark.parametrize(
    "error",
    ["not leader 127.0.0.1:5379", "CLUSTERDOWN no leader", "LOADING from disk", "ERR syntax error"],
)
def test_an_answer_that_says_no_is_a_refusal(error: str) -> None:
    answer = f"-{error}\r\n".encode()

    with answering(answer) as node, Client(node.port) as client, pytest.raises(Refused):
        client.call("SET", "k", "v")

    assert 1 == node.sets


def test_an_answer_that_says_unknown_is_unknown() -> None:
    answer = b"-UNKNOWN the write may still be applied\r\n"

    with answering(answer) as node, Client(node.port) as client, pytest.raises(Unknown):
        client.call("SET", "k", "v")

    assert 1 == node.sets


def test_a_connection_that_closes_instead_of_answering_is_unknown_and_nothing_is_sent_again() -> (
    None
):
    with answering(None) as node, Client(node.port) as client, pytest.raises(Unknown):
        client.call("SET", "k", "v")

    assert 1 == node.sets


def test_silence_is_unknown() -> None:
    with answering(b"") as node, Client(node.port, timeout_s=0.1) as client, pytest.raises(Unknown):
        client.call("SET", "k", "v")

    assert 1 == node.sets


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotSent):
        Client(port)
