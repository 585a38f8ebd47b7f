"""A server of the next minor version says more, and is understood all the same."""

from random import Random

from leto.raft.types import NodeId
from leto.server import Server, Settings
from leto.server.world import (
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    DialId,
    Order,
    Port,
    Transmit,
)
from leto.wire import WIRE_MINOR, ClusterId, FrameReader, Hello, decode, encode
from leto_sim.clock import SECOND
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.newer import FROM_THE_FUTURE, NewerServer
from leto_sim.server_level.scenario import ServerScenario

LINK = ConnectionId(7)
HELLO = Hello(
    cluster_id=ClusterId(1),
    node_id=NodeId(2),
    name="id1",
    incarnation=1,
    peer_address="10.0.0.1:15379",
    client_address="10.0.0.1:5379",
    blank=False,
)


class Speaker(Server):
    """Transmits what it is given, whatever happens."""

    def __init__(self, data: bytes) -> None:
        super().__init__(Settings(name="id1"), Random(1))
        self.data = data

    def handle(self, fact: object, now: int, unix_ms: int) -> list[Order]:
        return [Transmit(LINK, self.data)]


def test_what_it_says_to_a_peer_is_of_the_next_version() -> None:
    newer = NewerServer(Speaker(encode(HELLO)))

    (order,) = newer.handle(ConnectionAccepted(LINK, Port.PEER, "here", "there"), 0, 0)

    assert isinstance(order, Transmit)
    hello, unknown = FrameReader().feed(order.data)
    said = decode(hello)
    assert isinstance(said, Hello)
    assert (WIRE_MINOR + 1, HELLO.name) == (said.minor, said.name)
    assert len(hello.body) > len(encode(HELLO))
    assert FROM_THE_FUTURE == unknown.type


def test_what_it_says_to_clients_is_left_alone() -> None:
    newer = NewerServer(Speaker(b"+OK\r\n"))

    orders = newer.handle(ConnectionAccepted(LINK, Port.CLIENT, "here", "there"), 0, 0)

    assert [Transmit(LINK, b"+OK\r\n")] == orders


def test_what_it_asks_as_a_client_is_left_alone() -> None:
    join = b"*3\r\n$4\r\nJOIN\r\n$3\r\nid2\r\n$9\r\n10.0.0.2:1\r\n"
    newer = NewerServer(Speaker(join))

    orders = newer.handle(ConnectionDialled(DialId(1), LINK, "here", "there"), 0, 0)

    assert [Transmit(LINK, join)] == orders


def test_a_link_that_has_ended_is_forgotten() -> None:
    newer = NewerServer(Speaker(encode(HELLO)))
    newer.handle(ConnectionAccepted(LINK, Port.PEER, "here", "there"), 0, 0)

    orders = newer.handle(ConnectionClosed(LINK, "closed"), 0, 0)

    assert [Transmit(LINK, encode(HELLO))] == orders


def test_old_and_new_servers_form_a_cluster() -> None:
    cluster = ServerCluster(ServerScenario(seed=1, newer=0b010))

    while not cluster.is_whole:
        assert cluster.scheduler.now < 30 * SECOND
        cluster.scheduler.step()

    assert [False, True, False] == [machine.is_newer for machine in cluster.machines]
