"""Binding the listening ports."""

import socket
from collections.abc import Sequence

import pytest

from leto.server.addresses import Address
from leto_adapters import listening
from leto_adapters.listening import CannotListen, listen


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def close(sockets: Sequence[socket.socket]) -> None:
    for opened in sockets:
        opened.close()


@pytest.mark.parametrize("host", ["", "*"])
def test_no_host_means_every_interface(host: str) -> None:
    port = free_port()

    sockets = listen(Address(host, port))

    socket.create_connection(("127.0.0.1", port)).close()
    close(sockets)


@pytest.mark.skipif(not listening._has_ipv6(), reason="this machine has no IPv6")
def test_no_host_means_ipv6_too() -> None:
    port = free_port()

    sockets = listen(Address("", port))

    socket.create_connection(("::1", port)).close()
    close(sockets)


def test_machine_without_ipv6_listens_on_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_has_ipv6", lambda: False)

    sockets = listen(Address("", free_port()))

    assert [socket.AF_INET] == [opened.family for opened in sockets]
    close(sockets)


def test_used_port_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(CannotListen) as refusal:
            listen(Address("127.0.0.1", port))

    assert refusal.value.in_use
    assert f"cannot listen on 127.0.0.1:{port}: another process listens there" == str(refusal.value)


def test_port_used_on_one_interface_is_refused_and_lets_go_of_the_others() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotListen):
            listen(Address("", port))

    close(listen(Address("", port)))


def test_what_can_be_no_name_of_a_host_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"^'a\.\.b' is no name of a host$") as refusal:
        listen(Address("a..b", 5379))

    assert not refusal.value.in_use


def test_host_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:5379: ") as refusal:
        listen(Address("192.0.2.1", 5379))

    assert not refusal.value.in_use
