from pathlib import Path

import attrs
import pytest

from examples import peers
from examples.disk import Disk, found
from leto.raft.events import MessageReceived
from leto.raft.messages import TimeoutNow
from leto.wire import ClusterId, Hello, Ping, encode

MESSAGE = TimeoutNow(term=3)


@pytest.fixture
def hellos(tmp_path: Path) -> tuple[Hello, Hello]:
    found(tmp_path, {"a": "127.0.0.1:1", "b": "127.0.0.1:2"})
    return peers.hello(Disk(tmp_path / "a")), peers.hello(Disk(tmp_path / "b"))


def test_messages_come_from_whoever_said_hello(hellos: tuple[Hello, Hello]) -> None:
    ours, theirs = hellos
    inbox = peers.Inbox(ours)
    data = encode(theirs) + encode(Ping()) + encode(MESSAGE)

    received = [event for byte in data for event in inbox.feed(bytes((byte,)))]

    assert [MessageReceived(theirs.node_id, MESSAGE)] == received


def test_nobody_is_heard_before_saying_hello(hellos: tuple[Hello, Hello]) -> None:
    inbox = peers.Inbox(hellos[0])

    with pytest.raises(ConnectionError, match="hello"):
        inbox.feed(encode(MESSAGE))


def test_another_cluster_is_refused(hellos: tuple[Hello, Hello]) -> None:
    ours, theirs = hellos
    stranger = attrs.evolve(theirs, cluster_id=ClusterId(theirs.cluster_id ^ 1))

    with pytest.raises(ConnectionError, match="cluster"):
        peers.Inbox(ours).feed(encode(stranger))


def test_what_is_no_frame_ends_the_connection(hellos: tuple[Hello, Hello]) -> None:
    with pytest.raises(ConnectionError):
        peers.Inbox(hellos[0]).feed(b"GET / HTTP/1.1\r\n\r\n")
