"""The call of `Server.handle` that is under way.

Responsible for what every part needs in such a call: what time it is, and where
orders go. One `Turn` serves all calls; each begins it anew.
"""

from leto.raft.types import Micros
from leto.server.world import Log, LogLevel, Order


def earliest(*times: Micros | None) -> Micros | None:
    """The earliest of these times; None if there is none."""
    first: Micros | None = None
    for time in times:
        if time is not None and (first is None or time < first):
            first = time
    return first


class Turn:
    """The time of this call, and the orders that it has given so far."""

    __slots__ = ("_orders", "now", "unix_ms")

    def __init__(self) -> None:
        self.now: Micros = 0
        self.unix_ms = 0
        self._orders: list[Order] = []

    def begin(self, now: Micros, unix_ms: int) -> None:
        """Start a call."""
        self.now = now
        self.unix_ms = unix_ms

    def order(self, order: Order) -> None:
        """Give an order."""
        self._orders.append(order)

    def info(self, event: str, **fields: str | int) -> None:
        """Tell the operator what happened."""
        self._log(LogLevel.INFO, event, fields)

    def warn(self, event: str, **fields: str | int) -> None:
        """Tell the operator what may need their attention."""
        self._log(LogLevel.WARNING, event, fields)

    def error(self, event: str, **fields: str | int) -> None:
        """Tell the operator what needs their attention."""
        self._log(LogLevel.ERROR, event, fields)

    def take(self) -> list[Order]:
        """The orders of this call, which ends with it."""
        orders = self._orders
        self._orders = []
        return orders

    def _log(self, level: LogLevel, event: str, fields: dict[str, str | int]) -> None:
        self._orders.append(Log(level, event, tuple(fields.items())))
