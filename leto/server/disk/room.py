"""Whether the node's disk has room for more commands.

Responsible for the judgement alone: the world measures, and the core refuses proposals
while there is none. What is kept back is a reserve, in which everything that Raft itself
must write still fits, and room for one more snapshot: only a snapshot lets go of the log,
so a disk that is full of log must still be able to take one.

Invariants:
    1. Between "full" and "has room again" lies a quarter of the reserve: a disk at the
       edge does not change its mind with every write.
"""

from leto.server.turn import Turn


class DiskRoom:
    """The latest measurement, and what follows from it."""

    def __init__(self, turn: Turn, reserve_bytes: int) -> None:
        self.has_room = True
        self.free_bytes: int | None = None  # not measured yet
        self._turn = turn
        self._reserve_bytes = reserve_bytes

    def measured(self, free_bytes: int, snapshot_bytes: int) -> bool:
        """Take in a measurement; whether it changes the judgement."""
        self.free_bytes = free_bytes
        needed_bytes = max(1, self._reserve_bytes + snapshot_bytes)
        if self.has_room and free_bytes < needed_bytes:
            self.has_room = False
            self._turn.error(
                "disk full: writes are refused", free_bytes=free_bytes, needed_bytes=needed_bytes
            )
            return True
        if not self.has_room and free_bytes >= needed_bytes + self._reserve_bytes // 4:
            self.has_room = True
            self._turn.info("disk has room again: writes are taken", free_bytes=free_bytes)
            return True
        return False
