"""The shapes of replies on the wire: which are those of RESP2, which of RESP3.

Responsible for cutting what a server sends into replies, and for telling in which version of
the protocol each is written, if that can be told; what they say is read elsewhere. It is
written from the specification, with nothing of `leto.resp`.
"""

from collections.abc import Iterator
from typing import Final

NEUTRAL: Final = 0
_LINE_END: Final = b"\r\n"
_OF_RESP3: Final = b"_%~="
_BULKS: Final = b"$="
_AGGREGATES: Final = b"*%~"
_NULLS: Final = (b"$-1", b"*-1")


class ReplyShapes:
    """What one server sends on one connection."""

    def __init__(self) -> None:
        self._unread = b""

    def feed(self, data: bytes) -> Iterator[int]:
        """Of each reply that is complete: 2 or 3, or `NEUTRAL` if it is written alike in both."""
        self._unread += data
        while (found := _read(self._unread, 0)) is not None:
            end, protocol = found
            self._unread = self._unread[end:]
            yield protocol


def _read(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the value ends that begins there, and its protocol; None if there is more to come."""
    line_end = data.find(_LINE_END, at)
    if line_end < 0:
        return None
    line, end = data[at:line_end], line_end + len(_LINE_END)
    if line in _NULLS:
        return end, 2
    protocol = 3 if line[0] in _OF_RESP3 else NEUTRAL
    if line[0] in _BULKS:
        end += int(line[1:]) + len(_LINE_END)
        return (end, protocol) if end <= len(data) else None
    if line[0] not in _AGGREGATES:
        return end, protocol
    for _ in range(int(line[1:]) * (2 if line[:1] == b"%" else 1)):
        found = _read(data, end)
        if found is None:
            return None
        end, protocol = found[0], protocol or found[1]
    return end, protocol
