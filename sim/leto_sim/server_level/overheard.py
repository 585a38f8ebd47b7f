"""What a server says to its peers, read from the bytes it transmits.

Responsible for finding Raft's messages in the streams between servers, and to whom each
is said, so that the checkers can hold them against the disk of whoever speaks. The
server's word for what it sent counts for nothing.
"""

from collections.abc import Iterator

import attrs

from leto.raft.actions import Send
from leto.raft.types import NodeId
from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Fact,
    Port,
    Transmit,
)
from leto.wire import FrameReader, Goodbye, Hello, Ping, Unreadable, decode


@attrs.define(eq=False)
class _Stream:
    """A connection that may be a link to a peer."""

    incoming: FrameReader | None = attrs.field(factory=FrameReader)  # None: nothing to learn there
    outgoing: FrameReader = attrs.field(factory=FrameReader)
    peer: NodeId | None = None  # once it has said who it is


class Overheard:
    """Follows the links of one server's life."""

    def __init__(self) -> None:
        self._streams: dict[ConnectionId, _Stream] = {}

    def told(self, fact: Fact) -> None:
        """The server is about to be told this."""
        match fact:
            case BytesReceived(connection=connection, data=data):
                stream = self._streams.get(connection)
                if stream is not None and stream.incoming is not None:
                    _learn_peer(stream, stream.incoming, data)
            case ConnectionAccepted(connection=connection, port=Port.PEER):
                self._streams[connection] = _Stream()
            case ConnectionDialled(connection=connection):
                self._streams[connection] = _Stream()
            case ConnectionClosed(connection=connection):
                self._streams.pop(connection, None)
            case _:
                pass

    def transmitted(self, order: Transmit) -> Iterator[Send]:
        """The messages that these bytes complete."""
        stream = self._streams.get(order.connection)
        if stream is None:
            return
        for frame in stream.outgoing.feed(order.data):
            word = decode(frame)
            if word is None or isinstance(word, Hello | Ping | Goodbye | Unreadable):
                continue
            assert stream.peer is not None, "no message is sent to whoever has not said Hello"
            yield Send(stream.peer, word)


def _learn_peer(stream: _Stream, incoming: FrameReader, data: bytes) -> None:
    """Read until the peer's first word: it is a Hello, or this is no link."""
    for frame in incoming.feed(data):
        word = decode(frame)
        stream.incoming = None
        if isinstance(word, Hello):
            stream.peer = word.node_id
        return
    if incoming.error is not None:  # JOIN is asked for, and answered, as clients do
        stream.incoming = None
