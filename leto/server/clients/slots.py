"""The replies that a connection still owes.

Responsible for one thing: a slot is filled once, with the bytes of all its
replies, whoever comes first (the result, a refusal, the patience of four
seconds), and whatever comes later is dropped. A slot holds a *run*: commands of
one kind that came in one piece, so that a pipeline costs a slot, not a slot a
command. `__slots__` and plain attributes: made for every request of every client.

Invariants:
    1. A filled slot holds as many replies as it has requests, in their order.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

from leto.resp import ErrorReply, Protocol, Reply, Request, encode_reply

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Sequence

    from leto.raft.types import Micros


class Asker(typing.Protocol):
    """Whom a slot is owed to: a client's connection, or the program around the node."""

    protocol: Protocol
    open_reads: deque[ReadSlot]  # since the last write; see `leto.server.routing`

    def touch(self) -> None:
        """A slot may have been filled."""
        ...


class Slot:
    """Replies owed to `connection` for `requests`, asked at `since`.

    `encoded` is None until it is filled.
    """

    __slots__ = ("connection", "encoded", "protocol", "requests", "since")

    def __init__(self, connection: Asker, requests: list[Request], since: Micros) -> None:
        self.connection = connection
        self.requests = requests
        self.since = since
        self.protocol: Protocol = connection.protocol  # HELLO may change it behind us
        self.encoded: bytes | None = None

    def fill(self, replies: Sequence[Reply]) -> None:
        """Answer, unless that has been done."""
        if self.encoded is None:
            assert len(replies) == len(self.requests), "one reply a request (invariant 1)"
            protocol = self.protocol
            self.encoded = b"".join([encode_reply(reply, protocol) for reply in replies])
            self.connection.touch()

    def refuse(self, error: ErrorReply) -> None:
        """Answer every request with this error, unless they have been answered."""
        if self.encoded is None:
            self.encoded = encode_reply(error, self.protocol) * len(self.requests)
            self.connection.touch()

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        self.encoded = b""


class WriteSlot(Slot):
    """Commands that go through the log."""

    __slots__ = ()


class ReadSlot(Slot):
    """Commands that read the state machine, once they may.

    `is_ready`: it may be read as soon as everything before has been answered.
    `not_before_ms`: but not before the state machine's time has come so far.
    `valid_until`: nor from then on, if leave was given on a lease.
    `rest`: what was cut off, to be owed behind it.
    """

    __slots__ = ("is_local", "is_ready", "not_before_ms", "rest", "valid_until")

    def __init__(
        self,
        connection: Asker,
        requests: list[Request],
        since: Micros,
        *,
        is_local: bool,
    ) -> None:
        super().__init__(connection, requests, since)
        self.is_local = is_local
        self.is_ready = is_local
        self.not_before_ms = 0
        self.valid_until: Micros | None = None
        self.rest: ReadSlot | None = None

    def cut(self, count: int, now: Micros) -> None:
        """Keep the first requests, which are being done; the rest may be done later.

        Leave was given to all of them, and what is read later is only newer: so the end of
        a lease does not matter to the rest (§6.4). Its patience begins now.
        """
        rest = ReadSlot(self.connection, self.requests[count:], now, is_local=self.is_local)
        rest.protocol = self.protocol
        rest.is_ready = True
        self.requests = self.requests[:count]
        self.rest = rest


class OrderSlot(Slot):
    """One command to the node itself (JOIN, LEAVE, SNAPSHOT), answered in its own time.

    `late` is the answer if that time is too long.
    """

    __slots__ = ("late",)

    def __init__(
        self, connection: Asker, request: Request, since: Micros, late: ErrorReply
    ) -> None:
        super().__init__(connection, [request], since)
        self.late = late

    def answer(self, reply: Reply) -> None:
        """Answer the one request."""
        self.fill((reply,))
