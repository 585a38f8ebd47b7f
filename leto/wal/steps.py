"""What the log asks of a disk: the steps of a disk job.

Responsible for the words in which `leto.wal` speaks to a world's disk. They are part
of the system-call boundary, and `leto.server.world` says what a world promises
about them; they stand here because the log, which is below the server, utters them.
"""

from typing import TypeAlias

import attrs


@attrs.define
class WriteAt:
    """Write `data` at `offset`; creates the file if there is none."""

    file: str
    offset: int
    data: bytes


@attrs.frozen
class SyncFile:
    """Make the file's content and length durable (fdatasync)."""

    file: str


@attrs.frozen
class SyncDirectory:
    """Make creations, renames and deletions durable."""


@attrs.frozen
class Rename:
    """Give a file another name, replacing the file of that name."""

    file: str
    to: str


@attrs.frozen
class Truncate:
    """Cut the file to `size_bytes`."""

    file: str
    size_bytes: int


@attrs.frozen
class Delete:
    """Remove the file; it is no failure if there is none."""

    file: str


@attrs.frozen
class ReadAt:
    """Read at most `size_bytes` from `offset`; short only at the file's end."""

    file: str
    offset: int
    size_bytes: int


Step: TypeAlias = WriteAt | SyncFile | SyncDirectory | Rename | Truncate | Delete | ReadAt
