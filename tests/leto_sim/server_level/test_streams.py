"""Streams arrive in order, cut anywhere; their ends are told once, or not at all."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    DialFailed,
    DialId,
    Fact,
    OutputBacklog,
    Port,
)
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.pipes import Sockets
from leto_sim.server_level.streams import StreamNetwork

HERE, THERE = "10.0.0.1", "10.0.0.2"
ADDRESS = f"{THERE}:5379"


class Side:
    """A process that only remembers what it was told."""

    def __init__(self, host: str) -> None:
        self.facts: list[Fact] = []
        self.sockets = Sockets(host, self.facts.append)

    @property
    def connection(self) -> ConnectionId:
        return next(iter(self.sockets.ends))

    @property
    def received(self) -> bytes:
        return b"".join(fact.data for fact in self.facts if isinstance(fact, BytesReceived))

    def closings(self) -> list[str]:
        return [fact.reason for fact in self.facts if isinstance(fact, ConnectionClosed)]


class Wire:
    """Two processes on two hosts; the second one listens."""

    def __init__(self, seed: int = 1, weather: StreamWeather | None = None) -> None:
        self.scheduler = Scheduler()
        self.network = StreamNetwork(self.scheduler, seed, weather or StreamWeather())
        self.one, self.other = Side(HERE), Side(THERE)
        self.network.listen(self.other.sockets, Port.CLIENT, ADDRESS)

    def run(self) -> None:
        while self.scheduler.step():
            pass

    def run_for(self, duration_us: int) -> None:
        end = self.scheduler.now + duration_us
        while (due := self.scheduler.next_time) is not None and due <= end:
            self.scheduler.step()

    def connect(self) -> None:
        self.network.dial(self.one.sockets, DialId(7), ADDRESS)
        self.run()

    def send(self, data: bytes, side: Side | None = None) -> None:
        sender = side or self.one
        self.network.transmit(sender.sockets, sender.connection, data)


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.connect()
    return wire


def test_dial_tells_both_ends(wire: Wire) -> None:
    dialled, accepted = wire.one.facts[0], wire.other.facts[0]

    assert isinstance(dialled, ConnectionDialled)
    assert (DialId(7), ADDRESS) == (dialled.dial, dialled.remote)
    assert ConnectionAccepted(ConnectionId(1), Port.CLIENT, ADDRESS, dialled.local) == accepted


def test_dial_is_refused_where_nobody_listens() -> None:
    wire = Wire()

    wire.network.dial(wire.one.sockets, DialId(1), f"{THERE}:99")
    wire.run()

    assert [DialFailed(DialId(1), "connection refused", refused=True)] == wire.one.facts


@pytest.mark.parametrize("path", [(HERE, THERE), (THERE, HERE)])
def test_dial_times_out_when_either_way_is_blocked(path: tuple[str, str]) -> None:
    wire = Wire()
    wire.network.block(*path)

    wire.connect()

    assert [DialFailed(DialId(7), "timed out", refused=False)] == wire.one.facts
    assert wire.scheduler.now >= 2_000_000


def test_refusal_is_lost_on_a_blocked_way_back() -> None:
    wire = Wire()
    wire.network.block(THERE, HERE)

    wire.network.dial(wire.one.sockets, DialId(1), f"{THERE}:99")
    wire.run()

    assert [DialFailed(DialId(1), "timed out", refused=False)] == wire.one.facts


def test_dial_of_a_process_that_ended_meanwhile_comes_to_nothing() -> None:
    wire = Wire()
    wire.network.dial(wire.one.sockets, DialId(1), ADDRESS)

    wire.network.end_process(wire.one.sockets, Random(1))
    wire.run()

    assert not wire.other.facts
    assert not wire.one.facts


def test_failure_of_a_dial_is_not_told_to_a_process_that_ended() -> None:
    wire = Wire()
    wire.network.dial(wire.one.sockets, DialId(1), f"{THERE}:99")
    wire.run_for(110)

    wire.network.end_process(wire.one.sockets, Random(1))
    wire.run()

    assert not wire.one.facts


def test_who_ends_before_the_acceptance_arrives_leaves_a_broken_connection() -> None:
    wire = Wire()
    wire.network.dial(wire.one.sockets, DialId(1), ADDRESS)
    while not wire.other.facts:
        wire.scheduler.step()

    wire.network.end_process(wire.one.sockets, Random(1))
    wire.run()

    assert not wire.one.facts
    assert 1 == len(wire.other.closings())


def test_dial_fails_if_the_connection_is_reset_before_its_owner_knows_of_it() -> None:
    told: set[tuple[type[Fact], ...]] = set()
    for seed in range(30):
        wire = Wire(seed)
        wire.network.dial(wire.one.sockets, DialId(1), ADDRESS)
        while not wire.other.facts:
            wire.scheduler.step()
        wire.network.reset(HERE, THERE)
        wire.run()
        told.add(tuple(type(fact) for fact in wire.one.facts))

    assert {(DialFailed,), (ConnectionDialled, ConnectionClosed)} == told


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=2_000), max_size=20),
    cut_chance=st.sampled_from([0.0, 0.5, 1.0]),
    window=st.sampled_from([1, 100, 10_000]),
    seed=st.integers(0, 1000),
)
def test_bytes_arrive_in_order_however_they_are_cut(
    pieces: list[bytes], cut_chance: float, window: int, seed: int
) -> None:
    weather = StreamWeather(cut_chance=cut_chance, window_bytes=window, slow_chance=0.2)
    wire = Wire(seed, weather)
    wire.connect()

    for piece in pieces:
        wire.send(piece)
    wire.run()

    assert b"".join(pieces) == wire.other.received
    assert all(fact.data for fact in wire.other.facts if isinstance(fact, BytesReceived))


def test_nothing_transmitted_is_nothing_received(wire: Wire) -> None:
    wire.send(b"")
    wire.run()

    assert not wire.other.received


def test_slow_reader_is_told_as_backlog_and_its_end_too() -> None:
    wire = Wire(weather=StreamWeather(window_bytes=10, cut_chance=0.0))
    wire.connect()
    wire.network.pause(wire.other.sockets, wire.other.connection)

    wire.send(b"x" * 25)
    wire.run()
    backlog_while_paused = wire.one.facts[-1]
    wire.network.resume(wire.other.sockets, wire.other.connection)
    wire.run()

    assert OutputBacklog(ConnectionId(1), 15) == backlog_while_paused
    assert OutputBacklog(ConnectionId(1), 0) == wire.one.facts[-1]
    assert b"x" * 25 == wire.other.received


def test_paused_connection_delivers_nothing_until_resumed(wire: Wire) -> None:
    wire.network.pause(wire.other.sockets, wire.other.connection)
    wire.send(b"one")
    wire.send(b"two")
    wire.run()
    received_while_paused = wire.other.received

    wire.network.resume(wire.other.sockets, wire.other.connection)
    wire.run()

    assert b"" == received_while_paused
    assert BytesReceived(ConnectionId(1), b"onetwo") == wire.other.facts[-1]


def test_frozen_process_reads_when_it_is_thawed(wire: Wire) -> None:
    wire.network.freeze(wire.other.sockets)
    wire.send(b"hello")
    wire.run()
    received_while_frozen = wire.other.received

    wire.network.thaw(wire.other.sockets)

    assert b"" == received_while_frozen
    assert b"hello" == wire.other.received


def test_close_lets_everything_leave_first() -> None:
    wire = Wire(weather=StreamWeather(window_bytes=4))
    wire.connect()
    wire.send(b"the last words")

    wire.network.close(wire.one.sockets, wire.one.connection, abort=False)
    wire.network.transmit(wire.one.sockets, wire.one.connection, b"too late")
    wire.run()

    assert b"the last words" == wire.other.received
    assert ["closed here"] == wire.one.closings()
    assert ["closed by the other side"] == wire.other.closings()


def test_close_with_unread_input_resets_the_peer(wire: Wire) -> None:
    wire.network.pause(wire.one.sockets, wire.one.connection)
    wire.send(b"never read", wire.other)
    wire.run()

    wire.network.close(wire.one.sockets, wire.one.connection, abort=False)
    wire.network.close(wire.one.sockets, wire.one.connection, abort=False)
    wire.run()

    assert ["closed here"] == wire.one.closings()
    assert 1 == len(wire.other.closings())


def test_abort_may_lose_a_suffix_of_what_was_sent() -> None:
    received: set[bytes] = set()
    for seed in range(30):
        wire = Wire(seed)
        wire.connect()
        wire.send(b"a")
        wire.send(b"b")
        wire.network.close(wire.one.sockets, wire.one.connection, abort=True)
        wire.run()
        received.add(wire.other.received)
        assert ["aborted here"] == wire.one.closings()
        assert 1 == len(wire.other.closings())

    assert {b"", b"ab"} < received | {b"x"}


def test_orders_about_a_connection_that_has_ended_are_in_vain(wire: Wire) -> None:
    connection = wire.one.connection
    wire.network.close(wire.one.sockets, connection, abort=True)
    wire.run()

    wire.network.transmit(wire.one.sockets, connection, b"x")
    wire.network.pause(wire.one.sockets, connection)
    wire.network.resume(wire.one.sockets, connection)
    wire.network.close(wire.one.sockets, connection, abort=False)
    wire.run()

    assert ["aborted here"] == wire.one.closings()


def test_blocked_path_delivers_in_order_when_it_heals(wire: Wire) -> None:
    wire.network.block(HERE, THERE)
    wire.network.block(HERE, THERE)
    wire.send(b"one ")
    wire.run()
    wire.send(b"two ")
    wire.network.unblock(HERE, THERE)
    wire.run()
    received_while_blocked = wire.other.received

    wire.network.unblock(HERE, THERE)
    wire.send(b"three")
    wire.run()

    assert b"" == received_while_blocked
    assert b"one two three" == wire.other.received


def test_path_that_is_blocked_again_delivers_when_it_heals_for_good(wire: Wire) -> None:
    wire.network.block(HERE, THERE)
    wire.send(b"one")
    wire.run()
    wire.network.unblock(HERE, THERE)
    wire.network.block(HERE, THERE)
    wire.run()

    wire.network.unblock(HERE, THERE)
    wire.network.unblock(HERE, THERE)
    wire.run()

    assert b"one" == wire.other.received


def test_end_of_a_process_reaches_its_peer_well_or_badly() -> None:
    reasons: set[str] = set()
    for seed in range(20):
        wire = Wire(seed)
        wire.connect()
        wire.network.end_process(wire.other.sockets, Random(seed))
        wire.run()
        reasons.update(wire.one.closings())
        assert not wire.other.closings()

    assert {"closed by the other side", "connection reset by peer"} == reasons


def test_nobody_listens_where_a_process_ended(wire: Wire) -> None:
    wire.network.listen(wire.one.sockets, Port.CLIENT, f"{HERE}:5379")
    wire.network.end_process(wire.other.sockets, Random(1))
    wire.run()

    wire.network.dial(wire.one.sockets, DialId(8), ADDRESS)
    wire.run()

    assert DialFailed(DialId(8), "connection refused", refused=True) == wire.one.facts[-1]


def test_power_cut_leaves_the_peer_half_open_until_it_sends(wire: Wire) -> None:
    wire.network.cut_power(wire.other.sockets, THERE)
    wire.run()
    wire.send(b"anybody there?")
    wire.run()
    closings_in_the_dark = wire.one.closings()

    wire.network.restore_power(THERE)
    wire.run()

    assert [] == closings_in_the_dark
    assert ["connection reset by peer"] == wire.one.closings()


def test_power_cut_loses_what_was_not_received(wire: Wire) -> None:
    wire.network.block(HERE, THERE)
    wire.send(b"lost")

    wire.network.cut_power(wire.one.sockets, HERE)
    wire.run()
    wire.network.restore_power(HERE)
    wire.network.unblock(HERE, THERE)
    wire.run()

    assert b"" == wire.other.received
    assert [] == wire.other.closings()


def test_power_of_a_host_without_process_can_be_cut(wire: Wire) -> None:
    wire.network.end_process(wire.other.sockets, Random(1))
    wire.network.cut_power(None, THERE)

    wire.network.dial(wire.one.sockets, DialId(9), ADDRESS)
    wire.run()

    assert DialFailed(DialId(9), "timed out", refused=False) == wire.one.facts[-1]


@pytest.mark.parametrize("fate", ["abort", "power cut"])
def test_nothing_arrives_behind_what_was_lost(fate: str) -> None:
    """A piece waits behind a blocked path, another is under way, and the sender goes."""
    wire = Wire(weather=StreamWeather(delay_least_us=1_000, cut_chance=0.0))
    wire.connect()
    wire.network.block(HERE, THERE)
    wire.send(b"first")
    wire.run()
    wire.send(b"second")
    if fate == "abort":
        wire.network.close(wire.one.sockets, wire.one.connection, abort=True)
    else:
        wire.network.cut_power(wire.one.sockets, HERE)
        wire.network.restore_power(HERE)
    wire.network.unblock(HERE, THERE)
    wire.run()

    assert b"" == wire.other.received


def test_piece_that_is_lost_with_its_host_takes_the_next_with_it() -> None:
    wire = Wire(weather=StreamWeather(delay_least_us=1_000, delay_tail_us=0, cut_chance=0.0))
    wire.connect()
    wire.send(b"first")  # arrives after 1,000 us
    wire.scheduler.after(500, wire.send, b"second")
    wire.scheduler.after(600, wire.network.cut_power, wire.one.sockets, HERE)
    wire.scheduler.after(1_200, wire.network.restore_power, HERE)
    wire.run()

    assert b"" == wire.other.received


def test_lost_reset_leaves_the_sender_half_open_until_the_path_heals(wire: Wire) -> None:
    wire.network.block(THERE, HERE)
    wire.network.close(wire.other.sockets, wire.other.connection, abort=True)
    wire.send(b"hello?")
    wire.run()
    closings_while_blocked = wire.one.closings()

    wire.network.unblock(THERE, HERE)
    wire.run()

    assert [] == closings_while_blocked
    assert ["connection reset by peer"] == wire.one.closings()


def test_reset_ends_both_ends_with_what_they_have_not_read(wire: Wire) -> None:
    wire.network.pause(wire.other.sockets, wire.other.connection)
    wire.send(b"unread")
    wire.run()

    wire.network.reset(HERE, THERE)
    wire.run()

    assert ["connection reset by the network"] == wire.one.closings()
    assert ["connection reset by the network"] == wire.other.closings()
    assert b"" == wire.other.received


def test_backlog_of_a_connection_that_ended_is_not_told() -> None:
    wire = Wire(weather=StreamWeather(window_bytes=1))
    wire.connect()
    wire.send(b"abc")

    wire.network.close(wire.one.sockets, wire.one.connection, abort=True)
    wire.run()

    assert not any(isinstance(fact, OutputBacklog) for fact in wire.one.facts)


def test_same_seed_gives_the_same_times() -> None:
    moments: list[int] = []
    for _ in range(2):
        wire = Wire(5, StreamWeather(slow_chance=0.5))
        wire.connect()
        wire.send(b"x" * 1000)
        wire.run()
        moments.append(wire.scheduler.now)

    assert moments[0] == moments[1]
