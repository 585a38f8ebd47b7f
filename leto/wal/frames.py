"""Segments and frames: how the log lies in its files, and how it is read back.

Responsible for the names of segments, for a frame's header and checksums, and for
reading the frames of one segment from bytes that come in pieces. What the frames
amount to is `leto.wal.image`; which bad frame is a torn tail and which is corruption is
`leto.wal.recovery`.

A frame is a header and a record. Its header says how long the record is, the frame's
number in the log (1, 2, 3, ... across all segments), and its *sync mark*: how far the log
was known to be durable when the frame was written. The header has a checksum of its
own, which covers the segment's number and the record's checksum too; so

    1. the bytes of another segment, or of another place, are never a frame of this one;
    2. a header that stands alone (its record torn) can be believed: its length says
       where the next frame begins, and its sync mark counts.

After a bad frame the reader delivers nothing more. It goes on looking at headers, for
their sync marks: from a damaged record it goes on behind it, since its length can be
believed; from a damaged header it looks for the next four bytes that begin a header, and
for a header whose checksum is right. Only marks behind a bad frame can speak
against it (a mark names a place before its own frame), so this look is needed.

What lies there may be a copy of an earlier part of the segment: a write that went astray. A
header that is numbered no higher than one before it is such a copy, and its length says nothing
about that place. One that is numbered higher may hide only what has lower marks than its own.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

import attrs

from leto.wal.records import NOWHERE, Position, Record, decode_record, encode_record
from leto.wire.values import U32, U64, MalformedError

_MAGIC: Final = b"\x1eLeW"
_COVERED: Final = Struct(">4sIQQQI")  # magic, size, sequence, sync mark, checksum of the record
_HEADER: Final = Struct(_COVERED.format + "I")  # and the checksum of all that
HEADER_BYTES: Final = _HEADER.size

_PREFIX: Final = "wal-"
_SUFFIX: Final = ".log"
_NUMBER_DIGITS: Final = 16


def segment_name(segment: int) -> str:
    """The file of a segment."""
    return f"{_PREFIX}{segment:0{_NUMBER_DIGITS}x}{_SUFFIX}"


@lru_cache(maxsize=1024)  # the names of a directory are asked for again and again
def segment_number(name: str) -> int | None:
    """The segment that a file holds; None if it is no segment."""
    digits = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    if len(digits) != _NUMBER_DIGITS or not set(digits) <= set("0123456789abcdef"):
        return None
    segment = int(digits, 16)
    return segment if name == segment_name(segment) else None


def encode_frame(segment: int, sequence: int, synced: Position, record: Record) -> bytes:
    """The bytes of a frame, for that segment and no other."""
    parts = encode_record(record)
    body_bytes = body_checksum = 0
    for part in parts:
        body_bytes += len(part)
        body_checksum = crc32(part, body_checksum)
    header = _COVERED.pack(
        _MAGIC, body_bytes, sequence, synced.segment, synced.offset, body_checksum
    )
    return b"".join((header, U32.pack(crc32(header, _checksum_of(segment))), *parts))


def _checksum_of(segment: int) -> int:
    """Where the checksum of each header in that segment begins."""
    return crc32(U64.pack(segment))


@attrs.define
class Frame:
    """A frame that was read. Never mutated."""

    sequence: int
    offset: int  # where it begins in its segment
    synced: Position
    record: Record


class _Header(NamedTuple):
    body_bytes: int
    sequence: int
    synced: Position
    body_checksum: int


class SegmentReader:
    """Reads the frames of one segment from bytes that come in order, cut anywhere.

    `decode` makes a record of a frame's body, or raises `MalformedError`.
    `end` is where its good frames end. `error` says why what follows is none, and
    `furthest` is the furthest sync mark of any header seen, also behind a bad frame.
    """

    def __init__(self, segment: int, decode: Callable[[bytes], Record] = decode_record) -> None:
        self.segment = segment
        self._decode = decode
        self._segment_checksum = _checksum_of(segment)
        self.error: str | None = None
        self.is_foreign = False  # the bad frame is whole: another version's, not torn
        self.furthest = NOWHERE
        self.last_sequence = 0
        self._buffer = bytearray()
        self._start = 0  # the offset of the buffer in the segment
        self._end = 0
        self._skip_bytes = 0  # of a damaged record, that have not come yet

    @property
    def end(self) -> Position:
        """Where the good frames end."""
        return Position(self.segment, self._end)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete, in order. O(bytes)."""
        self._buffer += data
        frames: list[Frame] = []
        consumed = 0
        while self.error is None:
            frame = self._next_frame(consumed)
            if frame is None:
                break
            frames.append(frame)
            consumed = self._end - self._start
        self._drop(consumed)
        if self.error is not None:
            self._look_for_marks()
        return frames

    def finish(self) -> None:
        """The segment ends here: what is left is no frame."""
        if self.error is None and self._buffer:
            self.error = "the file ends inside a frame"
            self._look_for_marks()

    def _next_frame(self, at: int) -> Frame | None:
        """The frame at that place of the buffer; None if it is bad, or has not all come."""
        if len(self._buffer) - at < HEADER_BYTES:
            return None
        header = self._header(at)
        if header is None:
            self.error = "the header of a frame is damaged"
            return None
        body_at = at + HEADER_BYTES
        end = body_at + header.body_bytes
        if end > len(self._buffer):
            return None
        with memoryview(self._buffer) as view:
            body = bytes(view[body_at:end])
        record = self._record(header, body)
        if record is None:
            return None
        frame = Frame(header.sequence, self._end, header.synced, record)
        self._end += end - at
        self.last_sequence = header.sequence
        self.furthest = max(self.furthest, header.synced)
        return frame

    def _header(self, at: int) -> _Header | None:
        buffer = self._buffer
        magic, body_bytes, sequence, segment, offset, body_checksum, checksum = _HEADER.unpack_from(
            buffer, at
        )
        covered = buffer[at : at + _COVERED.size]
        if magic != _MAGIC or crc32(covered, self._segment_checksum) != checksum:
            return None
        return _Header(body_bytes, sequence, Position(segment, offset), body_checksum)

    def _record(self, header: _Header, body: bytes) -> Record | None:
        if self.last_sequence and header.sequence != self.last_sequence + 1:
            self.error = f"frame {header.sequence} follows frame {self.last_sequence}"
        elif crc32(body) != header.body_checksum:
            self.error = "the checksum of a frame does not match"
        else:
            try:
                return self._decode(body)
            except MalformedError as malformed:
                self.error = f"a frame cannot be read: {malformed}"
                self.is_foreign = True
        return None

    def _look_for_marks(self) -> None:
        """Note the sync marks of the headers in the buffer, and keep only what may begin one."""
        at = min(self._skip_bytes, len(self._buffer))
        self._skip_bytes -= at
        while (found := self._buffer.find(_MAGIC, at)) >= 0:
            if len(self._buffer) - found < HEADER_BYTES:
                self._drop(found)
                return
            header = self._header(found)
            if header is None:
                at = found + 1
                continue
            if header.sequence <= self.last_sequence:
                at = found + 1  # a copy: whatever it would skip may be what bears witness
                continue
            self.last_sequence = header.sequence
            self.furthest = max(self.furthest, header.synced)
            at = found + HEADER_BYTES + header.body_bytes
        self._skip_bytes += max(0, at - len(self._buffer))
        # The last bytes may be the first of a header's mark.
        self._drop(min(len(self._buffer), max(at, len(self._buffer) - len(_MAGIC) + 1)))

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._start += count
