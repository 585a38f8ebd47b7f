"""The key-value state machine: requests in the log's order, replies out.

Responsible for executing requests on the keyspace, for time, for the sessions in which
requests may come (§6.3), and for snapshots as a whole. It knows neither the log nor who
asks: the same requests with the same stamps give the same replies and the same state on
every node.

Invariants:
    1. `apply` is total: every mistake of a client is an error reply, and an error
       reply has changed nothing (but for time, which passes anyway).
    2. Keys expire in `apply` and `advance_time` only; a `read` changes nothing.
    3. A restored machine behaves in all things like the one that was frozen.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from leto.kv.commands import Function, Kind, command_for
from leto.kv.keyspace import Keyspace
from leto.kv.session_commands import session_reply
from leto.kv.snapshot import SnapshotReader, SnapshotUnreadable, write_snapshot
from leto.resp import ErrorReply, Reply, Request
from leto.sessions import SessionTable

SNAPSHOT_CHUNK_BYTES: Final = 64 * 1024  # about 1 ms of work with small values

_DIGEST_BYTES: Final = 16


class KeyValueMachine:
    """A keyspace, and the commands that act on it."""

    serves_keys = True

    def __init__(self) -> None:
        self._keyspace = Keyspace()
        self._sessions = SessionTable()
        self._restoring: SnapshotReader | None = None

    @property
    def stamp_ms(self) -> int:
        """The log's time: the greatest stamp so far."""
        return self._keyspace.stamp_ms

    @property
    def next_due_ms(self) -> int | None:
        """When the next key expires, None if none will."""
        return self._keyspace.next_due_ms

    @property
    def key_count(self) -> int:
        """Keys that exist."""
        return self._keyspace.key_count

    @property
    def expiring_count(self) -> int:
        """Keys that exist and will expire."""
        return self._keyspace.expiring_count

    @property
    def memory_bytes(self) -> int:
        """An estimate of the memory that keys, values and sessions occupy."""
        return self._keyspace.memory_bytes + self._sessions.memory_bytes

    def apply(self, request: Request, stamp_ms: int) -> Reply:
        """Execute one committed request at the log's time; return its reply."""
        keyspace = self._keyspace
        if stamp_ms > keyspace.stamp_ms:
            keyspace.advance_time(stamp_ms)
        command = command_for(request)
        if isinstance(command, ErrorReply):
            return command
        if command.function is not None:
            return command.function(keyspace, request, keyspace.stamp_ms)
        if command.kind is not Kind.WRITE:
            return ErrorReply(f"ERR '{command.name}' is not a command for the log")
        self._sessions.advance_time(keyspace.stamp_ms)
        return session_reply(self._sessions, request, self._execute)

    def advance_time(self, stamp_ms: int) -> None:
        """Let time pass: keys that are due by then are gone. Time never goes back."""
        self._keyspace.advance_time(stamp_ms)
        if self._sessions.memory_bytes:
            self._sessions.advance_time(self._keyspace.stamp_ms)

    def read(self, request: Request, stamp_ms: int) -> Reply:
        """Answer a read from the state as it is; TTLs as seen at the reader's stamp."""
        command = command_for(request)
        if isinstance(command, ErrorReply):
            return command
        assert command.kind is Kind.READ, "what changes the state goes through the log"
        assert command.function is not None, "reads have a function"
        return command.function(self._keyspace, request, max(stamp_ms, self.stamp_ms))

    def read_must_wait(self, request: Request, stamp_ms: int) -> bool:
        """Tell if a read meets a key that is due by that stamp and still here.

        Such a read waits for the log's time to reach the stamp: a key may not be
        gone here and be seen later elsewhere.
        """
        next_due_ms = self.next_due_ms
        if next_due_ms is None or next_due_ms > stamp_ms:
            return False
        command = command_for(request)
        if isinstance(command, ErrorReply):
            return False
        if not command.first_key:
            return True  # it looks at every key
        return any(self._keyspace.is_due(key, stamp_ms) for key in command.keys_of(request))

    def snapshot(self, chunk_bytes: int = SNAPSHOT_CHUNK_BYTES) -> Iterator[bytes]:
        """Freeze the state now; write it a chunk at a time, whatever happens meanwhile."""
        # Sessions see time when they are used: by now all that are due have ended everywhere.
        self._sessions.advance_time(self.stamp_ms)
        return write_snapshot(self._keyspace.freeze(), self._sessions.freeze(), chunk_bytes)

    def begin_restore(self) -> None:
        """Forget everything; the chunks of a snapshot follow."""
        self._clear()
        self._restoring = SnapshotReader(self._sessions)

    def restore_chunk(self, chunk: bytes) -> None:
        """Take the next bytes of the snapshot, however they were cut.

        Raises:
            SnapshotUnreadable: they are no snapshot; the machine is empty.
        """
        assert self._restoring is not None, "begin_restore comes first"
        try:
            entries = self._restoring.read(chunk)
        except SnapshotUnreadable:
            self._abandon_restore()
            raise
        keyspace = self._keyspace
        keyspace.stamp_ms = self._restoring.stamp_ms
        for key, value, due_ms in entries:
            keyspace.put(key, value)
            if due_ms is not None:
                keyspace.expire_at(key, due_ms)
        keyspace.sweep()  # what begin_restore left behind

    def finish_restore(self) -> None:
        """Be the machine that the snapshot was taken of.

        Raises:
            SnapshotUnreadable: the snapshot was not whole; the machine is empty.
        """
        assert self._restoring is not None, "begin_restore comes first"
        try:
            self._restoring.finish()
        except SnapshotUnreadable:
            self._abandon_restore()
            raise
        self._restoring = None

    def _abandon_restore(self) -> None:
        self._clear()
        self._restoring = None

    def _clear(self) -> None:
        self._keyspace.clear()
        self._sessions.clear()

    def _execute(self, function: Function, request: Request) -> Reply:
        return function(self._keyspace, request, self.stamp_ms)

    def digest(self) -> bytes:
        """Summarize the state, the order of the keys included. Looks at every key."""
        summary = blake2b(digest_size=_DIGEST_BYTES)
        for chunk in self.snapshot():
            summary.update(chunk)
        return summary.digest()
