"""Nobody waits longer for a reply than a server's limits say.

Responsible for counting, at a server's own sockets, what each client has asked and been
answered; for noticing an answer that is overdue, and for telling what it is shown of keys
that expire or are only ever set, and whom it is told to have left. What a client sends beyond the limit of unanswered commands or bytes waits
unread: its time begins when there is room for it. While a client does not read its
replies, nothing that it asks is overdue.
"""

from collections import deque
from typing import Final

import attrs

from leto.raft.types import Micros
from leto.resp import ErrorReply, Reply, ReplyParser, Request, RequestParser
from leto.server import Limits
from leto.server.clients.errors import NO_READ, UNKNOWN
from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    Fact,
    OutputBacklog,
    Port,
    Transmit,
)
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

PUNCTUAL: Final = "no answer is late"
SLACK_PARTS: Final = 100  # timers fire a little late, and clocks do not run alike
_ALL: Final = 1 << 30
_SHOWN: Final = (b"p", b"o")  # what the names of keys begin with that others look at

_GIVING_UP: Final = (UNKNOWN, NO_READ)
_QUIT: Final = (b"QUIT",)


@attrs.frozen(eq=False)
class Told:
    """A client is answered what others hold against the log."""

    connection: ConnectionId
    request: Request
    asked_at: Micros
    reply: Reply


@attrs.define(eq=False)
class _Client:
    """What a client has asked and was not answered, oldest first."""

    connection: ConnectionId
    commands_max: int
    requests: RequestParser = attrs.field(factory=RequestParser)
    replies: ReplyParser = attrs.field(factory=ReplyParser)
    waiting: deque[Micros] = attrs.field(factory=deque[Micros])  # when each one came
    answered_at: deque[Micros] = attrs.field(factory=deque[Micros])  # the last `commands_max`
    waiting_bytes: int = 0  # received since nothing waited
    unsent_bytes: int = 0
    read_at: Micros = 0  # when the client last had read everything
    has_left: bool = False  # with QUIT or against the protocol: what follows is not heard

    looks: deque[tuple[int, Request, Micros]] = attrs.field(
        factory=deque[tuple[int, Request, Micros]]
    )  # what others want the answer to: which commands, and when they were asked
    given_up_on: Micros | None = None  # when it had asked for what is not waited for any longer
    asked_count: int = 0
    answered_count: int = 0

    def asked(self, data: bytes, now: Micros) -> None:
        if self.has_left:
            return
        self.requests.feed(data)
        self.waiting_bytes += len(data)
        for request in self.requests.take(_ALL):
            self.waiting.append(now)
            self.asked_count += 1
            if _is_looked_at(request):
                self.looks.append((self.asked_count, request, now))
            elif request == _QUIT:
                self.has_left = True
                return
        if self.requests.error is not None:
            self.waiting.append(now)  # there is an answer to that too
            self.has_left = True

    def answered(self, data: bytes, now: Micros) -> list[Told]:
        told: list[Told] = []
        self.given_up_on = None
        self.replies.feed(data)
        for reply in self.replies.take(_ALL):
            asked_at = self.waiting.popleft()
            if type(reply) is ErrorReply and reply in _GIVING_UP:
                self.given_up_on = asked_at
            self.answered_at.append(now)
            self.answered_count += 1
            if self.looks and self.looks[0][0] == self.answered_count:
                _, request, looked_at = self.looks.popleft()
                told.append(Told(self.connection, request, looked_at, reply))
        while len(self.answered_at) > self.commands_max:
            self.answered_at.popleft()
        if not self.waiting:
            self.waiting_bytes = 0
        return told

    def oldest_since(self, pipeline_bytes_max: int) -> Micros:
        """Since when the server could have dealt with the oldest that waits."""
        room_at = 0
        if self.answered_at and self.waiting_bytes > pipeline_bytes_max:
            room_at = self.answered_at[-1]
        elif len(self.answered_at) == self.commands_max:
            room_at = self.answered_at[0]
        return max(self.waiting[0], room_at, self.read_at)


class Punctuality:
    """The clients of one server's life."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._patience_us = limits.reply_within_us + limits.reply_within_us // SLACK_PARTS
        self._least_us = limits.reply_within_us - limits.reply_within_us // SLACK_PARTS
        self._clients: dict[ConnectionId, _Client] = {}
        # Whether a client is told in this event that nobody waits any longer, before patience
        # is over. What else is told at the same moment, as after a pause, is not for that.
        self.gave_up_early = False
        # Nothing is overdue until then. What is asked later is due later, and a client's
        # oldest question never becomes older: so nobody need be looked at before.
        self._nothing_before: Micros = 0

    def told(self, fact: Fact, now: Micros) -> None:
        """The server is about to be told this."""
        match fact:
            case BytesReceived(connection=connection, data=data):
                if client := self._clients.get(connection):
                    client.asked(data, now)
            case OutputBacklog(connection=connection, unsent_bytes=unsent_bytes):
                if client := self._clients.get(connection):
                    client.unsent_bytes, client.read_at = unsent_bytes, now
            case ConnectionAccepted(connection=connection, port=Port.CLIENT):
                client = _Client(connection, self._limits.pipeline_commands_max)
                self._clients[connection] = client
            case ConnectionClosed(connection=connection):
                self._clients.pop(connection, None)
            case _:
                pass

    def transmitted(self, order: Transmit, now: Micros) -> list[Told]:
        """The server answers. What others are to know of it."""
        client = self._clients.get(order.connection)
        if client is None:
            return []
        told = client.answered(order.data, now)
        if client.given_up_on is not None and now - client.given_up_on < self._least_us:
            self.gave_up_early = True
        return told

    @property
    def owes(self) -> bool:
        """Whether any client waits for an answer."""
        return any(client.waiting for client in self._clients.values())

    @property
    def owes_readers(self) -> bool:
        """Whether any client waits that has read all that it was sent before."""
        return any(client.waiting and not client.unsent_bytes for client in self._clients.values())

    def closed(self, connection: ConnectionId) -> bool:
        """The server ends the connection. Whether the client has left, and been answered."""
        client = self._clients.pop(connection, None)
        return client is not None and client.has_left and not client.waiting

    def handled(self, now: Micros) -> None:
        """The server has done what it had to do in this event."""
        self.gave_up_early = False
        if now <= self._nothing_before:
            return
        self._nothing_before = now + self._patience_us
        for client in self._clients.values():
            if client.waiting and not client.unsent_bytes:
                since = client.oldest_since(self._limits.pipeline_bytes_max)
                self._nothing_before = min(self._nothing_before, since + self._patience_us)
                if now - since > self._patience_us:
                    raise PropertyViolated(
                        PUNCTUAL,
                        f"{self._name} owes a client an answer for {duration(now - since)}",
                        node=self._name,
                    )
            elif client.has_left and not client.waiting:
                raise PropertyViolated(
                    PUNCTUAL, f"{self._name} keeps a client that has left", node=self._name
                )


def _is_looked_at(request: Request) -> bool:
    match request:
        case (b"GET", path, *_):
            return path.startswith(_SHOWN)
        case _:
            return request[0] == b"LEAVE"
