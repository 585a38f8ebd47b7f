"""What a replicated state machine is: three methods.

Responsible for the shape that everybody's machine has. The core does not know it
(`leto.raft` hands out entries); drivers, sessions and the simulator do.
"""

from typing import Protocol


class StateMachine(Protocol):
    """What is replicated: the same commands in the same order make the same machine.

    So it must not read a clock, throw dice, or depend on the order of a set.
    """

    def apply(self, command: bytes) -> bytes:
        """Perform a committed command; return its result. Never raises on a client's bytes."""
        ...

    def snapshot(self) -> bytes:
        """The content as it is now. Equal machines give equal bytes."""
        ...

    def restore(self, content: bytes) -> None:
        """Replace the content by that of a snapshot."""
        ...
