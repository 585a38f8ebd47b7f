"""The beginning of a snapshot that was being received when the node stopped.

Responsible for finding it among the files, and for how much of it a transfer may go on
behind. It performs no read: it says which one is next and is fed the bytes.

A receiver asks for a chunk when the one before it is durable, so only the last chunk in
the file may be torn: as many bytes as a chunk has are left away. Should chunks have been
larger then than they are now, some of what is torn may stay; like a bit that rots, it is
found out by the checksum of the whole, and the snapshot is received once more.
"""

from collections.abc import Mapping
from zlib import crc32

from leto.raft.entries import SnapshotMark, SnapshotPart
from leto.raft.types import EntryId
from leto.wal.snapshots import received_entry, received_name
from leto.wal.steps import ReadAt


def find_part(files: Mapping[str, int], named: SnapshotMark | None) -> EntryId | None:
    """The latest snapshot of which a part is there, and which the named one does not replace."""
    replaced = EntryId(0, 0) if named is None else named.last_included
    found = (entry for name in files if (entry := received_entry(name)) is not None)
    return max((entry for entry in found if entry > replaced), default=None)


class PartReader:
    """Reads a part in pieces, as far as it is sure to be durable.

    Perform `step`, `feed` its result, until `step` is None; then `part` says what there is.
    """

    def __init__(
        self, last_included: EntryId, size_bytes: int, *, chunk_bytes: int, piece_bytes: int
    ) -> None:
        """The file has `size_bytes`, more than the `chunk_bytes` that a chunk has."""
        self._last_included = last_included
        self._size_bytes = size_bytes - chunk_bytes
        self._piece_bytes = piece_bytes
        self._offset = 0
        self._checksum = 0

    @property
    def step(self) -> ReadAt | None:
        """The next read; None when all has been read."""
        size_bytes = min(self._piece_bytes, self._size_bytes - self._offset)
        if size_bytes == 0:
            return None
        return ReadAt(received_name(self._last_included), self._offset, size_bytes)

    def feed(self, data: bytes) -> None:
        """The result of the last `step`; nothing means that the file ends here."""
        self._offset += len(data)
        self._checksum = crc32(data, self._checksum)
        if not data:
            self._size_bytes = self._offset

    @property
    def part(self) -> SnapshotPart | None:
        """What has been read; None if that is nothing."""
        if self._offset == 0:
            return None
        return SnapshotPart(
            last_included=self._last_included,
            size_bytes=self._offset,
            checksum=self._checksum,
        )
