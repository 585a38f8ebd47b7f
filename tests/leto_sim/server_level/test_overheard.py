"""What a server says to its peers is read from its bytes."""

import pytest

from leto.raft.actions import Send
from leto.raft.messages import AppendEntriesResponse, ReadIndex, TimeoutNow
from leto.raft.types import NodeId
from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    DialId,
    Fact,
    Port,
    Transmit,
)
from leto.wire import ClusterId, Goodbye, GoodbyeCode, Hello, Ping, encode
from leto_sim.server_level.overheard import Overheard

LINK = ConnectionId(7)
PEER = NodeId(3)
ACCEPTED = ConnectionAccepted(LINK, Port.PEER, "here", "there")
DIALLED = ConnectionDialled(DialId(1), LINK, "here", "there")
HELLO = encode(
    Hello(
        cluster_id=ClusterId(1),
        node_id=PEER,
        name="id3",
        incarnation=1,
        peer_address="10.0.0.3:15379",
        client_address="10.0.0.3:5379",
        blank=False,
    )
)
APPENDED = AppendEntriesResponse(term=2, round=5, match_index=9)


def said(overheard: Overheard, data: bytes) -> list[Send]:
    return list(overheard.transmitted(Transmit(LINK, data)))


@pytest.mark.parametrize("link", [ACCEPTED, DIALLED], ids=["accepted", "dialled"])
def test_messages_are_read_with_whom_they_are_for(link: Fact) -> None:
    overheard = Overheard()
    overheard.told(link)
    overheard.told(BytesReceived(LINK, HELLO + encode(Ping())))
    overheard.told(BytesReceived(LINK, encode(Ping())))

    assert [Send(PEER, APPENDED)] == said(overheard, encode(APPENDED))


def test_messages_may_be_cut_anywhere() -> None:
    overheard = Overheard()
    overheard.told(ACCEPTED)
    for byte in HELLO:
        overheard.told(BytesReceived(LINK, bytes([byte])))
    data = encode(APPENDED) + encode(TimeoutNow(term=2))

    found = [send for byte in data for send in said(overheard, bytes([byte]))]

    assert [Send(PEER, APPENDED), Send(PEER, TimeoutNow(term=2))] == found


def test_what_is_no_message_of_raft_is_passed_over() -> None:
    overheard = Overheard()
    overheard.told(DIALLED)

    assert [] == said(overheard, HELLO + encode(Ping()) + encode(Goodbye(GoodbyeCode.OTHER, "")))


def test_other_connections_are_not_listened_to() -> None:
    overheard = Overheard()
    overheard.told(ConnectionAccepted(LINK, Port.CLIENT, "here", "there"))
    overheard.told(BytesReceived(LINK, b"*1\r\n$4\r\nPING\r\n"))

    assert [] == said(overheard, encode(ReadIndex(term=1, read=1)))


def test_joining_as_clients_do_is_no_link() -> None:
    overheard = Overheard()
    overheard.told(DIALLED)
    overheard.told(BytesReceived(LINK, b"-not leader 10.0.0.1:5379\r\n"))
    overheard.told(BytesReceived(LINK, b"+OK\r\n"))

    assert [] == said(overheard, b"*2\r\n$4\r\nJOIN\r\n$3\r\nid2\r\n")


def test_a_link_that_has_ended_is_forgotten() -> None:
    overheard = Overheard()
    overheard.told(ACCEPTED)
    overheard.told(ConnectionClosed(LINK, "reset"))

    assert [] == said(overheard, encode(APPENDED))
