"""What is read back of a snapshot to be sent, held against its mark.

Responsible for noticing that a running node's snapshot is not what was written: the
follower would find out, reject all of it, ask again, and be sent the same for ever.
It reads nothing; it is shown each chunk that was read.

A follower may hold a part already, and then only the rest is read. If that is damaged,
the follower finds the checksum wrong and asks for everything from the beginning: so
whatever is damaged is read in a row, from the beginning to the end, in the end.
"""

from typing import Final
from zlib import crc32

import attrs

from leto.raft.actions import ReadSnapshotChunk
from leto.raft.entries import SnapshotMark
from leto.wal.corruption import Corrupt
from leto.wal.snapshots import snapshot_name

TRANSFERS_MAX: Final = 64
"""How many are followed at a time. Those that were given up are forgotten in their order."""


@attrs.define
class _Read:
    """How much of a snapshot has been read in a row, and the checksum of that."""

    size_bytes: int = 0
    checksum: int = 0


class ReadBack:
    """Follows the transfers. O(bytes) in all."""

    def __init__(self) -> None:
        self._reads: dict[int, _Read] = {}  # by transfer, the oldest first

    def check(self, order: ReadSnapshotChunk, mark: SnapshotMark, data: bytes) -> Corrupt | None:
        """A chunk of the snapshot of that mark was read; says what is wrong, if anything."""
        if len(data) < order.size_bytes:
            return _damaged(order, len(data), "it ends too early")
        if order.offset == 0:
            self._begin(order.transfer)
        read = self._reads.get(order.transfer)
        if read is None or read.size_bytes != order.offset:
            return None  # it was asked for from the middle on, or once more
        read.size_bytes += len(data)
        read.checksum = crc32(data, read.checksum)
        if read.size_bytes < mark.size_bytes:
            return None
        del self._reads[order.transfer]
        if read.checksum != mark.checksum:
            return _damaged(order, len(data), "its checksum does not match")
        return None

    def _begin(self, transfer: int) -> None:
        self._reads.pop(transfer, None)
        self._reads[transfer] = _Read()
        if len(self._reads) > TRANSFERS_MAX:
            del self._reads[next(iter(self._reads))]


def _damaged(order: ReadSnapshotChunk, read_bytes: int, what: str) -> Corrupt:
    name = snapshot_name(order.last_included)
    return Corrupt(name, order.offset + read_bytes, f"the snapshot is damaged: {what}")
