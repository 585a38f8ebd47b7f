"""What both parsers share: a buffer over a stream that arrives in pieces.

Responsible for joining pieces without copying any byte more often than a
constant, for cutting lines, and for the state "the peer left the protocol".
What lines and byte counts mean is up to the parser on top.
"""

LINE_BYTES_MAX = 64 * 1024  # PROTO_INLINE_MAX_SIZE in Redis


class StreamParser:
    """Holds the unread bytes of one stream."""

    def __init__(self, line_bytes_max: int) -> None:
        self.error: str | None = None  # the first violation; after it nothing is read
        self._line_bytes_max = line_bytes_max
        self._fed: list[bytes] = []  # not yet joined to the buffer
        self._fed_bytes = 0
        self._buffer = b""
        self._at = 0  # everything before it in the buffer is consumed
        self._wanted_bytes = 0  # from `_at`: with fewer, nothing more can be read

    def feed(self, data: bytes) -> None:
        """Receive the next bytes of the stream; cheap, whatever their number."""
        if self.error is None:
            self._fed.append(data)
            self._fed_bytes += len(data)

    @property
    def _unread_bytes(self) -> int:
        return len(self._buffer) - self._at + self._fed_bytes

    def _join_fed(self) -> bool:
        """Make one buffer of what was fed; False while it cannot complete anything."""
        if self.error is not None or self._unread_bytes < self._wanted_bytes:
            return False
        if self._fed:
            if self._at < len(self._buffer):
                self._fed.insert(0, self._buffer[self._at :])
            self._buffer = b"".join(self._fed)
            self._at = self._fed_bytes = 0
            self._fed.clear()
        self._wanted_bytes = 0
        return True

    def _take_line(self, too_big: str) -> bytes | None:
        """Consume a line up to its CR and the byte after it, as Redis does."""
        end = self._buffer.find(b"\r", self._at)
        if self._is_line_too_big(end):
            self._fail(too_big)
            return None
        if end < 0 or end + 2 > len(self._buffer):
            return None
        line = self._buffer[self._at : end]
        self._at = end + 2
        return line

    def _take_bytes(self, count: int) -> bytes | None:
        """Consume `count` bytes and the two that close them, as Redis does, whatever those are."""
        end = self._at + count
        if end + 2 > len(self._buffer):
            self._wanted_bytes = count + 2
            return None
        data = self._buffer[self._at : end]
        self._at = end + 2
        return data

    def _is_line_too_big(self, end: int) -> bool:
        """Judge a line that ends at `end`, or has not ended yet if that is negative."""
        return (end if end >= 0 else len(self._buffer)) - self._at > self._line_bytes_max

    def _fail(self, reason: str) -> bool:
        """Record a violation and let go of the stream; False, for the callers to return."""
        self.error = f"Protocol error: {reason}"
        self._buffer, self._at = b"", 0
        return False
