"""What the log of whole servers amounts to, applied once more by nobody's server.

Responsible for reading the entries of a log as batches of commands, and for a machine of
keys and values that takes them one after the other, without ever being
restored: what any server's snapshot must hold (`leto_sim.checkers.folds`).
"""

from typing import Final

from leto.kv import KeyValueMachine
from leto.machine import StateMachine
from leto.resp import RequestParser

HEADER_BYTES: Final = 9
"""A version and a stamp in milliseconds; commands follow."""

_ALL: Final = 1 << 30


def stamp_of(data: bytes) -> int:
    """The time of the entry that holds this, in milliseconds."""
    return int.from_bytes(data[1:HEADER_BYTES], "big")


class FoldedMachine(StateMachine):
    """Keys and values, as the entries of the log make them."""

    def __init__(self) -> None:
        self._machine = KeyValueMachine()

    def apply(self, command: bytes) -> bytes:
        """Take the next entry of the log. What clients are told is not looked at."""
        stamp_ms = stamp_of(command)
        self._machine.advance_time(stamp_ms)
        parser = RequestParser()
        parser.feed(command[HEADER_BYTES:])
        for request in parser.take(_ALL):
            self._machine.apply(request, stamp_ms)
        return b""

    def snapshot(self) -> bytes:
        """The content as a snapshot holds it."""
        return b"".join(self._machine.snapshot())

    def restore(self, content: bytes) -> None:
        """What is folded is never restored."""
        raise NotImplementedError
