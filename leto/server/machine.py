"""What a server needs of the state machine that it replicates.

Responsible for the two shapes alone. `leto.kv.KeyValueMachine` is what `leto` serves; who
brings another one gives it to `Server`. If it `serves_keys`, commands whose names are in the
table of `leto.kv` reach it as clients sent them; if not, `leto.server.program` alone has
commands for it. A machine of three methods fits through `leto.server.program.ObjectMachine`.
"""

from collections.abc import Iterator
from typing import Protocol

from leto.resp import Reply, Request


class Content(Protocol):
    """A machine's content: frozen and filled a piece at a time."""

    def snapshot(self, chunk_bytes: int, /) -> Iterator[bytes]:
        """Freeze the content now; it is written a piece at a time, whatever happens meanwhile."""
        ...

    def begin_restore(self) -> None:
        """Forget everything; the pieces of a snapshot follow."""
        ...

    def restore_chunk(self, chunk: bytes, /) -> None:
        """Take the next bytes of a snapshot, however they were cut.

        Raises:
            SnapshotUnreadable: they are no snapshot.
        """
        ...

    def finish_restore(self) -> None:
        """Be the machine that the snapshot was taken of.

        Raises:
            SnapshotUnreadable: it was not whole.
        """
        ...


class Machine(Content, Protocol):
    """A machine that executes requests, and knows time only from the log."""

    @property
    def serves_keys(self) -> bool:
        """Whether clients may ask it for keys."""
        ...

    @property
    def stamp_ms(self) -> int:
        """The log's time: the greatest stamp so far."""
        ...

    @property
    def next_due_ms(self) -> int | None:
        """When time itself will next change something; None if it will not."""
        ...

    @property
    def key_count(self) -> int:
        """How many things it holds; for INFO."""
        ...

    @property
    def expiring_count(self) -> int:
        """How many of them will be gone some time; for INFO."""
        ...

    @property
    def memory_bytes(self) -> int:
        """An estimate of what it occupies; for INFO."""
        ...

    def advance_time(self, stamp_ms: int, /) -> None:
        """Let time pass. It never goes back."""
        ...

    def apply(self, request: Request, stamp_ms: int, /) -> Reply:
        """Execute a committed request at the log's time. Never raises on a client's bytes."""
        ...

    def read(self, request: Request, stamp_ms: int, /) -> Reply:
        """Answer a read from the content as it is, as seen at the reader's stamp."""
        ...

    def read_must_wait(self, request: Request, stamp_ms: int, /) -> bool:
        """Whether the log's time must reach the stamp before this read."""
        ...
