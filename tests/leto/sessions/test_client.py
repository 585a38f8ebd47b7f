"""The client's side of a session."""

import pytest

from leto.sessions import Reply, Session, Verdict, close, perform, register, registered, reply_of
from leto.sessions.client import encode_reply


def test_commands_have_the_bytes_of_the_format() -> None:
    numbers = [bytes(7) + bytes([number]) for number in (4, 5, 6, 7)]

    assert b"\x01" + numbers[0] + bytes(24) == register(4)
    assert b"\x02" + b"".join(numbers) + b"body" == perform(5, 6, 7, b"body", stamp_ms=4)
    assert b"\x03" + numbers[0] + numbers[1] + bytes(16) == close(5, 4)


def test_command_says_the_lowest_number_that_is_waited_for() -> None:
    session = Session(5)
    first, second = session.command(b"a", 4), session.command(b"b", 4)
    session.answered(first[0])

    third = session.command(b"c", 4)

    assert (1, perform(5, 1, 1, b"a", stamp_ms=4)) == first
    assert (2, perform(5, 2, 1, b"b", stamp_ms=4)) == second
    assert (3, perform(5, 3, 2, b"c", stamp_ms=4)) == third


def test_reply_is_read_as_it_was_written() -> None:
    reply = Reply(Verdict.DONE, b"result")

    assert reply == reply_of(encode_reply(reply))


def test_reply_to_a_registration_names_the_session() -> None:
    assert 258 == registered(Reply(Verdict.DONE, bytes(6) + b"\x01\x02"))


def test_empty_reply_is_none_of_ours() -> None:
    with pytest.raises(ValueError, match="empty"):
        reply_of(b"")


def test_reply_to_something_else_registers_nothing() -> None:
    with pytest.raises(ValueError, match="no session"):
        registered(Reply(Verdict.NO_SESSION))
