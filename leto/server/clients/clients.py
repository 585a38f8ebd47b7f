"""All clients of this node.

Responsible for making a connection out of what the world accepts, for the turn's
end, at which replies leave, and for counting. What clients want is the router's
business.
"""

from collections.abc import Callable
from typing import Final

from leto.raft.types import Micros
from leto.resp import Request
from leto.server.clients.connections import ClientConnection
from leto.server.clients.slots import ReadSlot
from leto.server.settings import Limits
from leto.server.switchboard import Endpoint, Switchboard
from leto.server.turn import Turn
from leto.server.world import ConnectionAccepted, ConnectionId

_WARNED_EVERY_US: Final = 1_000_000


class Clients:
    """The clients' connections.

    Args:
        serve: takes in requests.
        read: does the reads of a slot whose turn has come, up to so many bytes of replies;
            False if they must wait.
    """

    def __init__(
        self,
        turn: Turn,
        switchboard: Switchboard,
        limits: Limits,
        *,
        serve: Callable[[ClientConnection, list[Request]], None],
        read: Callable[[ReadSlot, int], bool],
    ) -> None:
        self._turn = turn
        self._switchboard = switchboard
        self._limits = limits
        self._serve = serve
        self._read = read
        self._connections: dict[ConnectionId, ClientConnection] = {}
        self._touched: list[ClientConnection] = []
        self._held_back: list[ClientConnection] = []
        self._warn_at: Micros = 0
        self.accepted_count = 0
        self.request_count = 0

    def __len__(self) -> int:
        return len(self._connections)

    def accept(self, fact: ConnectionAccepted) -> Endpoint:
        """A client connected."""
        self.accepted_count += 1
        connection = ClientConnection(fact, self, self._turn, self._limits)
        self._connections[fact.connection] = connection
        return connection

    @property
    def deadline(self) -> Micros | None:
        """When to go on with those that are held back: at once, but in another turn."""
        return self._turn.now if self._held_back else None

    def go_on(self) -> None:
        """Another turn: who was held back in the last one may go on."""
        held_back, self._held_back = self._held_back, []
        for connection in held_back:
            connection.go_on()

    def flush(self) -> bool:
        """Send every reply that is due. Whether anything was done."""
        if not self._touched:
            return False
        touched, self._touched = self._touched, []
        for connection in touched:
            connection.flush()
        return True

    # --- what connections ask for ------------------------------------------------

    def touch(self, connection: ClientConnection) -> None:
        """Have it flushed before the end of the turn."""
        self._touched.append(connection)

    def serve(self, connection: ClientConnection, requests: list[Request]) -> None:
        """Take in requests."""
        self.request_count += len(requests)
        self._serve(connection, requests)

    def read(self, slot: ReadSlot, bytes_max: int) -> bool:
        """Do the reads of a slot whose turn has come, up to so many bytes of replies."""
        return self._read(slot, bytes_max)

    def hold_back(self, connection: ClientConnection) -> None:
        """Have it go on in the next turn."""
        self._held_back.append(connection)

    def forget(self, connection: ClientConnection) -> None:
        """It has hung up."""
        self._connections.pop(connection.id, None)

    def warn_of(self, connection: ClientConnection, violation: str) -> None:
        """It has left the protocol: tell the operator, but not of each of many."""
        if self._turn.now >= self._warn_at:
            self._warn_at = self._turn.now + _WARNED_EVERY_US
            self._turn.warn("client left the protocol", client=connection.remote, reason=violation)

    def hang_up(self, connection: ClientConnection, reason: str | None) -> None:
        """Close it: politely, or for a `reason` at once."""
        if reason is not None:
            self._turn.warn("client dropped", client=connection.remote, reason=reason)
            connection.abandon()
        self.forget(connection)
        self._switchboard.close(connection.id, abort=reason is not None)
