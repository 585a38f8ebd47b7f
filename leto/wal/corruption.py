"""What the operator is told when the data on disk is not what was made durable.

Responsible for the one value that says so. Who finds out is `leto.wal.recovery` for the
log and `leto.wal.snapshots` for snapshots.
"""

from typing import Final

import attrs

START_OVER: Final = (
    "Check the disk. Then LEAVE this node's name on a live member, move the data directory "
    "away, and start the node again with -join: it fetches everything from the others."
)
UPGRADE: Final = "Start a Leto at least as new as the one that wrote this directory."


@attrs.frozen
class Corrupt:
    """Something that was durable is damaged or gone: the node must not start."""

    file: str
    offset: int
    reason: str
    remedy: str = START_OVER

    def __str__(self) -> str:
        return f"{self.file} at offset {self.offset}: {self.reason}. {self.remedy}"
