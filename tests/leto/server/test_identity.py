"""Who a node is, and how others reach it."""

import pytest

from leto.raft.types import NodeId
from leto.server import Settings
from leto.server.identity import Identity
from leto.wire import NO_CLUSTER


def identity(settings: Settings) -> Identity:
    return Identity(settings, NodeId(7), incarnation=3)


@pytest.mark.parametrize(
    "settings,seen,peer,client",
    [
        (Settings(name="a"), None, ":15379", ":5379"),
        (Settings(name="a"), "10.0.0.1:40000", "10.0.0.1:15379", "10.0.0.1:5379"),
        (Settings(name="a"), "0.0.0.0:40000", ":15379", ":5379"),
        (Settings(name="a"), "nonsense", ":15379", ":5379"),
        (
            Settings(name="a", peer_bind="10.0.0.2:1", listen="10.0.0.3:2"),
            "10.0.0.1:40000",
            "10.0.0.2:1",
            "10.0.0.3:2",
        ),
        (Settings(name="a", advertise="db"), "10.0.0.1:40000", "db:15379", "db:5379"),
        (Settings(name="a", advertise="db:99"), None, "db:99", "db:5379"),
    ],
)
def test_advertised_addresses(settings: Settings, seen: str | None, peer: str, client: str) -> None:
    node = identity(settings)

    if seen is not None:
        node.learn_host(seen)

    assert peer == str(node.peer_address)
    assert client == str(node.client_address)


def test_the_first_host_that_was_seen_stays() -> None:
    node = identity(Settings(name="a"))

    node.learn_host("10.0.0.1:1")
    node.learn_host("10.0.0.2:1")

    assert "10.0.0.1:15379" == str(node.peer_address)


def test_hello_says_who_we_are() -> None:
    node = identity(Settings(name="a", advertise="db"))

    hello = node.hello(blank=True)

    assert (7, 3, "a", True) == (hello.node_id, hello.incarnation, hello.name, hello.blank)
    assert ("db:15379", "db:5379") == (hello.peer_address, hello.client_address)
    assert NO_CLUSTER == hello.cluster_id


def test_where_others_find_us_counts_more_than_what_was_seen_first() -> None:
    node = identity(Settings(name="a"))
    node.learn_host("10.0.0.1:1")

    node.take_host(":15379")  # of a founder that nobody has found yet
    node.take_host("nonsense")
    before = str(node.peer_address)
    node.take_host("10.0.0.2:15379")

    assert ["10.0.0.1:15379", "10.0.0.2:15379"] == [before, str(node.peer_address)]
