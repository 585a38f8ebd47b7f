"""The bytes of a snapshot: a frozen keyspace, written and read back.

Responsible for the format alone; whether the bytes arrived whole (checksums) is
known to whoever stored and sent them. The stream may be cut anywhere.

    header   8 bytes  "leto-kv" and the format's version, 1 or 2
             8        stamp in milliseconds
             8        count of entries
    sessions          of version 2: see `leto.sessions.snapshot`
    entry    4        length of the key
             4        length of the value
             8        due time in milliseconds, 0 if the key does not expire
                      key, value

All numbers are big-endian and unsigned. Entries stand in the keyspace's order,
expired keys are left out: nodes with the same state write the same bytes. Version 2
is written once a session has been registered, so whoever uses none has snapshots that
a Leto without sessions reads.
"""

import struct
from collections.abc import Iterator
from typing import Final

from leto.kv.keyspace import Entry, FrozenKeyspace
from leto.sessions import SessionTable
from leto.sessions.snapshot import SessionsReader, write_sessions
from leto.sessions.table import FrozenSessions

_WITHOUT_SESSIONS: Final = b"leto-kv\x01"
_WITH_SESSIONS: Final = b"leto-kv\x02"
_HEADER: Final = struct.Struct(">8sQQ")
_ENTRY: Final = struct.Struct(">IIQ")


_PARTS_MAX: Final = 4_000  # of a chunk: each must soon be done, however tiny its keys


class SnapshotUnreadable(ValueError):
    """The bytes are no snapshot, of another version, or not a whole one."""


def write_snapshot(
    keys: FrozenKeyspace, sessions: FrozenSessions, chunk_bytes: int
) -> Iterator[bytes]:
    """Write chunks of about `chunk_bytes`, below twice that, each when it is asked for.

    Where the content is small things, chunks are smaller: each costs a bounded time.
    """
    parts: list[bytes] = []
    size_bytes = 0
    for part in _cut(_write_parts(keys, sessions), chunk_bytes):
        parts.append(part)
        size_bytes += len(part)
        if size_bytes >= chunk_bytes or len(parts) >= _PARTS_MAX:
            yield b"".join(parts)
            parts.clear()
            size_bytes = 0
    if parts:
        yield b"".join(parts)


def _write_parts(keys: FrozenKeyspace, sessions: FrozenSessions) -> Iterator[bytes]:
    magic = _WITH_SESSIONS if sessions.registered else _WITHOUT_SESSIONS
    yield _HEADER.pack(magic, keys.stamp_ms, keys.key_count)
    if sessions.registered:
        yield from write_sessions(sessions)
    for key, value, due_ms in keys.entries():
        yield b"%b%b" % (_ENTRY.pack(len(key), len(value), due_ms or 0), key)
        yield value


def _cut(parts: Iterator[bytes], part_bytes_max: int) -> Iterator[bytes]:
    for part in parts:
        if len(part) <= part_bytes_max:
            yield part
            continue
        for at in range(0, len(part), part_bytes_max):
            yield part[at : at + part_bytes_max]


class SnapshotReader:
    """Reads a snapshot from chunks, however it was cut; what it has of sessions goes in `table`."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table
        self._sessions: SessionsReader | None = None  # while these are being read
        self.stamp_ms = 0  # known with the first entry
        self._missing: int | None = None  # entries; None before the header
        self._chunks: list[bytes] = []  # from the first byte not understood yet
        self._chunks_bytes = 0
        self._wanted_bytes = _HEADER.size  # with fewer there is nothing to read

    def read(self, chunk: bytes) -> list[Entry]:
        """Return the entries that this chunk completes.

        Raises:
            SnapshotUnreadable: what arrived cannot be the beginning of a snapshot.
        """
        self._chunks.append(chunk)
        self._chunks_bytes += len(chunk)
        if self._chunks_bytes < self._wanted_bytes:
            return []
        data = b"".join(self._chunks)
        at = 0
        if self._missing is None:
            at = self._read_header(data)
        if self._sessions is not None:
            at = self._read_sessions(self._sessions, data, at)
        entries: list[Entry] = []
        if self._sessions is None:
            entries, at = self._read_entries(data, at)
        self._chunks = [data[at:]]
        self._chunks_bytes = len(data) - at
        return entries

    def finish(self) -> None:
        """Make sure that the snapshot was whole.

        Raises:
            SnapshotUnreadable: it was not.
        """
        if self._missing is None:
            raise SnapshotUnreadable("the snapshot ends within its header")
        if self._sessions is not None:
            raise SnapshotUnreadable("the snapshot ends within its sessions")
        if self._missing:
            raise SnapshotUnreadable(f"the snapshot ends {self._missing} entries too early")

    def _read_header(self, data: bytes) -> int:
        magic, self.stamp_ms, self._missing = _HEADER.unpack_from(data)
        if magic not in {_WITHOUT_SESSIONS, _WITH_SESSIONS}:
            raise SnapshotUnreadable(f"not a snapshot that this version reads: {magic!r}")
        if magic == _WITH_SESSIONS:
            self._sessions = SessionsReader(self._table)
        return _HEADER.size

    def _read_sessions(self, reader: SessionsReader, data: bytes, at: int) -> int:
        at = reader.read(data, at)
        self._wanted_bytes = reader.wanted_bytes
        if reader.is_done:
            self._sessions = None
        return at

    def _read_entries(self, data: bytes, at: int) -> tuple[list[Entry], int]:
        assert self._missing is not None, "entries follow the header"
        entries: list[Entry] = []
        while self._missing > len(entries):
            self._wanted_bytes = _ENTRY.size
            if len(data) - at < self._wanted_bytes:
                break
            key_bytes, value_bytes, due_ms = _ENTRY.unpack_from(data, at)
            key_at = at + _ENTRY.size
            value_at = key_at + key_bytes
            after = value_at + value_bytes
            self._wanted_bytes = after - at
            if after > len(data):
                break
            entries.append((data[key_at:value_at], data[value_at:after], due_ms or None))
            at = after
        self._missing -= len(entries)
        if self._missing:
            return entries, at
        self._wanted_bytes = 1  # which would be one too many
        if at < len(data):
            raise SnapshotUnreadable(f"{len(data) - at} bytes follow the snapshot's last entry")
        return entries, at
