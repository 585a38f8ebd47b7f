"""What the operating systems at both ends know of a connection between simulated processes.

Responsible for holding it; what becomes of it, and when, is decided by
`leto_sim.server_level.streams`, which writes all of it. A connection has two ends. Each
direction is a pipe: what its source could not send yet, what is under way, what waits
behind a blocked path, and what the target has not read yet.
"""

from collections import deque
from collections.abc import Callable

from leto.raft.types import Micros
from leto.server.world import ConnectionId, Fact
from leto_sim.server_level.paths import Path


class Sockets:
    """The open connections of one process, and the door through which it hears of them."""

    def __init__(self, host: str, tell: Callable[[Fact], None]) -> None:
        self.host = host
        self.tell = tell
        self.is_frozen = False  # the process is stopped: it reads nothing
        self.is_closed = False  # the process has ended
        self.ends: dict[ConnectionId, End] = {}
        self._last_connection = 0

    def open(self, end: "End") -> ConnectionId:
        """Give the connection its number in this process."""
        self._last_connection += 1
        connection = ConnectionId(self._last_connection)
        self.ends[connection] = end
        return connection


class Pipe:
    """One direction of a connection."""

    __slots__ = (
        "in_flight",
        "is_broken",
        "is_ending",
        "is_lost",
        "last_arrival",
        "path",
        "source",
        "target",
        "unsent",
        "waiting",
    )

    def __init__(self, source: "End", target: "End", path: Path, first_arrival: Micros) -> None:
        self.path = path
        self.source = source
        self.target = target
        self.unsent = bytearray()
        self.in_flight = 0  # bytes under way, waiting, or unread
        self.last_arrival = first_arrival
        self.waiting: deque[bytes] = deque()  # behind a blocked path
        self.is_lost = False  # with its source's host: what is under way is sent only once
        self.is_broken = False  # something was lost, so that nothing behind it arrives
        self.is_ending = False  # nothing is transmitted any more; what is unsent still leaves


class End:
    """One end of a connection."""

    __slots__ = (
        "connection",
        "incoming",
        "is_announced",
        "is_gone",
        "is_paused",
        "outgoing",
        "sockets",
        "unread",
    )

    incoming: Pipe
    outgoing: Pipe

    def __init__(self, sockets: Sockets) -> None:
        self.sockets = sockets
        self.connection = sockets.open(self)
        self.unread: deque[bytes] = deque()
        self.is_announced = True  # its owner knows of it
        self.is_paused = False
        self.is_gone = False

    @property
    def peer(self) -> "End":
        """The other end."""
        return self.outgoing.target
