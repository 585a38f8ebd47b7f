"""A client sends pipelines, matches replies, follows the leader, and gives up in time."""

from collections.abc import Sequence
from random import Random

import attrs
import pytest

from leto.resp import OK, ErrorReply, Reply, RequestParser, encode_reply
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    Fact,
    Order,
    PauseReading,
    ResumeReading,
    Started,
    Transmit,
)
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import LOST, Question
from leto_sim.server_level.resp_client import Manners, RespClient

ADDRESSES = ("10.0.0.1:5379", "10.0.0.2:5379")
CALM = Manners(hurry_chance=0.0, leave_chance=0.0)


class Conversation:
    """A client, what it asks, and a hand that plays the network."""

    def __init__(self, manners: Manners = CALM, pipelines: Sequence[int] = (2,)) -> None:
        self.heard: list[Reply] = []
        self._pipelines = list(pipelines)
        self.client = RespClient(ADDRESSES, self._next, Random(1), manners)
        self.now = 0
        self.orders: list[Order] = []
        self.connections = 0

    def _next(self) -> Sequence[Question]:
        count = self._pipelines.pop(0) if self._pipelines else 0
        return [Question((b"PING",), self.heard.append) for _ in range(count)]

    def tell(self, fact: Fact) -> Sequence[Order]:
        self.orders = list(self.client.handle(fact, self.now, 0))
        return self.orders

    def tick(self) -> Sequence[Order]:
        assert self.client.deadline is not None
        self.now = max(self.now, self.client.deadline)
        return self.tell(ClockTicked())

    def connect(self) -> Sequence[Order]:
        (dial,) = [order for order in self.orders if isinstance(order, Dial)]
        self.connections += 1
        connection = ConnectionId(self.connections)
        return self.tell(ConnectionDialled(dial.dial, connection, "here", dial.address))

    def start(self) -> Sequence[Order]:
        self.tell(Started(()))
        return self.connect()

    def reply(self, *replies: Reply) -> Sequence[Order]:
        data = b"".join(encode_reply(reply, 2) for reply in replies)
        return self.tell(BytesReceived(ConnectionId(self.connections), data))

    def dialled(self) -> str:
        (dial,) = [order for order in self.orders if isinstance(order, Dial)]
        return dial.address


def sent_in(orders: Sequence[Order]) -> list[bytes]:
    return [order.data for order in orders if isinstance(order, Transmit)]


def requests_in(orders: Sequence[Order]) -> int:
    parser = RequestParser()
    for order in orders:
        if isinstance(order, Transmit):
            parser.feed(order.data)
    return len(parser.take(100))


def test_it_dials_and_sends_a_pipeline() -> None:
    conversation = Conversation()

    conversation.tell(Started(()))
    dialled = conversation.dialled()
    orders = conversation.connect()

    assert dialled in ADDRESSES
    assert 2 == requests_in(orders)
    assert not conversation.client.is_idle


def test_replies_are_matched_in_order_however_they_are_cut() -> None:
    conversation = Conversation()
    conversation.start()

    for byte in encode_reply(b"one", 2) + encode_reply(2, 2):
        conversation.tell(BytesReceived(ConnectionId(1), bytes([byte])))

    assert [b"one", 2] == conversation.heard
    assert conversation.client.is_idle


def test_next_pipeline_follows_when_the_last_was_answered() -> None:
    conversation = Conversation(pipelines=(1, 0, 3))
    conversation.start()
    conversation.reply(OK)

    nothing_to_ask = conversation.tick()
    orders = conversation.tick()

    assert 0 == requests_in(nothing_to_ask)
    assert 3 == requests_in(orders)


def test_behind_a_farewell_it_sends_nothing_and_waits_to_be_let_go() -> None:
    conversation = Conversation(attrs.evolve(CALM, farewell_chance=1.0), pipelines=(1, 1, 1))
    is_polite = b"QUIT" in b"".join(sent_in(conversation.start()))
    conversation.reply(OK)

    conversation.reply(OK if is_polite else ErrorReply("ERR Protocol error: why"))
    assert conversation.client.is_idle
    conversation.tell(ConnectionClosed(ConnectionId(1), "closed by the other side"))

    conversation.tick()
    assert sent_in(conversation.connect())


def test_whoever_is_not_let_go_hangs_up_in_the_end() -> None:
    conversation = Conversation(attrs.evolve(CALM, farewell_chance=1.0), pipelines=(1,))
    conversation.start()
    conversation.reply(OK)

    orders = conversation.tick()

    assert Close(ConnectionId(1), abort=True) in orders


def test_reply_that_answers_nothing_is_a_violation() -> None:
    conversation = Conversation()
    conversation.start()

    with pytest.raises(PropertyViolated, match="answers nothing"):
        conversation.reply(OK, OK, OK)


def test_reply_that_cannot_be_read_is_a_violation() -> None:
    conversation = Conversation()
    conversation.start()

    with pytest.raises(PropertyViolated, match="cannot be read"):
        conversation.tell(BytesReceived(ConnectionId(1), b"?what\r\n"))


def test_it_goes_where_the_leader_is_said_to_be() -> None:
    conversation = Conversation(pipelines=(1, 1))
    conversation.tell(Started(()))
    other = next(address for address in ADDRESSES if address != conversation.dialled())
    conversation.connect()

    orders = conversation.reply(ErrorReply(f"not leader {other}"))

    assert Close(ConnectionId(1)) in orders
    assert other == conversation.dialled()
    assert 1 == requests_in(conversation.connect())


def test_it_waits_for_the_rest_of_the_pipeline_before_it_goes() -> None:
    conversation = Conversation()
    conversation.tell(Started(()))
    here = conversation.dialled()
    other = next(address for address in ADDRESSES if address != here)
    conversation.connect()

    assert [] == list(conversation.reply(ErrorReply(f"not leader {other}")))


def test_it_asks_again_when_the_leader_is_said_to_be_here() -> None:
    conversation = Conversation(pipelines=(1, 1))
    conversation.tell(Started(()))
    here = conversation.dialled()
    conversation.connect()

    orders = conversation.reply(ErrorReply(f"not leader {here}"))

    assert [] == list(orders)
    assert 1 == requests_in(conversation.tick())


def test_leader_at_an_unknown_address_is_a_violation() -> None:
    conversation = Conversation(pipelines=(1,))
    conversation.start()

    with pytest.raises(PropertyViolated, match="sent to a member"):
        conversation.reply(ErrorReply("not leader :5379"))


def test_it_loses_patience_and_everything_outstanding() -> None:
    conversation = Conversation()
    conversation.start()

    orders = conversation.tick()

    assert CALM.patience_us == conversation.now
    assert [Close(ConnectionId(1), abort=True)] == orders
    assert [LOST, LOST] == conversation.heard


def test_connection_that_ends_loses_what_is_outstanding_and_is_dialled_again() -> None:
    conversation = Conversation()
    conversation.start()

    conversation.tell(ConnectionClosed(ConnectionId(1), "reset"))
    conversation.tick()

    assert [LOST, LOST] == conversation.heard
    assert conversation.dialled() in ADDRESSES


def test_failed_dial_is_tried_again_after_a_while() -> None:
    conversation = Conversation()
    conversation.tell(Started(()))

    orders = conversation.tell(DialFailed(DialId(1), "refused", refused=True))
    conversation.tick()

    assert [] == list(orders)
    assert isinstance(conversation.orders[0], Dial)
    assert conversation.now > 0


def test_news_of_what_is_over_is_ignored() -> None:
    conversation = Conversation()
    conversation.start()

    late = conversation.tell(ConnectionDialled(DialId(1), ConnectionId(9), "here", ADDRESSES[0]))
    failed = conversation.tell(DialFailed(DialId(1), "refused", refused=True))
    other = conversation.tell(BytesReceived(ConnectionId(9), b"?"))
    closed = conversation.tell(ConnectionClosed(ConnectionId(9), "reset"))

    assert [Close(ConnectionId(9), abort=True)] == late
    assert [] == [*failed, *other, *closed]
    assert [] == conversation.heard


def test_refused_client_tries_elsewhere_now_and_then() -> None:
    closed = 0
    for _ in range(30):
        conversation = Conversation(pipelines=(1,))
        conversation.client = RespClient(
            ADDRESSES,
            lambda: [Question((b"PING",), lambda _: None)],
            Random(_),
            CALM,
        )
        conversation.start()
        orders = conversation.reply(ErrorReply("CLUSTERDOWN no leader"))
        closed += Close(ConnectionId(1)) in orders

    assert 5 < closed < 25


def test_hasty_client_sends_more_before_it_is_answered() -> None:
    conversation = Conversation(Manners(hurry_chance=1.0, outstanding_max=4), (2, 2, 2))
    conversation.start()

    second = conversation.tick()
    full = conversation.tick()

    assert 2 == requests_in(second)
    assert 0 == requests_in(full)


def test_rude_client_hangs_up_in_the_middle() -> None:
    conversation = Conversation(Manners(abandon_chance=1.0))

    orders = conversation.start()

    assert Close(ConnectionId(1), abort=True) in orders
    assert [LOST, LOST] == conversation.heard


def test_dozing_client_reads_later() -> None:
    conversation = Conversation(Manners(doze_chance=1.0, hurry_chance=0.0), (1,))

    asleep = conversation.start()
    conversation.reply(OK)
    awake = conversation.tick()

    assert PauseReading(ConnectionId(1)) in asleep
    assert [ResumeReading(ConnectionId(1))] == awake
    assert [OK] == conversation.heard


def test_dial_that_is_under_way_is_not_repeated() -> None:
    conversation = Conversation()
    conversation.tell(Started(()))

    orders = conversation.tell(ClockTicked())

    assert [] == list(orders)
    assert conversation.client.deadline is None
