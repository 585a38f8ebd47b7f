"""What is replicated: a counter. Three methods are a state machine; Leto asks for no more."""


class Counter:
    """Adds up. The same commands in the same order make the same counter on every node."""

    def __init__(self) -> None:
        self.value = 0

    def apply(self, command: bytes) -> bytes:
        """Add a number; return the new value."""
        self.value += decoded(command)
        return encoded(self.value)

    def snapshot(self) -> bytes:
        """All there is, so that the log need not be kept for ever."""
        return encoded(self.value)

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was."""
        self.value = decoded(content)


def encoded(number: int) -> bytes:
    """A number as bytes: commands and results are bytes to Leto."""
    return number.to_bytes(16, "big", signed=True)


def decoded(number: bytes) -> int:
    """Undoes `encoded`."""
    return int.from_bytes(number, "big", signed=True)
