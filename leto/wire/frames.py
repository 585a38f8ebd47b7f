"""Frames: how a stream of bytes between two nodes is cut into pieces that can be trusted.

Responsible for the header (mark, type, length, checksum) and for finding frames in
bytes that arrive cut anywhere. It does not know what the types mean: that is
`leto.wire.messages`.

Invariants:
    1. A frame is delivered whole and with a matching checksum, or not at all.
    2. After the first bad byte nothing is delivered any more: `error` says why, and
       the link must be closed, since nobody knows where the next frame begins.
    3. No more than one frame and one piece of input are ever held; a header that
       announces a large frame allocates nothing before the bytes have come.
"""

from struct import Struct
from typing import Final
from zlib import crc32

import attrs

FRAME_BYTES_MAX: Final = 64 << 20
"""The largest body that is accepted. Larger ones are refused at the header."""

FRAME_MARK: Final = b"LR"  # how everything begins that one node says to another
_MAGIC: Final = int.from_bytes(FRAME_MARK)
_COVERED: Final = Struct(">HHI")  # magic, type, length of the body: the checksum covers these too
_HEADER: Final = Struct(">HHII")  # and the checksum
_COVERED_BYTES: Final = _COVERED.size
_HEADER_BYTES: Final = _HEADER.size


@attrs.define
class Frame:
    """A piece of the stream: what sort it is, and its content. Never mutated."""

    type: int
    body: bytes


def encode_frame(frame_type: int, parts: list[bytes]) -> bytes:
    """The bytes of a frame whose body is the parts, joined."""
    size_bytes = sum(map(len, parts))
    checksum = crc32(_COVERED.pack(_MAGIC, frame_type, size_bytes))
    for part in parts:
        checksum = crc32(part, checksum)
    return b"".join((_HEADER.pack(_MAGIC, frame_type, size_bytes, checksum), *parts))


class FrameReader:
    """Finds the frames in the bytes of one connection."""

    __slots__ = ("_body_bytes_max", "_buffer", "_wanted_bytes", "error")

    def __init__(self, body_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._body_bytes_max = body_bytes_max
        self._buffer = bytearray()
        self._wanted_bytes = _HEADER_BYTES  # with fewer there is nothing to look at
        self.error: str | None = None  # written here only, once

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete, in order. O(bytes)."""
        frames: list[Frame] = []
        if self.error is not None:
            return frames
        if not self._buffer:  # frames that come whole are not copied before they are cut out
            consumed = self._cut(data, frames)
            if consumed < len(data):
                self._buffer += data[consumed:]
            return frames
        self._buffer += data
        if len(self._buffer) >= self._wanted_bytes:
            with memoryview(self._buffer) as view:
                consumed = self._cut(view, frames)
            del self._buffer[:consumed]
        return frames

    def _cut(self, data: bytes | memoryview, frames: list[Frame]) -> int:
        offset = 0
        size = len(data)
        while size - offset >= _HEADER_BYTES:
            magic, frame_type, body_bytes, checksum = _HEADER.unpack_from(data, offset)
            if magic != _MAGIC or body_bytes > self._body_bytes_max:
                self.error = self._header_error(magic, body_bytes)
                return offset
            start = offset + _HEADER_BYTES
            end = start + body_bytes
            if end > size:
                self._wanted_bytes = end - offset
                return offset
            body = bytes(data[start:end])
            if crc32(body, crc32(data[offset : offset + _COVERED_BYTES])) != checksum:
                self.error = f"the checksum of a frame of type {frame_type} does not match"
                return offset
            frames.append(Frame(frame_type, body))
            offset = end
        self._wanted_bytes = _HEADER_BYTES
        return offset

    def _header_error(self, magic: int, body_bytes: int) -> str:
        if magic != _MAGIC:
            return f"this is no frame of Leto's: it begins with {magic:#06x}"
        return f"a frame of {body_bytes} bytes exceeds the limit of {self._body_bytes_max}"
