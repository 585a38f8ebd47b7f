"""State machines to simulate: an honest one, and some that break their promise, each in one way."""

import os
import random
import time
from typing import cast


class Adder:
    """Adds up. The same commands in the same order make the same adder."""

    def __init__(self) -> None:
        self.total = 0

    def apply(self, command: bytes) -> bytes:
        """Add a number; return the new total."""
        self.total += int(command)
        return b"%d" % self.total

    def snapshot(self) -> bytes:
        """The total."""
        return b"%d" % self.total

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was."""
        self.total = int(content)


class ReadsTheClock(Adder):
    """Asks for the time, though it makes no use of it."""

    def apply(self, command: bytes) -> bytes:
        """Add a number."""
        time.time()
        return super().apply(command)


class ThrowsDice(Adder):
    """Its results depend on chance."""

    def apply(self, command: bytes) -> bytes:
        """Add a number, and some noise."""
        return super().apply(command) + b"%d" % random.randrange(2)


class ListsASet:
    """Returns names in the order of a set, which is another one in each process."""

    def __init__(self) -> None:
        self.names: set[bytes] = set()

    def apply(self, command: bytes) -> bytes:
        """Add a name; return all of them."""
        self.names.add(command)
        return b",".join(self.names)

    def snapshot(self) -> bytes:
        """The names, in order."""
        return b",".join(sorted(self.names))

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was."""
        self.names = set(content.split(b",")) if content else set()


class ForgetsAFlag(Adder):
    """Stops at a three, and its snapshot does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.has_stopped = False

    def apply(self, command: bytes) -> bytes:
        """Add a number, unless it has stopped."""
        self.has_stopped |= command == b"3"
        return b"stopped" if self.has_stopped else super().apply(command)

    def restore(self, content: bytes) -> None:
        """Become what the snapshot says."""
        super().restore(content)
        self.has_stopped = False


class AddsTheSnapshot(Adder):
    """Does not clear what it held before it is restored."""

    def restore(self, content: bytes) -> None:
        """Become more than the snapshot was."""
        self.total += int(content)


class RestoresBadly(Adder):
    """Is one off when it is restored."""

    def restore(self, content: bytes) -> None:
        """Become nearly what the snapshot was."""
        self.total = int(content) + 1


class CountsSnapshots(Adder):
    """Each snapshot is another one."""

    taken = 0

    def snapshot(self) -> bytes:
        """The total, and how many snapshots there were."""
        self.taken += 1
        return b"%d %d" % (self.total, self.taken)


class ReturnsAnArray(Adder):
    """Its snapshots would change with later commands."""

    def snapshot(self) -> bytes:
        """The total, in a buffer."""
        return cast("bytes", bytearray(super().snapshot()))


class ReturnsNothing(Adder):
    """Forgets to return a result."""

    def apply(self, command: bytes) -> bytes:
        """Add a number."""
        super().apply(command)
        return cast("bytes", None)


class RaisesOnThree(Adder):
    """Cannot bear a three."""

    def apply(self, command: bytes) -> bytes:
        """Add a one or a two."""
        return super().apply({b"1": b"1", b"2": b"2"}[command])


class RaisesElsewhere(Adder):
    """Raises in a process that another one started to check it."""

    def apply(self, command: bytes) -> bytes:
        """Add a number, at home."""
        if "LETO_SIM_ELSEWHERE" in os.environ:
            raise OSError("far from home")
        return super().apply(command)


class ForgetsInTheThousands(Adder):
    """Is right for short lists of small numbers: only a long run shows that it is not."""

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was, up to a point."""
        self.total = min(100, int(content))
