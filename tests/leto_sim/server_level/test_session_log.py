"""What the log makes of sessions, and which answers that allows."""

import pytest

from leto.resp import ErrorReply, encode_request
from leto.server.commit.batches import FORMAT_VERSION, HEADER
from leto.sessions import SESSION_TTL_MS
from leto_sim.result import PropertyViolated
from leto_sim.server_level.session_log import SessionLog

NO_SESSION = ErrorReply("NOSESSION 1 is no session, or no longer")
REGISTER = (b"SESSION", b"REGISTER")


def perform(number: int, waiting_from: int = 1, session_id: int = 1) -> tuple[bytes, ...]:
    numbers = (session_id, number, waiting_from)
    return (b"SESSION", b"PERFORM", *(b"%d" % one for one in numbers), b"INCR", b"s0")


def entry(stamp_ms: int, *commands: tuple[bytes, ...]) -> bytes:
    return HEADER.pack(FORMAT_VERSION, stamp_ms) + b"".join(map(encode_request, commands))


@pytest.fixture
def log() -> SessionLog:
    """One with a session of which two commands were performed."""
    log = SessionLog()
    log.read(entry(5, (b"SET", b"k", b"v"), REGISTER))
    log.read(entry(6, perform(1), perform(2), (b"GET", b"k")))
    return log


def test_each_number_counts_once(log: SessionLog) -> None:
    log.read(entry(7, perform(1), perform(3), perform(3)))

    assert {b"s0": 3} == log.tallies


def test_a_number_that_nobody_waits_for_any_more_is_not_performed(log: SessionLog) -> None:
    log.read(entry(7, perform(5, waiting_from=5), perform(4)))

    assert {b"s0": 3} == log.tallies


def test_an_answer_is_what_the_command_came_to(log: SessionLog) -> None:
    log.opened(1)
    log.told((1, 2), 2)

    log.settle({b"s0": b"2"})

    log.told((1, 1), 2)
    with pytest.raises(PropertyViolated, match="number 1 of session 1 is answered 2, and is 1"):
        log.settle({})


def test_what_was_never_performed_has_no_answer(log: SessionLog) -> None:
    log.told((1, 3), 3)

    with pytest.raises(PropertyViolated, match="number 3 of session 1 is answered 3, and is None"):
        log.settle({})


def test_a_session_that_lives_is_known(log: SessionLog) -> None:
    log.read(entry(6 + SESSION_TTL_MS, perform(3)))
    log.told((1, 3), NO_SESSION)

    with pytest.raises(PropertyViolated, match="and is 3, while its session lives"):
        log.settle({})


def test_a_session_that_was_idle_too_long_has_ended(log: SessionLog) -> None:
    log.read(entry(7 + SESSION_TTL_MS, perform(3)))
    log.told((1, 3), NO_SESSION)

    log.settle({b"s0": b"2"})

    assert {b"s0": 2} == log.tallies


def test_time_passes_by_every_entry_and_never_goes_back(log: SessionLog) -> None:
    log.read(entry(7 + SESSION_TTL_MS))
    log.read(entry(8, perform(3)))

    assert {b"s0": 2} == log.tallies


def test_two_clients_have_two_sessions(log: SessionLog) -> None:
    log.opened(1)

    with pytest.raises(PropertyViolated, match="session 1 is given to two clients"):
        log.opened(1)


def test_a_session_is_opened_by_the_log_alone(log: SessionLog) -> None:
    log.opened(2)

    with pytest.raises(PropertyViolated, match="session 2 is in no log"):
        log.settle({})


@pytest.mark.parametrize("held", [None, b"1", b"3"])
def test_a_tally_comes_as_far_as_it_was_counted(log: SessionLog, held: bytes | None) -> None:
    with pytest.raises(PropertyViolated, match="by 2 commands"):
        log.settle({b"s0": held})


def test_what_is_given_up_with_a_quorum_is_counted_anew(log: SessionLog) -> None:
    first = entry(5, REGISTER)

    log.forced([first])
    log.read(entry(7, perform(2)))
    log.told((1, 2), 1)

    assert {b"s0": 1} == log.tallies
    log.settle({b"s0": b"1"})


def test_an_answer_to_what_is_void_may_come_late(log: SessionLog) -> None:
    log.forced([entry(5, REGISTER)])

    log.told((1, 2), 2)

    log.settle({b"s0": None})


def test_what_was_answered_before_is_judged_by_what_was_in_the_log_then(log: SessionLog) -> None:
    log.told((1, 2), 5)

    with pytest.raises(PropertyViolated, match="is answered 5, and is 2"):
        log.forced([])


def test_nothing_is_known_of_clients_whose_session_is_void(log: SessionLog) -> None:
    log.opened(1)

    log.forced([])
    log.read(entry(7, perform(3)))
    log.read(entry(8, REGISTER, perform(1)))
    log.opened(1)
    log.told((1, 3), 9)

    assert log.is_confused
    log.settle({b"s0": b"7"})
