"""Records of a server's log, each decoded once, though it is read twice.

Responsible for sparing the second of two readings: a record is read when it is ordered to
be written, and from the platters when it is durable. There the bytes are what counts: only
the same bytes, all of them, are taken for the record that was read before.
"""

from typing import Final

from leto.wal import Record
from leto.wal.records import decode_record

_KEPT_MAX: Final = 1_000  # what is lost in a power cut is never asked for


class Records:
    """Those of one disk that are ordered and not durable yet, by their bytes."""

    def __init__(self) -> None:
        self._ordered: dict[bytes, Record] = {}

    def ordered(self, body: bytes) -> Record:
        """Read a record that is to be written."""
        record = decode_record(body)
        if len(self._ordered) >= _KEPT_MAX:
            self._ordered.clear()
        self._ordered[body] = record
        return record

    def durable(self, body: bytes) -> Record:
        """Read a record that is durable."""
        record = self._ordered.pop(body, None)
        return decode_record(body) if record is None else record
