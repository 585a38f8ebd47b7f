"""Opening connections, and why there is none."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from leto_adapters import dialling
from leto_adapters.dialling import CannotConnect, connect

AddressInfo = tuple[int, int, int, str, tuple[str, int]]


@asynccontextmanager
async def listening_port() -> AsyncGenerator[int]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    async def getaddrinfo(*_: object, **__: object) -> Sequence[AddressInfo]:
        return [(2, 1, 6, "", address) for address in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


class Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


def test_connects_to_a_host_by_name() -> None:
    async def scenario() -> None:
        client = Client()
        async with listening_port() as port:
            await connect(f"localhost:{port}", lambda: client)
            await client.ended.wait()

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".org"])
def test_what_can_be_no_name_of_a_host_is_a_failure_too(host: str) -> None:
    assert f"'{host}' is no name of a host" == str(failure(f"{host}:1"))


def failure(address: str) -> CannotConnect:
    with pytest.raises(CannotConnect) as raised:
        asyncio.run(connect(address, asyncio.Protocol))
    return raised.value


def test_refusal_of_every_address_is_a_refusal() -> None:
    refused = failure(f"localhost:{closed_port()}")

    assert refused.refused
    assert "Connection refused" == str(refused)


def test_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        client = Client()
        async with listening_port() as port:
            resolve_to(monkeypatch, ("127.0.0.1", closed_port()), ("127.0.0.1", port))
            await connect(f"two-addresses:{port}", lambda: client)
            await client.ended.wait()

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux's error")
def test_host_that_did_not_refuse_on_every_address_may_be_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broadcast = ("255.255.255.255", 9)
    resolve_to(monkeypatch, ("127.0.0.1", closed_port()), broadcast)

    unreachable = failure("two-addresses:9")

    assert not unreachable.refused


def test_silence_ends_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(dialling, "DIAL_TIMEOUT_S", 0.01)
    monkeypatch.setattr(dialling, "_connect", silence)

    unanswered = failure("192.0.2.1:5379")

    assert not unanswered.refused
    assert "no answer within 0.01 s" == str(unanswered)


def test_unknown_host_is_told_as_such() -> None:
    unknown = failure("no-such-host.invalid:5379")

    assert not unknown.refused
    assert "Name or service not known" == str(unknown)


@pytest.mark.parametrize("address", ["nonsense", "::1:5379", "host:99999"])
def test_what_is_no_address_is_told_as_such(address: str) -> None:
    assert f"{address!r} is no address" == str(failure(address))
