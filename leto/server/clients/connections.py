"""One client's connection: bytes to requests, replies to bytes, in order.

Responsible for the parser, the queue of owed replies, how much is read from a
client and how much is kept for it. What a request means is the router's
business, when a reply is known that of whoever fills the slot.

Invariants:
    1. Replies leave in the order of the requests.
    2. A connection is not closed in place of an answer: a client would repeat
       an INCR. It is closed when it asked for that, left the protocol or hung
       up, and when too much of what it asked for waits for it to read.
    3. What a client can make us hold is bounded: by unanswered commands, unanswered
       bytes, and unsent output.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from leto.resp import (
    RESP2,
    ErrorReply,
    Reply,
    Request,
    RequestLimits,
    RequestParser,
    encode_reply,
)
from leto.resp import Protocol as RespProtocol
from leto.server.clients.slots import ReadSlot, Slot
from leto.server.world import PauseReading, ResumeReading, Transmit

if TYPE_CHECKING:
    from leto.server.settings import Limits
    from leto.server.turn import Turn
    from leto.server.world import ConnectionAccepted

_WHOLE: Final = 1 << 62  # bytes: a read is not cut


class Host(Protocol):
    """What a connection needs of the node."""

    def touch(self, connection: ClientConnection) -> None:
        """Have `flush` called before the end of the turn."""
        ...

    def serve(self, connection: ClientConnection, requests: list[Request]) -> None:
        """Take in requests."""
        ...

    def read(self, slot: ReadSlot, bytes_max: int) -> bool:
        """Fill a read whose turn has come; False if it must wait for the state machine.

        With more bytes of replies than that it is cut, and filled in part.
        """
        ...

    def hold_back(self, connection: ClientConnection) -> None:
        """Have `go_on` called in the next turn."""
        ...

    def forget(self, connection: ClientConnection) -> None:
        """It has hung up."""
        ...

    def warn_of(self, connection: ClientConnection, violation: str) -> None:
        """It has left the protocol."""
        ...

    def hang_up(self, connection: ClientConnection, reason: str | None) -> None:
        """Close it: politely, or for a `reason` at once."""
        ...


class ClientConnection:
    """A client, from its bytes to its replies."""

    def __init__(
        self, accepted: ConnectionAccepted, host: Host, turn: Turn, limits: Limits
    ) -> None:
        self.id = accepted.connection
        self.local = accepted.local
        self.remote = accepted.remote
        self.protocol: RespProtocol = RESP2
        self.client_name = b""
        self.reads_locally = False
        self.owed: deque[Slot | bytes] = deque()
        self.open_reads: deque[ReadSlot] = deque()  # since the last write; see `routing`
        self.unanswered = 0  # commands
        self._host = host
        self._turn = turn
        self._limits = limits
        self._parser = RequestParser(
            RequestLimits(
                bulk_bytes_max=limits.bulk_bytes_max, request_bytes_max=limits.request_bytes_max
            )
        )
        self._touched = False
        self._has_more = False  # the parser may hold further requests
        self._is_paused = False
        self.is_leaving = False  # nothing is read any more; closed when all is answered
        self._unsent_bytes = 0
        self._owed_bytes = 0  # received since everything was answered
        self._just_sent_bytes = 0  # since the world said how much output waits
        self._is_held_back = False

    # --- what the world tells ----------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take in the next bytes."""
        if not self.is_leaving:
            self._parser.feed(data)
            self._has_more = True
            if self.owed:
                self._owed_bytes += len(data)
            self._take_requests()
            if self._has_due() or self._has_more or self._is_full() or self.is_leaving:
                self.touch()

    def backlog(self, unsent_bytes: int) -> None:
        """Learn how much output waits."""
        self._unsent_bytes = unsent_bytes
        self._just_sent_bytes = 0
        self.touch()

    def closed(self, reason: str) -> None:  # noqa: ARG002 - clients come and go: no log line
        """Let go of everything."""
        self.abandon()
        self._host.forget(self)

    # --- what the node tells -----------------------------------------------------

    def touch(self) -> None:
        """Something has changed: have `flush` called before the turn ends."""
        if not self._touched:
            self._touched = True
            self._host.touch(self)

    def go_on(self) -> None:
        """Another turn: by now the world has said what of the output had to wait."""
        self._is_held_back = False
        self._just_sent_bytes = 0
        if self.owed:
            self.touch()

    def reply(self, reply: Reply) -> None:
        """Answer the request that is being served, behind everything owed before."""
        self.owed.append(encode_reply(reply, self.protocol))
        self.unanswered += 1

    def owe(self, slot: Slot) -> None:
        """Promise the replies of a slot."""
        self.owed.append(slot)
        self.unanswered += len(slot.requests)

    def leave(self) -> None:
        """Serve nothing more, and close once all is answered."""
        self.is_leaving = True
        self._has_more = False
        self.touch()

    def abandon(self) -> None:
        """Drop every reply that is owed."""
        for slot in self.owed:
            if isinstance(slot, Slot):
                slot.drop()
        self.owed.clear()
        self.open_reads.clear()
        self.is_leaving = True

    def flush(self) -> None:
        """Send the replies that are due, and read on where there is room again."""
        self._touched = False
        self._send_due()
        if self._can_take():
            self._take_requests()
            self._send_due()
            if self._can_take():
                self.touch()
        if self.is_leaving and not self.owed:
            self._host.hang_up(self, None)
        else:
            self._mind_the_output()

    # --- inside ------------------------------------------------------------------

    def _take_requests(self) -> None:
        if not self._can_take():
            return
        room = self._limits.pipeline_commands_max - self.unanswered
        requests = self._parser.take(room)
        self._has_more = len(requests) == room
        if requests:
            self._host.serve(self, requests)
        if not self._has_more and self._parser.error is not None and not self.is_leaving:
            self._host.warn_of(self, self._parser.error)
            self.reply(ErrorReply(f"ERR {self._parser.error}"))
            self.leave()

    def _has_due(self) -> bool:
        """Whether the first reply can leave now, or be found."""
        if not self.owed:
            return False
        head = self.owed[0]
        return (
            isinstance(head, bytes)
            or head.encoded is not None
            or (isinstance(head, ReadSlot) and head.is_ready)
        )

    def _send_due(self) -> None:
        owed = self.owed
        due: list[bytes] = []
        due_bytes = 0
        while owed:
            head = owed[0]
            if isinstance(head, bytes):
                self.unanswered -= 1
                due.append(head)
                due_bytes += len(head)
            else:
                if head.encoded is None and not self._do(head, due_bytes):
                    break
                assert head.encoded is not None, "a read that was done has filled its slot"
                self.unanswered -= len(head.requests)
                if self.open_reads and self.open_reads[0] is head:
                    self.open_reads.popleft()
                due.append(head.encoded)
                due_bytes += len(head.encoded)
                if isinstance(head, ReadSlot) and head.rest is not None:
                    owed[0] = head.rest
                    self.open_reads.appendleft(head.rest)
                    continue
            owed.popleft()
        if not owed:
            self._owed_bytes = 0
        if due:
            if self._unsent_bytes:
                self._unsent_bytes += due_bytes
            self._just_sent_bytes += due_bytes
            self._turn.order(Transmit(self.id, b"".join(due)))

    def _do(self, slot: Slot, due_bytes: int) -> bool:
        """Do a read whose turn has come, as far as there is room for its replies."""
        if not isinstance(slot, ReadSlot) or not slot.is_ready:
            return False
        room_bytes = self._limits.output_soft_bytes - self._unsent_bytes
        room_bytes -= self._just_sent_bytes + due_bytes
        if not self.open_reads or self.open_reads[0] is not slot:
            # A write behind it has taken it along: all of it comes before that.
            return self._host.read(slot, _WHOLE)
        if room_bytes >= 0:
            return self._host.read(slot, room_bytes)
        if self._unsent_bytes <= self._limits.output_soft_bytes and not self._is_held_back:
            self._is_held_back = True  # nobody will say that there is room: there may be already
            self._host.hold_back(self)
        return False

    def _can_take(self) -> bool:
        return self._has_more and not self.is_leaving and not self._is_full()

    def _is_full(self) -> bool:
        return (
            self.unanswered >= self._limits.pipeline_commands_max
            or self._owed_bytes > self._limits.pipeline_bytes_max
            or self._unsent_bytes > self._limits.output_soft_bytes
        )

    def _mind_the_output(self) -> None:
        if self._unsent_bytes > self._limits.output_hard_bytes:
            self._host.hang_up(self, "too many bytes of its replies are unread")
        elif self._is_full():
            if not self._is_paused:
                self._is_paused = True
                self._turn.order(PauseReading(self.id))
        elif self._is_paused and (
            self._unsent_bytes * 2 <= self._limits.output_soft_bytes
            and self.unanswered * 2 <= self._limits.pipeline_commands_max
            and self._owed_bytes * 2 <= self._limits.pipeline_bytes_max
        ):
            self._is_paused = False
            self._turn.order(ResumeReading(self.id))
