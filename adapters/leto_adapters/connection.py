"""One TCP connection: what asyncio reports of it, as facts.

Responsible for translating asyncio's callbacks into facts. The order in which facts are
handled is the runtime's business, and what the bytes mean is `leto.server`'s.
asyncio and uvloop set TCP_NODELAY themselves. uvloop starts to read once a connection was
announced, even one that was paused at its announcement; it can be paused from its first bytes.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import TypeAlias, cast

from leto.server.addresses import Address
from leto.server.world import (
    BytesReceived,
    Close,
    ConnectionClosed,
    ConnectionId,
    Fact,
    OutputBacklog,
    PauseReading,
    ResumeReading,
    Transmit,
)

Opened: TypeAlias = Callable[["Connection", str, str], None]
"""Told of a new connection with its local and its remote address."""

ConnectionOrder: TypeAlias = Transmit | PauseReading | ResumeReading | Close

SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


class Connection(asyncio.Protocol):
    """A connection, accepted or dialled, from its first callback to its last."""

    __slots__ = ("_opened", "_tell", "id", "transport")

    transport: asyncio.Transport

    def __init__(
        self, identity: ConnectionId, opened: Opened, tell: Callable[[Fact], None]
    ) -> None:
        self.id = identity
        self._opened = opened
        self._tell = tell

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open for business; the runtime says which fact that is."""
        self.transport = cast("asyncio.Transport", transport)  # a TCP socket's always is one
        # Whatever stays in asyncio's buffer at all is told to the server, which keeps the limits.
        self.transport.set_write_buffer_limits(high=0)
        opened: socket.socket = transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # finds clients that vanished
        self._opened(self, self._end("sockname"), self._end("peername"))

    def data_received(self, data: bytes) -> None:
        """Pass on what arrived."""
        self._tell(BytesReceived(self.id, data))

    def resume_writing(self) -> None:
        """Tell that the output has left; how much waits is told at each write."""
        self._tell(OutputBacklog(self.id, 0))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the end, in words for a log."""
        self._tell(ConnectionClosed(self.id, str(exc) if exc else "closed"))

    def perform(self, order: ConnectionOrder) -> None:
        """Do what the server wants of this connection."""
        match order:
            case Transmit(data=data):
                self._transmit(data)
            case PauseReading() if not self.transport.is_closing():
                self.transport.pause_reading()
            case ResumeReading() if not self.transport.is_closing():
                self.transport.resume_reading()
            case Close(abort=abort):
                self.close(abort=abort)
            case _:
                pass  # a connection that is closing reads no more

    def close(self, *, abort: bool) -> None:
        """End it, with or without what waits to be sent."""
        if abort:
            self.transport.abort()
        else:
            self.transport.close()

    def _transmit(self, data: bytes) -> None:
        """Send; tell what could not leave at once."""
        self.transport.write(data)
        unsent_bytes = self.transport.get_write_buffer_size()
        if unsent_bytes:
            self._tell(OutputBacklog(self.id, unsent_bytes))

    def _end(self, which: str) -> str:
        """One of the connection's two addresses, `host:port`; the other side may be gone."""
        address = cast("SocketAddress | None", self.transport.get_extra_info(which))
        return str(Address(address[0], address[1])) if address else "unknown:0"
