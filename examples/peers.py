"""What the examples' nodes say to each other, as bytes: a greeting, then Raft's messages.

Each node dials each other one, and sends on the connections that it dialled; so whatever arrives
came on a connection that the other side dialled. A message may be lost: Raft repeats.
"""

import socket

from examples.disk import Disk
from leto.raft.configuration import Member
from leto.raft.events import MessageReceived
from leto.raft.node import Node
from leto.wire import FrameReader, Goodbye, Hello, Ping, Unreadable, decode, encode, judge_hello


def hello(disk: Disk) -> Hello:
    """What a node says first on each connection."""
    return Hello(
        cluster_id=disk.cluster_id,
        node_id=disk.restored.node_id,
        name=disk.name,
        incarnation=disk.restored.incarnation,
        peer_address="",
        client_address="",
        blank=False,
    )


def greeting(disk: Disk) -> bytes:
    """The same as bytes."""
    return encode(hello(disk))


def others(raft: Node) -> list[Member]:
    """The members of the cluster beside this node; the log knows them and their addresses."""
    status = raft.status
    return [m for m in status.configuration.members if m.node_id != status.node_id]


def where(raft: Node) -> tuple[str, int]:
    """The host and port at which this node listens."""
    me = raft.status.configuration.member(raft.status.node_id)
    assert me is not None, "it was founded as a member"
    return host_and_port(me)


def is_leading(raft: Node) -> bool:
    """Whether this node leads, as far as it knows."""
    return raft.status.leader == raft.status.node_id


def host_and_port(member: Member) -> tuple[str, int]:
    """Where a member listens."""
    host, _, port = member.address.rpartition(":")
    return host, int(port)


def free_address() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Inbox:
    """Turns the bytes of one incoming connection into events."""

    def __init__(self, ours: Hello) -> None:
        self._ours = ours
        self._theirs: Hello | None = None
        self._frames = FrameReader()

    def feed(self, data: bytes) -> list[MessageReceived]:
        """The messages that these bytes complete.

        Raises:
            ConnectionError: this is nobody to talk to; close the connection.
        """
        received: list[MessageReceived] = []
        for frame in self._frames.feed(data):
            word = decode(frame)
            match word:
                case Hello():
                    self._meet(word)
                case Unreadable(reason=reason):
                    raise ConnectionError(reason)
                case Ping() | Goodbye() | None:
                    pass
                case _ if self._theirs is not None:
                    received.append(MessageReceived(self._theirs.node_id, word))
                case _:
                    raise ConnectionError("it did not say hello first")
        if self._frames.error is not None:
            raise ConnectionError(self._frames.error)
        return received

    def _meet(self, theirs: Hello) -> None:
        objection = judge_hello(self._ours, theirs, expected_cluster=self._ours.cluster_id)
        if objection is not None:
            raise ConnectionError(objection)
        self._theirs = theirs
