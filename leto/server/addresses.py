"""Addresses as people write them: `host:port`, `:port`, `[::1]:port`.

Responsible for taking them apart and for the one judgement that membership
needs: whether a host means "this machine only". It resolves no name.
"""

import attrs

PORT_MAX = 65_535
HOST_LENGTH_MAX = 253  # of a name in the DNS


@attrs.frozen
class Address:
    """A host, empty for "every interface", and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def names_a_host(self) -> bool:
        """Whether somebody else could dial it."""
        return self.host not in {"", "*", "0.0.0.0", "::"}  # noqa: S104 - nothing is bound here

    @property
    def is_loopback(self) -> bool:
        """Whether it means the machine that dials it."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


def parse_address(text: str) -> Address | None:
    """The address that `text` spells, or None if it spells none."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > len(str(PORT_MAX)):
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None  # an IPv6 address needs its brackets, or its last group is the port
    if (
        int(port) > PORT_MAX
        or len(host) > HOST_LENGTH_MAX
        or any(not c.isprintable() or c.isspace() for c in host)
    ):
        return None
    return Address(host, int(port))
