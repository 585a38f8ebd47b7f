import pytest

from leto.server.peers.door import accept_both
from leto.server.switchboard import Endpoint
from leto.server.world import ConnectionAccepted, ConnectionId, Port

ACCEPTED = ConnectionAccepted(ConnectionId(1), Port.PEER, "127.0.0.1:1", "127.0.0.1:2")


class Room:
    """Remembers who came in, and what they said."""

    def __init__(self) -> None:
        self.heard: list[str | bytes | int] = []

    def accept(self, fact: ConnectionAccepted) -> Endpoint:
        assert ACCEPTED == fact
        return self

    def received(self, data: bytes) -> None:
        self.heard.append(data)

    def backlog(self, unsent_bytes: int) -> None:
        self.heard.append(unsent_bytes)

    def closed(self, reason: str) -> None:
        self.heard.append(reason)


@pytest.mark.parametrize(
    "pieces,nodes,people",
    [
        ([b"LR", b"..."], [b"LR", b"...", 7, "gone"], []),
        ([b"L", b"R..."], [b"LR...", 7, "gone"], []),
        ([b"LEAVE b\r\n"], [], [b"LEAVE b\r\n", 7, "gone"]),
        ([b"*", b"1\r\n"], [], [b"*1\r\n", 7, "gone"]),
        ([b"L"], [], []),
        ([], [], []),
    ],
)
def test_the_first_bytes_say_who_is_at_the_door(
    pieces: list[bytes], nodes: list[object], people: list[object]
) -> None:
    for_nodes, for_people = Room(), Room()
    door = accept_both(for_nodes.accept, for_people.accept)(ACCEPTED)

    for piece in pieces:
        door.received(piece)
    door.backlog(7)
    door.closed("gone")

    assert nodes == for_nodes.heard
    assert people == for_people.heard
