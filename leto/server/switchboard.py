"""Which part of the node serves which connection.

Responsible for connecting the world's connection ids with the objects behind
them: clients, links to peers, a joining node's conversation with a member. It
knows nothing of what they say.

Invariants:
    1. A connection has an endpoint from its first fact until `closed` was called
       on it or it was closed from this side; facts that arrive later are dropped.
"""

from collections.abc import Callable
from typing import Protocol

from leto.server.turn import Turn
from leto.server.world import (
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    Port,
)


class Endpoint(Protocol):
    """What is behind a connection."""

    def received(self, data: bytes) -> None:
        """Take in the next bytes."""
        ...

    def backlog(self, unsent_bytes: int) -> None:
        """Learn how much of what was transmitted has not left yet."""
        ...

    def closed(self, reason: str) -> None:
        """Learn that the other side, or the world, has ended the connection."""
        ...


class Caller(Protocol):
    """What wanted a connection."""

    def dialled(self, fact: ConnectionDialled) -> Endpoint:
        """The connection is there; what is behind it?"""
        ...

    def dial_failed(self, fact: DialFailed) -> None:
        """There is no connection."""
        ...


class Switchboard:
    """Every connection of the node, and every one that it is trying to open."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._endpoints: dict[ConnectionId, Endpoint] = {}
        self._callers: dict[DialId, Caller] = {}
        self._acceptors: dict[Port, Callable[[ConnectionAccepted], Endpoint]] = {}
        self._dials = 0

    def listen(self, port: Port, acceptor: Callable[[ConnectionAccepted], Endpoint]) -> None:
        """From now on `acceptor` makes the endpoints of what connects to `port`."""
        self._acceptors[port] = acceptor

    def dial(self, address: str, caller: Caller) -> DialId:
        """Open a connection for `caller`."""
        self._dials += 1
        dial = DialId(self._dials)
        self._callers[dial] = caller
        self._turn.order(Dial(dial, address))
        return dial

    def close(self, connection: ConnectionId, *, abort: bool = False) -> None:
        """End a connection from this side."""
        if self._endpoints.pop(connection, None) is not None:
            self._turn.order(Close(connection, abort))

    def accepted(self, fact: ConnectionAccepted) -> None:
        """Somebody connected; where nobody is at home yet, they are sent away."""
        acceptor = self._acceptors.get(fact.port)
        if acceptor is None:
            self._turn.order(Close(fact.connection, abort=True))
        else:
            self._endpoints[fact.connection] = acceptor(fact)

    def dialled(self, fact: ConnectionDialled) -> None:
        """A dial succeeded."""
        caller = self._callers.pop(fact.dial, None)
        if caller is None:
            self._turn.order(Close(fact.connection, abort=True))
        else:
            self._endpoints[fact.connection] = caller.dialled(fact)

    def dial_failed(self, fact: DialFailed) -> None:
        """A dial failed."""
        caller = self._callers.pop(fact.dial, None)
        if caller is not None:
            caller.dial_failed(fact)

    def received(self, connection: ConnectionId, data: bytes) -> None:
        """Bytes arrived."""
        endpoint = self._endpoints.get(connection)
        if endpoint is not None:
            endpoint.received(data)

    def backlog(self, connection: ConnectionId, unsent_bytes: int) -> None:
        """The world tells how much of a connection's output waits."""
        endpoint = self._endpoints.get(connection)
        if endpoint is not None:
            endpoint.backlog(unsent_bytes)

    def closed(self, fact: ConnectionClosed) -> None:
        """A connection ended."""
        endpoint = self._endpoints.pop(fact.connection, None)
        if endpoint is not None:
            endpoint.closed(fact.reason)
