"""A server of the next minor version of the wire, as its peers see it.

Responsible for what such a version may do (`leto.wire.handshake`): it says its
version, adds fields at the end of every body, and sends frames of types that nobody
knows yet. The program itself is today's; only what it transmits to peers is rewritten.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from leto.raft.types import Micros
from leto.server import Server
from leto.server.world import (
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Fact,
    Order,
    Port,
    Transmit,
)
from leto.wire import WIRE_MINOR, Frame, FrameReader, Hello, decode, encode
from leto.wire.frames import encode_frame

FROM_THE_FUTURE: Final = 0xFFFE
"""A type of frame that this version does not know."""

_NEW_FIELDS: Final = b"\x00\x2a and what it is for"


class NewerServer:
    """Today's server, speaking tomorrow's dialect to its peers."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._peers: dict[ConnectionId, FrameReader] = {}

    @property
    def deadline(self) -> Micros | None:
        """The server's own."""
        return self._server.deadline

    def handle(self, fact: Fact, now: Micros, unix_ms: int) -> Sequence[Order]:
        """Let the server take it in, and rewrite what it says to peers."""
        match fact:
            case ConnectionAccepted(connection=connection, port=Port.PEER):
                self._peers[connection] = FrameReader()
            case ConnectionDialled(connection=connection):
                self._peers[connection] = FrameReader()
            case ConnectionClosed(connection=connection):
                self._peers.pop(connection, None)
            case _:
                pass
        return [self._translate(order) for order in self._server.handle(fact, now, unix_ms)]

    def _translate(self, order: Order) -> Order:
        if not isinstance(order, Transmit) or order.connection not in self._peers:
            return order
        reader = self._peers[order.connection]
        frames = reader.feed(order.data)
        if reader.error is not None:  # JOIN is asked for as clients ask: no frames there
            del self._peers[order.connection]
            return order
        return Transmit(order.connection, b"".join([_newer(frame) for frame in frames]))


def _newer(frame: Frame) -> bytes:
    """What the next version would say in this frame's place."""
    word = decode(frame)
    if isinstance(word, Hello):
        successor = encode(attrs.evolve(word, minor=WIRE_MINOR + 1))
        (frame,) = FrameReader().feed(successor)
    unknown = encode_frame(FROM_THE_FUTURE, [_NEW_FIELDS])
    return encode_frame(frame.type, [frame.body, _NEW_FIELDS]) + unknown
