"""Addresses as people write them."""

import pytest

from leto.server.addresses import Address, parse_address


@pytest.mark.parametrize(
    "text,host,port",
    [
        ("127.0.0.1:5379", "127.0.0.1", 5379),
        (":5379", "", 5379),
        ("[::1]:5379", "::1", 5379),
        ("db-1.example.org:0", "db-1.example.org", 0),
    ],
)
def test_address_is_taken_apart_and_put_together(text: str, host: str, port: int) -> None:
    address = parse_address(text)

    assert Address(host, port) == address
    assert text == str(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5379",
        "host",
        "host:",
        "host:x",
        "host:65536",
        "host:123456",
        "::1:5379",
        "a b:1",
        "x" * 254 + ":1",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0", "::"])
def test_a_host_that_means_every_interface_names_none(host: str) -> None:
    assert not Address(host, 1).names_a_host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    assert Address(host, 1).is_loopback
    assert not Address("10.0.0.1", 1).is_loopback
