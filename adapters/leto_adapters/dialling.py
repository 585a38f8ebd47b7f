"""Opening a connection to `host:port`, and saying why there is none.

Responsible for name resolution, the time limit, and the difference between "nobody
listens there" and everything else, which `leto.server` cares about.
"""

import asyncio
import os
import socket
from collections.abc import Callable

from leto.server.addresses import parse_address

DIAL_TIMEOUT_S = 2.0


class CannotConnect(Exception):
    """There is no connection; `refused` if the other side answered that nobody listens."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


async def connect(address: str, protocol: Callable[[], asyncio.Protocol]) -> None:
    """Connect a protocol to the first host behind the address that answers.

    Raises:
        CannotConnect: none did, in time.
    """
    try:
        async with asyncio.timeout(DIAL_TIMEOUT_S):
            await _connect(address, protocol)
    except TimeoutError as error:
        raise CannotConnect(f"no answer within {DIAL_TIMEOUT_S:g} s") from error
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        raise CannotConnect(_in_words(error), refused=refused) from error


async def _connect(address: str, protocol: Callable[[], asyncio.Protocol]) -> None:
    target = parse_address(address)
    if target is None:
        raise CannotConnect(f"{address!r} is no address")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # "idna": a label is empty, or longer than 63
        raise CannotConnect(f"{target.host!r} is no name of a host") from error
    failures: list[OSError] = []
    for *_, where in found:
        try:
            await loop.create_connection(protocol, str(where[0]), int(where[1]))
        except OSError as error:
            failures.append(error)
        else:
            return
    # One host that did not refuse may be alive: that is what is worth telling.
    failures.sort(key=lambda failure: isinstance(failure, ConnectionRefusedError))
    raise failures[0]


def _in_words(error: OSError) -> str:
    """The system's words; a resolver's errors have negative numbers, and words of their own."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)
