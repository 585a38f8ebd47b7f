r"""Requests: the bytes that a client sends, and back.

Responsible for cutting a stream of bytes into requests, each a non-empty tuple
of arguments: RESP arrays of bulk strings, and inline commands. It accepts and
refuses what Redis does, with Redis's texts, and like Redis passes over empty
lines and empty arrays. What an argument means is not its business, but for this: a
line of HTTP ends the stream, since a web page can make a browser send us one, with
commands of its author's behind it.

Invariants:
1. The requests depend on the bytes alone, not on how the stream was cut.
2. No input raises. The first violation of the protocol sets `error`; the
   requests before it are still delivered, nothing after it is read.
3. Memory is bounded by `RequestLimits`, and the work of one `take` by its
   limit and the bytes fed: no byte is scanned again for each piece that
   arrives.

How it is fast: requests as clients send them are small, so a window of the
buffer is split at every CRLF by one call, and the pieces checked against the
lengths that announce them. If each piece has exactly its announced length, the
CRLF after it is the real one, so the cut is exact. Whatever does not fit (long
or odd arguments, CRLF inside one, inline commands, the request that the buffer
cuts in two) takes the resumable path, which reads byte counts as Redis does.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from leto.resp.inline import split_inline
from leto.resp.integers import parse_integer
from leto.resp.stream import LINE_BYTES_MAX, StreamParser

Request: TypeAlias = tuple[bytes, ...]
"""A command's name and its arguments; never empty."""

_WINDOW_BYTES: Final = 16 * 1024
_WINDOW_BULK_BYTES_MAX: Final = 1024
_WINDOW_ARGUMENTS_MAX: Final = 64
_BULK_BYTES: Final = {b"$%d" % length: length for length in range(_WINDOW_BULK_BYTES_MAX + 1)}
_ARGUMENT_COUNT: Final = {b"*%d" % count: count for count in range(1, _WINDOW_ARGUMENTS_MAX + 1)}

_ARRAY: Final = ord("*")
_HTTP: Final = frozenset({b"POST", b"HOST:"})  # the first words, as for Redis
_UNKNOWN: Final = -1


@attrs.frozen(kw_only=True)
class RequestLimits:
    """How much one connection may make us hold; the defaults are Redis's.

    The lower bounds are what the parser's fast path takes without asking.
    """

    arguments_max: int = attrs.field(
        default=1024 * 1024, validator=attrs.validators.ge(_WINDOW_ARGUMENTS_MAX)
    )
    # proto-max-bulk-len
    bulk_bytes_max: int = attrs.field(
        default=512 * 1024 * 1024, validator=attrs.validators.ge(_WINDOW_BULK_BYTES_MAX)
    )
    # an inline command, or a line that announces a length
    inline_bytes_max: int = LINE_BYTES_MAX
    # client-query-buffer-limit: all arguments of one request
    request_bytes_max: int = attrs.field(
        default=1024 * 1024 * 1024, validator=attrs.validators.ge(_WINDOW_BYTES)
    )


DEFAULT_LIMITS: Final = RequestLimits()


class RequestParser(StreamParser):
    """Cuts what one client sends into requests.

    Feed it bytes, then take requests until fewer come than were asked for, then
    look at `error`: with it the client has left the protocol, and after the
    answers to the requests already taken there is only to say so and to close.
    """

    def __init__(self, limits: RequestLimits = DEFAULT_LIMITS) -> None:
        super().__init__(limits.inline_bytes_max)
        self._limits = limits
        # The request that the buffer has cut in two: what is known of it.
        self._arguments: list[bytes] = []
        self._argument_bytes = 0
        self._missing = 0  # arguments; 0 is "between two requests"
        self._bulk_bytes = _UNKNOWN

    @property
    def buffered_bytes(self) -> int:
        """Bytes held that no request has carried away yet."""
        return self._unread_bytes + self._argument_bytes

    def take(self, limit: int) -> list[Request]:
        """Return the next requests that are complete, in order, at most `limit`."""
        requests: list[Request] = []
        if not self._join_fed() or (self._missing and not self._take_any(requests)):
            return requests
        fits_window = True
        while len(requests) < limit and self._at < len(self._buffer):
            if fits_window and self._take_from_window(requests, limit - len(requests)):
                continue
            # Not again in this call: splitting a window for each odd request
            # would cost the square of the buffer.
            fits_window = False
            if not self._take_any(requests):
                break
        return requests

    def _take_from_window(self, requests: list[Request], room: int) -> bool:
        """Take small plain requests from the head of the buffer; False if there is none."""
        at, buffer = self._at, self._buffer
        whole = at == 0 and len(buffer) <= _WINDOW_BYTES
        window = buffer if whole else buffer[at : at + _WINDOW_BYTES]
        pieces = window.split(b"\r\n")
        last = len(pieces) - 1  # no CRLF behind this one
        first = 0
        announced, append = _BULK_BYTES.get, requests.append
        while first < last and room:
            count = _ARGUMENT_COUNT.get(pieces[first], last)
            after = first + 1 + 2 * count
            if after > last:
                break
            if count == 3:  # noqa: PLR2004 - SET: worth its own arm, as GET is below
                name, key, value = pieces[first + 2], pieces[first + 4], pieces[first + 6]
                if (
                    announced(pieces[first + 1]) != len(name)
                    or announced(pieces[first + 3]) != len(key)
                    or announced(pieces[first + 5]) != len(value)
                ):
                    break
                append((name, key, value))
            elif count == 2:  # noqa: PLR2004
                name, key = pieces[first + 2], pieces[first + 4]
                if announced(pieces[first + 1]) != len(name) or announced(pieces[first + 3]) != len(
                    key
                ):
                    break
                append((name, key))
            else:
                arguments = tuple(pieces[first + 2 : after : 2])
                if list(map(announced, pieces[first + 1 : after : 2])) != list(map(len, arguments)):
                    break
                append(arguments)
            first = after
            room -= 1
        unread = sum(map(len, pieces[first:])) + 2 * (last - first)
        self._at = at + len(window) - unread
        return first > 0

    def _take_any(self, requests: list[Request]) -> bool:
        """Go on with one request of any shape; False if it needs bytes that are not here."""
        if not self._missing:
            if self._buffer[self._at] != _ARRAY:
                return self._take_inline(requests)
            if not self._begin_array():
                return False
        while self._missing:
            if self._bulk_bytes == _UNKNOWN and not self._begin_bulk():
                return False
            if not self._take_bulk():
                return False
        if self._arguments:
            requests.append(tuple(self._arguments))
            self._arguments.clear()
            self._argument_bytes = 0
        return True

    def _take_inline(self, requests: list[Request]) -> bool:
        end = self._buffer.find(b"\n", self._at)
        if self._is_line_too_big(end):
            return self._fail("too big inline request")
        if end < 0:
            return False
        arguments = split_inline(self._buffer[self._at : end].removesuffix(b"\r"))
        if arguments is None:
            return self._fail("unbalanced quotes in request")
        if arguments and arguments[0].upper() in _HTTP:
            return self._fail("that is HTTP")
        self._at = end + 1
        if arguments:
            requests.append(arguments)
        return True

    def _begin_array(self) -> bool:
        line = self._take_line("too big mbulk count string")
        if line is None:
            return False
        count = _ARGUMENT_COUNT.get(line)
        if count is None:
            count = parse_integer(line[1:])
        if count is None or count > self._limits.arguments_max:
            return self._fail("invalid multibulk length")
        self._missing = max(count, 0)
        return True

    def _begin_bulk(self) -> bool:
        line = self._take_line("too big bulk count string")
        if line is None:
            return False
        length = _BULK_BYTES.get(line)
        if length is None and not line.startswith(b"$"):
            got = line[:1].decode("utf-8", "surrogateescape") or "\r"
            return self._fail(f"expected '$', got '{got}'")
        if length is None:
            length = parse_integer(line[1:])
        if length is None or not 0 <= length <= self._limits.bulk_bytes_max:
            return self._fail("invalid bulk length")
        if self._argument_bytes + length > self._limits.request_bytes_max:
            return self._fail("too big request")
        self._bulk_bytes = length
        return True

    def _take_bulk(self) -> bool:
        argument = self._take_bytes(self._bulk_bytes)
        if argument is None:
            return False
        self._arguments.append(argument)
        self._argument_bytes += self._bulk_bytes
        self._bulk_bytes = _UNKNOWN
        self._missing -= 1
        return True

    def _fail(self, reason: str) -> bool:
        self._arguments.clear()
        self._argument_bytes = 0
        return super()._fail(reason)


def encode_request(arguments: Sequence[bytes]) -> bytes:
    """Write a request as the array of bulk strings that every parser of RESP reads."""
    if len(arguments) == 3:  # noqa: PLR2004 - SET: one format call is twice as fast
        name, key, value = arguments
        return b"*3\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
            len(name),
            name,
            len(key),
            key,
            len(value),
            value,
        )
    bulks = [b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments]
    return b"*%d\r\n%b" % (len(arguments), b"".join(bulks))


def encode_requests(requests: Iterable[Sequence[bytes]]) -> bytes:
    """Write a pipeline of requests."""
    return b"".join([encode_request(arguments) for arguments in requests])
