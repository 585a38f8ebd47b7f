"""One stream to or from a peer: its bytes, and what is known of who is there.

Responsible for reading words out of what arrives and for collecting what is to be
transmitted. What a word leads to, and when a link ends, its keeper decides
(`leto.server.peers.links`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from leto.wire import FrameReader, Hello, Unreadable, Word, decode

if TYPE_CHECKING:
    from leto.raft.types import NodeId
    from leto.server.turn import Turn
    from leto.server.world import ConnectionId

Introduced: TypeAlias = Callable[[Hello | str], None]
"""Called with the Hello of whoever answered at an address, or with why nobody did."""


class Keeper(Protocol):
    """Who has all links."""

    @property
    def turn(self) -> Turn:
        """The call that is under way."""
        ...

    def take_in(self, link: Link, word: Word) -> bool:
        """Consider one word of a peer; False if that ended the link."""
        ...

    def drop(self, link: Link, reason: str) -> None:
        """End a link that is of no use."""
        ...

    def hung_up(self, link: Link, reason: str) -> None:
        """The other side has closed the link, or it broke."""
        ...


class Link:
    """One stream, ours or theirs."""

    def __init__(
        self,
        keeper: Keeper,
        connection: ConnectionId,
        remote: str,
        *,
        dialled: bool,
        expected: NodeId | None,
        introduced: Introduced | None,
    ) -> None:
        self.connection = connection
        self.remote = remote
        self.dialled = dialled
        self.expected = expected
        self.introduced = introduced
        self.hello: Hello | None = None  # theirs, once accepted: then the link is up
        self.since = self.heard_at = keeper.turn.now
        self.unsent_bytes = 0
        self.outgoing: list[bytes] = []
        self._keeper = keeper
        self._reader = FrameReader()

    def received(self, data: bytes) -> None:
        """Take in the next bytes."""
        self.heard_at = self._keeper.turn.now
        for frame in self._reader.feed(data):
            word = decode(frame)
            if isinstance(word, Unreadable):
                self._keeper.drop(self, word.reason)
                return
            if word is not None and not self._keeper.take_in(self, word):
                return
        if self._reader.error is not None:
            self._keeper.drop(self, self._reader.error)

    def backlog(self, unsent_bytes: int) -> None:
        """Learn how much output waits."""
        self.unsent_bytes = unsent_bytes

    def closed(self, reason: str) -> None:
        """The link is gone, and it was not we who ended it."""
        self._keeper.hung_up(self, reason)
