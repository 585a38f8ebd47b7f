"""A server's life is shown to the checkers: what it is told, orders, writes and applies."""

import pytest

from leto.raft.entries import Command, Entry
from leto.raft.messages import AppendEntriesResponse
from leto.raft.types import EntryId, NodeId
from leto.resp import encode_request
from leto.server import Limits
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    DiskJob,
    Log,
    LogLevel,
    Port,
    Stop,
    StopRequested,
    Transmit,
    WriteAt,
)
from leto.wire import ClusterId, Hello, encode
from leto_sim.checkers.panel import Panel
from leto_sim.clock import SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.fold import FoldedMachine
from leto_sim.server_level.operator import ServerOperator, is_carried_out
from leto_sim.server_level.platter import ServerPlatter
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.watch import ServerLife

ONE = ConnectionId(1)
CLIENT = ConnectionAccepted(ONE, Port.CLIENT, "here", "there")
HELLO = Hello(
    cluster_id=ClusterId(1),
    node_id=NodeId(3),
    name="id3",
    incarnation=1,
    peer_address="10.0.0.3:15379",
    client_address="10.0.0.3:5379",
    blank=False,
)


@pytest.fixture
def life() -> ServerLife:
    """A life that has not begun to take part."""
    return ServerLife(
        "id1", ServerPlatter("id1", SimulatedDirectory()), Panel(), Promises(), Limits()
    )


def test_server_must_not_close_a_clients_connection(life: ServerLife) -> None:
    life.told(CLIENT, 0)

    with pytest.raises(PropertyViolated, match="never closed in place of an answer"):
        life.ordered(Close(ONE), 0)


def test_server_may_close_what_is_no_clients(life: ServerLife) -> None:
    life.told(ConnectionAccepted(ONE, Port.PEER, "here", "there"), 0)
    life.told(ConnectionAccepted(ConnectionId(2), Port.CLIENT, "here", "there"), 0)
    life.told(ConnectionClosed(ConnectionId(2), "reset"), 0)

    life.ordered(Close(ONE), 0)
    life.ordered(Close(ConnectionId(2)), 0)

    assert not life.has_begun


@pytest.mark.parametrize("stopping", ["asked", "of itself"])
def test_server_that_stops_may_close_everything(life: ServerLife, stopping: str) -> None:
    life.told(CLIENT, 0)
    if stopping == "asked":
        life.told(StopRequested("the operator wants it"), 0)
    else:
        life.ordered(Stop(1, "the disk has failed"), 0)

    life.ordered(Close(ONE), 0)

    assert 0 == life.node_id


def test_life_that_has_not_begun_shows_nothing(life: ServerLife) -> None:
    life.told(ClockTicked(), 0)
    life.ordered(Log(LogLevel.INFO, "something"), 0)
    life.ordered(DiskJob(1, (WriteAt("notes", 0, b"x"),)), 0)
    life.handled(0)
    life.ended()

    assert not life.has_begun


class Alone:
    """A server that leads a cluster of one, in a life that has begun."""

    def __init__(self) -> None:
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=1))
        while not self.cluster.is_whole:
            assert self.cluster.scheduler.now < 20 * SECOND
            self.cluster.scheduler.step()

    @property
    def machine(self) -> Machine:
        return self.cluster.machines[0]

    @property
    def life(self) -> ServerLife:
        assert self.machine.life is not None
        return self.machine.life


@pytest.fixture
def alone() -> Alone:
    return Alone()


def test_life_that_has_begun_shows_what_the_server_ordered_and_what_is_durable(
    alone: Alone,
) -> None:
    life = alone.life

    assert life.has_begun
    assert alone.machine.node_id == life.node_id
    assert life.status.last_log == life.memory.last == life.platter.last
    assert alone.cluster.panel.commits == life.status.commit_index


def test_entry_that_was_not_committed_must_not_be_applied(alone: Alone) -> None:
    index = alone.life.status.commit_index + 1
    alone.life.applies((Entry(EntryId(term=9, index=index), Command(b"")),))

    with pytest.raises(PropertyViolated, match="state machine safety"):
        alone.life.handled(0)


def test_stranger_beside_the_member_whose_name_it_bears_is_a_violation(alone: Alone) -> None:
    alone.life.replaces = alone.life.node_id  # as if it were its own predecessor

    with pytest.raises(PropertyViolated, match="stranger until the old member has left"):
        alone.life.handled(0)


def test_stranger_in_the_place_of_who_has_left_is_welcome(alone: Alone) -> None:
    alone.life.replaces = type(alone.life.node_id)(7)

    alone.life.handled(0)

    assert alone.life.has_begun


def test_restored_snapshot_takes_the_place_of_what_was_applied_before() -> None:
    alone = Alone()
    server = alone.machine
    heard: list[bytes] = []
    ask(alone, heard, b"SET", b"k", b"v")
    ask(alone, heard, b"SNAPSHOT")
    alone.cluster.kill(server)
    alone.cluster.start(server)

    ask(alone, heard, b"SET", b"k", b"w")

    assert alone.life.platter.snapshot is not None
    assert 3 == len(heard)


def test_a_snapshot_that_is_named_holds_what_was_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = Alone()
    heard: list[bytes] = []
    ask(alone, heard, b"SET", b"k", b"v")

    def snapshot(_: FoldedMachine) -> bytes:
        return b"what is right"

    monkeypatch.setattr(FoldedMachine, "snapshot", snapshot)

    with pytest.raises(PropertyViolated, match="holds something else than the commands up to it"):
        ask(alone, heard, b"SNAPSHOT")


def ask(alone: Alone, heard: list[bytes], *arguments: bytes) -> None:
    count = len(heard)
    operator = ServerOperator(alone.cluster)
    operator.ask(
        alone.cluster.addresses, arguments, is_carried_out, lambda _: heard.append(arguments[0])
    )
    while len(heard) == count:
        assert alone.cluster.scheduler.now < 60 * SECOND
        alone.cluster.scheduler.step()


def test_what_a_server_says_is_held_against_its_disk() -> None:
    cluster = ServerCluster(ServerScenario(seed=1))
    while not cluster.is_whole:
        cluster.scheduler.step()
    follower = next(m.life for m in cluster.machines if m.life not in (None, cluster.leader))
    assert follower is not None
    link = ConnectionId(999)
    follower.told(ConnectionAccepted(link, Port.PEER, "here", "there"), 0)
    follower.told(BytesReceived(link, encode(HELLO)), 0)
    term = follower.status.current_term
    lie = AppendEntriesResponse(term=term, round=1, match_index=10**6)

    with pytest.raises(PropertyViolated, match="only what is durable is attested"):
        follower.ordered(Transmit(link, encode(lie)), 0)


def test_server_that_owes_an_answer_for_too_long_is_noticed(life: ServerLife) -> None:
    life.told(CLIENT, 0)
    life.told(BytesReceived(ONE, b"PING\r\n"), 0)

    with pytest.raises(PropertyViolated, match="no answer is late"):
        life.handled(10 * SECOND)


def test_who_is_said_to_have_left_is_a_member_no_more(alone: Alone) -> None:
    life = alone.life
    life.told(CLIENT, 0)
    life.told(BytesReceived(ONE, encode_request((b"LEAVE", b"id1"))), 0)
    life.ordered(Transmit(ONE, b"+OK\r\n"), 0)

    with pytest.raises(PropertyViolated, match="id1 says that id1 has left"):
        life.handled(0)


@pytest.mark.parametrize("reply", [b"-ERR no such member\r\n", b"+OK\r\n"])
def test_of_who_is_no_member_anything_may_be_said(alone: Alone, reply: bytes) -> None:
    life = alone.life
    life.told(CLIENT, 0)
    life.told(BytesReceived(ONE, encode_request((b"LEAVE", b"nobody"))), 0)
    life.ordered(Transmit(ONE, reply), 0)

    life.handled(0)

    assert life.has_begun


def test_a_connection_is_not_shown_what_was_before(alone: Alone) -> None:
    life, promises = alone.life, alone.cluster.promises
    promises.asked(b"<a.1>")
    promises.applied([Entry(EntryId(term=1, index=10**6), Command(b"%9d<a.1>" % 0))])
    life.told(CLIENT, 0)
    life.told(BytesReceived(ONE, encode_request((b"GET", b"o0")) * 2), 0)
    life.ordered(Transmit(ONE, b"$5\r\n<a.1>\r\n_\r\n"), 0)

    with pytest.raises(PropertyViolated, match="reads on one connection go forwards"):
        life.handled(0)
