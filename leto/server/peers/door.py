"""Somebody has connected to a port that serves nodes and people alike: who is it?

Responsible for that question alone, which their first bytes answer, and for being in the way
no more once it is answered.
"""

from collections.abc import Callable
from typing import TypeAlias

from leto.server.switchboard import Endpoint
from leto.server.world import ConnectionAccepted
from leto.wire import FRAME_MARK

Acceptor: TypeAlias = Callable[[ConnectionAccepted], Endpoint]


def accept_both(nodes: Acceptor, people: Acceptor) -> Acceptor:
    """Accept whoever connects, and have them served by whom they turn out to want."""
    return lambda fact: Door(fact, nodes, people)


class Door:
    """A connection until it is clear who speaks, and what stands for it then."""

    def __init__(self, fact: ConnectionAccepted, nodes: Acceptor, people: Acceptor) -> None:
        self._fact = fact
        self._nodes = nodes
        self._people = people
        self._heard = b""
        self._inside: Endpoint | None = None

    def received(self, data: bytes) -> None:
        """Let them in once it is clear who they are."""
        if self._inside is None:
            self._heard += data
            if len(self._heard) < len(FRAME_MARK):
                return
            is_node = self._heard.startswith(FRAME_MARK)
            self._inside = (self._nodes if is_node else self._people)(self._fact)
            data = self._heard
        self._inside.received(data)

    def backlog(self, unsent_bytes: int) -> None:
        """Pass on how much output waits."""
        if self._inside is not None:
            self._inside.backlog(unsent_bytes)

    def closed(self, reason: str) -> None:
        """Pass on that they are gone."""
        if self._inside is not None:
            self._inside.closed(reason)
