"""A program's own state machine, in the shape in which a server replicates one.

Responsible for that shape: a request of one word is a command, a snapshot is the whole
content, cut. Such a machine has no keys, and time does not touch it.

Invariants:
    1. A snapshot shows the machine at the moment at which it was asked for, whenever its pieces
       are.
    2. What was there is replaced when the last piece has come, and not before.
    3. A snapshot is never empty, though the machine's content may be: a snapshot without bytes
       has no file (`leto.wal.snapshots.has_file`), and would not be restored.
"""

from collections.abc import Iterator
from typing import Final

from leto.machine import StateMachine
from leto.resp import Reply, Request

FORMAT: Final = b"\x01"
"""What a snapshot begins with; the machine's content follows."""


class ObjectMachine:
    """A `StateMachine` as `leto.server` fills, empties and feeds one."""

    serves_keys = False
    next_due_ms: int | None = None
    key_count = 0
    expiring_count = 0
    memory_bytes = 0

    def __init__(self, machine: StateMachine) -> None:
        self.stamp_ms = 0
        self._machine = machine
        self._pieces: list[bytes] = []

    def advance_time(self, stamp_ms: int) -> None:
        """Note the time; the program's machine does not see it."""
        self.stamp_ms = max(self.stamp_ms, stamp_ms)

    def apply(self, request: Request, stamp_ms: int) -> Reply:
        """Have the machine perform a committed command."""
        self.advance_time(stamp_ms)
        (command,) = request
        return self._machine.apply(command)

    def read(self, request: Request, stamp_ms: int) -> Reply:  # noqa: ARG002 - the shape's
        """Nobody reads it by requests: a program looks at its own object."""
        raise AssertionError("a machine without keys is asked for none")

    def read_must_wait(self, request: Request, stamp_ms: int) -> bool:  # noqa: ARG002 - the same
        """Nothing is ever due here."""
        return False

    def snapshot(self, chunk_bytes: int) -> Iterator[bytes]:
        """Its content as it is now, cut."""
        content = FORMAT + self._machine.snapshot()  # now: the pieces may be asked for later
        return (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))

    def begin_restore(self) -> None:
        """The pieces of a snapshot follow."""
        self._pieces.clear()

    def restore_chunk(self, chunk: bytes) -> None:
        """Keep the next piece."""
        self._pieces.append(chunk)

    def finish_restore(self) -> None:
        """Have the machine become what the pieces say."""
        content = b"".join(self._pieces)
        self._pieces.clear()
        assert content.startswith(FORMAT), "a snapshot was written by another version of Leto"
        self._machine.restore(content.removeprefix(FORMAT))
