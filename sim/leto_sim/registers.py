"""The state machine that the simulated nodes replicate unless a user brings another.

Responsible for registers that are written and read.
"""

import zlib

from leto.machine import StateMachine

_KEY_BYTES = 2
_VALUE_BYTES = 6
_FINGERPRINT_BYTES = 4
_ITEM_BYTES = _KEY_BYTES + _VALUE_BYTES


class Registers(StateMachine):
    """Numbered registers, and a fingerprint of every command that led here.

    The fingerprint makes two machines differ for ever once they applied different
    commands, even if later writes cover the difference.
    """

    def __init__(self) -> None:
        self._values: dict[int, int] = {}
        self._fingerprint = 0

    def apply(self, command: bytes) -> bytes:
        """Writes a register; there is nothing to return."""
        key, value = decode_write(command)
        self._values[key] = value
        self._fingerprint = zlib.crc32(command, self._fingerprint)
        return b""

    def read(self, key: int) -> int | None:
        """The register's value; None if it was never written."""
        return self._values.get(key)

    def snapshot(self) -> bytes:
        """The fingerprint and the registers, by number."""
        if not self._values:
            return b""
        items = [encode_write(key, value) for key, value in sorted(self._values.items())]
        return self._fingerprint.to_bytes(_FINGERPRINT_BYTES, "big") + b"".join(items)

    def restore(self, content: bytes) -> None:
        """What `snapshot` gave."""
        self._fingerprint = int.from_bytes(content[:_FINGERPRINT_BYTES], "big")
        items = range(_FINGERPRINT_BYTES, len(content), _ITEM_BYTES)
        self._values = dict(decode_write(content[at : at + _ITEM_BYTES]) for at in items)


def encode_write(key: int, value: int) -> bytes:
    """The command that writes the register."""
    return key.to_bytes(_KEY_BYTES, "big") + value.to_bytes(_VALUE_BYTES, "big")


def decode_write(command: bytes) -> tuple[int, int]:
    """The register and the value of such a command."""
    return (
        int.from_bytes(command[:_KEY_BYTES], "big"),
        int.from_bytes(command[_KEY_BYTES:], "big"),
    )
