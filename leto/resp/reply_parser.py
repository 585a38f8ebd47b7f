"""Reading replies: what a node hears when it is the client.

Responsible for cutting a stream of bytes back into the values of `replies`, in
RESP2 and RESP3, for a joining node and for simulated clients. It reads what
Leto sends; a type that Leto never sends is a violation like any other.

Invariants:
1. The replies depend on the bytes alone, not on how the stream was cut.
2. No input raises: the first violation sets `error`.
3. Memory is bounded by `ReplyLimits`; aggregates are read without recursion.
"""

from typing import Final

import attrs

from leto.resp.integers import parse_integer
from leto.resp.replies import ErrorReply, MapReply, Reply, SetReply, Simple, Verbatim
from leto.resp.stream import LINE_BYTES_MAX, StreamParser

_AGGREGATES: Final = (b"*", b"~", b"%")
_BULKS: Final = (b"$", b"=")
_FORMAT_BYTES: Final = len(b"txt:")


@attrs.frozen(kw_only=True)
class ReplyLimits:
    """How much one server may make us hold."""

    line_bytes_max: int = LINE_BYTES_MAX
    bulk_bytes_max: int = 512 * 1024 * 1024
    members_max: int = 16 * 1024 * 1024  # of one reply, all its aggregates together
    nesting_max: int = 16
    reply_bytes_max: int = 1024 * 1024 * 1024  # all bulks of one reply


DEFAULT_LIMITS: Final = ReplyLimits()


@attrs.define
class _Open:
    """An aggregate whose members are still arriving."""

    mark: bytes
    missing: int
    members: list[Reply] = attrs.field(factory=list[Reply])

    def close(self) -> Reply:
        if self.mark == b"%":
            return MapReply(tuple(zip(self.members[::2], self.members[1::2], strict=True)))
        members = tuple(self.members)
        return SetReply(members) if self.mark == b"~" else members


class ReplyParser(StreamParser):
    """Cuts what one server sends into replies.

    Feed it bytes, then take replies until fewer come than were asked for, then
    look at `error`.
    """

    def __init__(self, limits: ReplyLimits = DEFAULT_LIMITS) -> None:
        super().__init__(limits.line_bytes_max)
        self._limits = limits
        self._replies: list[Reply] = []
        # The reply that the buffer has cut in two: what is known of it.
        self._open: list[_Open] = []  # outermost first
        self._bulk: tuple[bytes, int] | None = None  # mark and length of the bulk to come
        self._member_count = 0
        self._reply_bytes = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes held that no reply has carried away yet."""
        return self._unread_bytes + self._reply_bytes

    def take(self, limit: int) -> list[Reply]:
        """Return the next replies that are complete, in order, at most `limit`."""
        if self._join_fed():
            while len(self._replies) < limit and self._at < len(self._buffer):
                if not self._take_value():
                    break
        replies, self._replies = self._replies, []
        return replies

    def _take_value(self) -> bool:
        """Consume one value or the opening of an aggregate; False if it has to wait."""
        if self._bulk is not None:
            return self._take_bulk(*self._bulk)
        line = self._take_line("too big line")
        if line is None:
            return False
        mark, text = line[:1], line[1:]
        if mark in _BULKS:
            return self._begin_bulk(mark, text)
        if mark in _AGGREGATES:
            return self._begin_aggregate(mark, text)
        return self._take_scalar(mark, text)

    def _take_scalar(self, mark: bytes, text: bytes) -> bool:
        match mark:
            case b"+":
                return self._deliver(Simple(text.decode("utf-8", "surrogateescape")))
            case b"-":
                return self._deliver(ErrorReply(text.decode("utf-8", "surrogateescape")))
            case b":":
                number = parse_integer(text)
                return self._fail("invalid integer") if number is None else self._deliver(number)
            case b"_" if not text:
                return self._deliver(None)
            case _:
                return self._fail(f"unexpected reply type {mark!r}")

    def _begin_bulk(self, mark: bytes, text: bytes) -> bool:
        length = parse_integer(text)
        if length == -1 and mark == b"$":
            return self._deliver(None)
        smallest = _FORMAT_BYTES if mark == b"=" else 0
        if length is None or not smallest <= length <= self._limits.bulk_bytes_max:
            return self._fail("invalid bulk length")
        if self._reply_bytes + length > self._limits.reply_bytes_max:
            return self._fail("too big reply")
        self._bulk = mark, length
        return True

    def _take_bulk(self, mark: bytes, length: int) -> bool:
        data = self._take_bytes(length)
        if data is None:
            return False
        self._bulk = None
        self._reply_bytes += length
        return self._deliver(Verbatim(data[_FORMAT_BYTES:]) if mark == b"=" else data)

    def _begin_aggregate(self, mark: bytes, text: bytes) -> bool:
        count = parse_integer(text)
        if count == -1 and mark == b"*":
            return self._deliver(None)
        if count is None or count < 0:
            return self._fail("invalid aggregate length")
        members = count * 2 if mark == b"%" else count
        self._member_count += members
        if self._member_count > self._limits.members_max:
            return self._fail("too many members")
        if len(self._open) == self._limits.nesting_max:
            return self._fail("too deep nesting")
        aggregate = _Open(mark, members)
        if not members:
            return self._deliver(aggregate.close())
        self._open.append(aggregate)
        return True

    def _deliver(self, value: Reply) -> bool:
        """Put a value where it belongs, and close every aggregate that it completes."""
        while self._open:
            innermost = self._open[-1]
            innermost.members.append(value)
            innermost.missing -= 1
            if innermost.missing:
                return True
            self._open.pop()
            value = innermost.close()
        self._replies.append(value)
        self._member_count = self._reply_bytes = 0
        return True

    def _fail(self, reason: str) -> bool:
        self._open.clear()
        self._bulk, self._reply_bytes = None, 0
        return super()._fail(reason)
