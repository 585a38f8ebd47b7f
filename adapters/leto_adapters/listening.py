"""The two listening ports of a node, bound before anything else is done.

Responsible for binding, and for a refusal that says what helps. An empty host means
every interface: of IPv4 and, where this machine has it, of IPv6.
"""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from leto.server.addresses import Address

BACKLOG = 511  # as Redis asks for; the kernel caps it at net.core.somaxconn


class CannotListen(Exception):
    """Binding failed; `in_use` if somebody else listens there."""

    def __init__(self, message: str, *, in_use: bool) -> None:
        super().__init__(message)
        self.in_use = in_use


def listen(address: Address) -> Sequence[socket.socket]:
    """Bind to the address, on every host that it means, and listen.

    Raises:
        CannotListen: the port is used, or the host is not one of this machine's.
    """
    with ExitStack() as opened:  # closes them again if not all of them can be had
        try:
            sockets = [
                opened.enter_context(_listening_socket(host, address.port))
                for host in _hosts(address)
            ]
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            reason = "another process listens there" if in_use else error.strerror
            raise CannotListen(f"cannot listen on {address}: {reason}", in_use=in_use) from error
        opened.pop_all()
    return sockets


def _hosts(address: Address) -> Iterator[str]:
    if address.host not in {"", "*"}:
        yield address.host
        return
    yield "0.0.0.0"  # noqa: S104 - asked for
    if _has_ipv6():
        yield "::"


def _listening_socket(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except UnicodeError as error:  # "idna": a label is empty, or longer than 63
        raise CannotListen(f"{host!r} is no name of a host", in_use=False) from error
    opened = socket.socket(family, kind, protocol)
    try:
        # A port whose old connections are still in TIME_WAIT is free.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(where)
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _has_ipv6() -> bool:
    """Whether this machine would let us bind to an IPv6 address at all."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
