"""What clients are told when something was not done, or may not have been.

Two kinds, and each text says which: *certainly not applied* (`not leader`,
`CLUSTERDOWN`, `MISCONF`, `BUSY`: safe to repeat), and *unknown* (`UNKNOWN`: repeating it may
do it twice).
"""

from typing import Final

from leto.resp import ErrorReply

LOADING: Final = ErrorReply("LOADING Leto is loading the dataset in memory")
UNKNOWN: Final = ErrorReply("UNKNOWN the write may still be applied")
CHANGE_UNKNOWN: Final = ErrorReply("UNKNOWN the change may still be made")
SNAPSHOT_GOES_ON: Final = ErrorReply("UNKNOWN the snapshot is still being written")
NO_LEADER: Final = ErrorReply("CLUSTERDOWN no leader is known, not applied")
NO_READ: Final = ErrorReply("CLUSTERDOWN no leader has confirmed the read in time")
NOT_PROPOSED: Final = ErrorReply("CLUSTERDOWN this node was too busy to replicate it, not applied")
STOPPING: Final = ErrorReply("CLUSTERDOWN this node is stopping, not applied")
DISK_FULL: Final = ErrorReply(
    "MISCONF the leader's disk is full, not applied: writes are taken again when there is room"
)
DISKS_FULL: Final = ErrorReply(
    "MISCONF the disks of too many nodes are full, not applied: writes are taken again when"
    " there is room"
)
NO_KEYS: Final = ErrorReply("ERR this node replicates an object of its program's; it has no keys")
TOO_MUCH: Final = ErrorReply("BUSY too much is waiting to be committed, not applied: try again")


def too_large(size_bytes: int, size_max: int) -> ErrorReply:
    """A single command that no log entry takes."""
    return ErrorReply(f"ERR the command has {size_bytes} bytes, at most {size_max} are possible")


def not_leader(client_address: str | None) -> ErrorReply:
    """A write came to a node that does not lead."""
    if client_address is None:
        return NO_LEADER
    return ErrorReply(f"not leader {client_address}")
