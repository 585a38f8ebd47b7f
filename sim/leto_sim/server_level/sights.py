"""What is read on one connection never goes back.

Responsible for keys that are only ever SET, as clients are shown them by one server: however
stale its answers may be (READONLY), its state machine only moves forwards, and a connection's
commands are carried out one after the other. What different clients see in which order is
judged by their history (`leto_sim.lincheck`).
"""

from collections.abc import Callable
from re import compile as pattern
from typing import Final

from leto.resp import Reply
from leto.server.world import ConnectionId
from leto_sim.result import PropertyViolated

FORWARDS: Final = "reads on one connection go forwards"
ONLY_SET: Final = b"o"
"""What the names of these keys begin with."""

_TOKEN: Final = pattern(rb"<[a-z0-9.]+>")
_NOWHERE: Final = -1


class Sights:
    """What the clients of one server's life have seen."""

    def __init__(self, name: str, place_of: Callable[[bytes], int | None]) -> None:
        self._name = name
        self._place_of = place_of  # in the log, of the token that a value begins with
        self._seen: dict[tuple[ConnectionId, bytes], int] = {}  # how far, of which key

    def shown(self, connection: ConnectionId, key: bytes, reply: Reply) -> None:
        """The server has answered a GET of that key; whatever it has applied is in the log."""
        if not isinstance(reply, bytes | None):
            return
        found = None if reply is None else _TOKEN.match(reply)
        place = _NOWHERE if found is None else self._place_of(found.group())
        if place is None:
            return  # of what is in no log others complain
        before = self._seen.get((connection, key), _NOWHERE)
        if place < before:
            raise PropertyViolated(
                FORWARDS,
                f"{self._name} shows {reply!r} as {key!r}, behind something later",
                node=self._name,
            )
        self._seen[connection, key] = place
