"""The bytes of a table of sessions, written and read back.

Responsible for the format alone. The bytes are a part of somebody's snapshot: the reader
says where its part ends, and takes what it can get of a stream that is cut anywhere.

    header   8 bytes  stamp in milliseconds
             8        sessions ever registered
             4        sessions that live, each as follows, the one idle longest first
    session  8        its id
             8        when it was last active, in milliseconds
             8        the lowest number that is still waited for
             4        results that it is remembered by, each as follows
    result   8        its number
             4        its size
                      the result

All numbers are big-endian and unsigned.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from leto.sessions.table import FrozenSessions, SessionTable

_HEADER: Final = Struct(">QQI")
_SESSION: Final = Struct(">QQQI")
_RESULT: Final = Struct(">QI")


def write_sessions(frozen: FrozenSessions) -> Iterator[bytes]:
    """The table's bytes, in small pieces but for large results."""
    yield _HEADER.pack(frozen.stamp_ms, frozen.registered, len(frozen.sessions))
    for session in frozen.sessions:
        numbers = (session.session_id, session.active_ms, session.waiting_from)
        yield _SESSION.pack(*numbers, len(session.results))
        for number, result in session.results.items():
            yield _RESULT.pack(number, len(result))
            yield result


class SessionsReader:
    """Fills a table from bytes, as they come."""

    def __init__(self, table: SessionTable) -> None:
        self.is_done = False
        self.wanted_bytes = _HEADER.size  # with fewer there is nothing to read
        self._table = table
        self._has_begun = False
        self._missing = 0  # sessions
        self._results_missing = 0  # of the last session
        self._session_id = 0

    def read(self, data: bytes, at: int) -> int:
        """Take what is whole from there on; return where the rest begins."""
        while not self.is_done and len(data) - at >= self.wanted_bytes:
            at = self._read_part(data, at)
        return at

    def _read_part(self, data: bytes, at: int) -> int:
        if not self._has_begun:
            after = self._read_header(data, at)
        elif self._results_missing:
            after = self._read_result(data, at)
            if after == at:
                return at
        else:
            after = self._read_session(data, at)
        self.wanted_bytes = _RESULT.size if self._results_missing else _SESSION.size
        self.is_done = not self._missing and not self._results_missing
        return after

    def _read_header(self, data: bytes, at: int) -> int:
        stamp_ms, registered, self._missing = _HEADER.unpack_from(data, at)
        self._table.restore(stamp_ms, registered)
        self._has_begun = True
        return at + _HEADER.size

    def _read_session(self, data: bytes, at: int) -> int:
        self._session_id, *numbers, self._results_missing = _SESSION.unpack_from(data, at)
        self._table.restore_session(self._session_id, *numbers)
        self._missing -= 1
        return at + _SESSION.size

    def _read_result(self, data: bytes, at: int) -> int:
        number, size = _RESULT.unpack_from(data, at)
        self.wanted_bytes = _RESULT.size + size
        after = at + self.wanted_bytes
        if after > len(data):
            return at
        self._table.restore_result(self._session_id, number, data[at + _RESULT.size : after])
        self._results_missing -= 1
        return after
