"""A server that owes an answer for too long is noticed."""

import pytest

from leto.resp import OK, RESP2, ErrorReply, encode_reply, encode_request
from leto.server import Limits
from leto.server.clients.errors import NO_READ, UNKNOWN
from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    OutputBacklog,
    Port,
    Transmit,
)
from leto_sim.result import PropertyViolated
from leto_sim.server_level.punctuality import Punctuality

CLIENT = ConnectionId(1)
PING = encode_request((b"PING",))
LIMITS = Limits(reply_within_us=1_000, pipeline_commands_max=2, pipeline_bytes_max=100)
LATE = 1_011


@pytest.fixture
def watch() -> Punctuality:
    watch = Punctuality("id1", LIMITS)
    watch.told(ConnectionAccepted(CLIENT, Port.CLIENT, "here", "there"), 0)
    return watch


def ask(watch: Punctuality, count: int, now: int) -> None:
    watch.told(BytesReceived(CLIENT, PING * count), now)


def answer(watch: Punctuality, count: int, now: int) -> None:
    watch.transmitted(Transmit(CLIENT, b"+PONG\r\n" * count), now)


def is_late(watch: Punctuality, now: int) -> bool:
    try:
        watch.handled(now)
    except PropertyViolated:
        return True
    return False


def test_an_answer_that_is_overdue_is_a_violation(watch: Punctuality) -> None:
    ask(watch, 1, 0)

    watch.handled(LATE - 1)
    with pytest.raises(PropertyViolated, match=r"id1 owes a client an answer for 1\.011 ms"):
        watch.handled(LATE)


def test_what_was_answered_is_owed_no_more(watch: Punctuality) -> None:
    ask(watch, 2, 0)
    answer(watch, 2, 500)

    assert not is_late(watch, 10 * LATE)


def test_the_second_of_two_may_be_late_as_well(watch: Punctuality) -> None:
    ask(watch, 2, 0)
    answer(watch, 1, 500)

    assert is_late(watch, LATE)


def test_what_is_beyond_the_pipeline_begins_to_wait_when_there_is_room(watch: Punctuality) -> None:
    ask(watch, 3, 0)
    answer(watch, 2, 900)

    assert not is_late(watch, LATE)
    assert is_late(watch, 900 + LATE)


def test_what_is_beyond_the_bytes_begins_to_wait_after_the_last_answer(watch: Punctuality) -> None:
    ask(watch, 8, 0)
    answer(watch, 1, 900)

    assert not is_late(watch, LATE)
    assert is_late(watch, 900 + LATE)


def test_a_client_that_does_not_read_waits_for_itself(watch: Punctuality) -> None:
    ask(watch, 1, 0)
    watch.told(OutputBacklog(CLIENT, 7), 100)

    assert not is_late(watch, 10 * LATE)
    watch.told(OutputBacklog(CLIENT, 0), 10 * LATE)
    assert not is_late(watch, 11 * LATE - 1)
    assert is_late(watch, 11 * LATE)


@pytest.mark.parametrize("by", ["the client", "the server"])
def test_who_is_gone_waits_for_nothing(watch: Punctuality, by: str) -> None:
    ask(watch, 1, 0)
    if by == "the client":
        watch.told(ConnectionClosed(CLIENT, "reset"), 10)
    else:
        watch.closed(CLIENT)

    assert not is_late(watch, 10 * LATE)


@pytest.mark.parametrize("words", [b"QUIT\r\n", b"*x\r\n"])
def test_who_has_left_is_answered_and_then_let_go(watch: Punctuality, words: bytes) -> None:
    watch.told(BytesReceived(CLIENT, PING + words + PING), 0)
    watch.told(BytesReceived(CLIENT, PING), 0)
    answer(watch, 2, 10)

    with pytest.raises(PropertyViolated, match="id1 keeps a client that has left"):
        watch.handled(10)

    assert watch.closed(CLIENT)


@pytest.mark.parametrize("words", [b"", b"QUIT\r\n"])
def test_who_has_not_left_or_waits_must_not_be_let_go(watch: Punctuality, words: bytes) -> None:
    watch.told(BytesReceived(CLIENT, PING + words), 0)

    assert not watch.closed(CLIENT)


def test_answers_that_others_look_at_are_told(watch: Punctuality) -> None:
    requests = ((b"GET", b"p1"), (b"GET", b"k1"), (b"GET", b"o1"), (b"LEAVE", b"id2"))
    watch.told(BytesReceived(CLIENT, b"".join(map(encode_request, requests))), 7)

    told = watch.transmitted(Transmit(CLIENT, b"$1\r\nx\r\n$1\r\ny\r\n_\r\n+OK\r\n"), 9)

    assert [
        (CLIENT, requests[0], 7, b"x"),
        (CLIENT, requests[2], 7, None),
        (CLIENT, requests[3], 7, OK),
    ] == [(one.connection, one.request, one.asked_at, one.reply) for one in told]


def test_links_are_no_clients(watch: Punctuality) -> None:
    link = ConnectionId(2)
    watch.told(ConnectionAccepted(link, Port.PEER, "here", "there"), 0)
    watch.told(BytesReceived(link, b"anything"), 0)
    watch.told(OutputBacklog(link, 1), 0)
    watch.transmitted(Transmit(link, b"anything"), 0)

    assert not is_late(watch, 10 * LATE)


@pytest.mark.parametrize("error", [UNKNOWN, NO_READ])
def test_who_is_told_too_early_that_nobody_waits_any_longer_is_given_up_on(
    watch: Punctuality, error: ErrorReply
) -> None:
    ask(watch, 1, 0)
    watch.transmitted(Transmit(CLIENT, encode_reply(error, RESP2)), 500)

    assert watch.gave_up_early


def test_what_was_given_up_in_another_event_of_the_moment_is_not_for_this_one(
    watch: Punctuality,
) -> None:
    ask(watch, 1, 0)
    watch.transmitted(Transmit(CLIENT, encode_reply(UNKNOWN, RESP2)), 500)

    watch.handled(500)

    assert not watch.gave_up_early


def test_who_was_waited_for_long_enough_is_not_given_up_on(watch: Punctuality) -> None:
    ask(watch, 1, 0)
    watch.transmitted(Transmit(CLIENT, encode_reply(UNKNOWN, RESP2)), 990)

    assert not watch.gave_up_early


def test_who_does_not_read_waits_for_answers_that_nobody_can_give(watch: Punctuality) -> None:
    ask(watch, 1, 0)
    owed = watch.owes, watch.owes_readers
    watch.told(OutputBacklog(CLIENT, 10), 1)

    assert (True, True) == owed
    assert (True, False) == (watch.owes, watch.owes_readers)
