"""SESSION: what is asked for once is done once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.kv import errors
from leto.kv.commands import Function
from leto.kv.keyspace import Keyspace
from leto.kv.session_commands import session_reply
from leto.resp import OK, ErrorReply, Reply, Request
from leto.sessions import COMMANDS_IN_FLIGHT_MAX, SessionTable

PERFORM = (b"SESSION", b"PERFORM")


class Machine:
    """A keyspace with sessions."""

    def __init__(self) -> None:
        self.keyspace = Keyspace()
        self.table = SessionTable()

    def ask(self, *arguments: bytes) -> Reply:
        return session_reply(self.table, (b"SESSION", *arguments), self._execute)

    def _execute(self, function: Function, request: Request) -> Reply:
        return function(self.keyspace, request, 0)


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    assert 1 == machine.ask(b"REGISTER")
    return machine


def test_a_command_that_comes_again_is_performed_once_and_answered_alike(machine: Machine) -> None:
    command = (b"PERFORM", b"1", b"1", b"1", b"INCR", b"k")

    replies = [machine.ask(*command) for _ in range(3)]

    assert [1, 1, 1] == replies
    assert b"1" == machine.keyspace.get(b"k")


def test_another_number_is_another_command(machine: Machine) -> None:
    machine.ask(b"PERFORM", b"1", b"1", b"1", b"INCR", b"k")

    assert 2 == machine.ask(b"perform", b"1", b"2", b"1", b"incr", b"k")


@pytest.mark.parametrize(
    "command",
    [
        (b"SET", b"k", b"v", b"GET"),
        (b"SET", b"new", b"v", b"GET"),
        (b"SET", b"k", b"v"),
        (b"INCR", b"k"),
        (b"EXPIRE", b"k", b"\xff"),
        (b"EXPIRE", b"k", b"1", b"\xff"),
        (b"SET", b"k", b"v", b"\r\n"),
    ],
)
def test_every_kind_of_reply_is_repeated_as_it_was(machine: Machine, command: Request) -> None:
    other = Machine()
    for keyspace in (machine.keyspace, other.keyspace):
        keyspace.put(b"k", b"old\r\n")
    other.ask(b"REGISTER")

    first = machine.ask(b"PERFORM", b"1", b"1", b"1", *command)

    assert first == machine.ask(b"PERFORM", b"1", b"1", b"1", *command)
    assert first == other.ask(b"PERFORM", b"1", b"1", b"1", *command)


@given(st.binary(max_size=20))
def test_any_value_is_repeated_as_it_was(value: bytes) -> None:
    machine = Machine()
    machine.ask(b"REGISTER")
    machine.keyspace.put(b"k", value)
    command = (b"PERFORM", b"1", b"1", b"1", b"SET", b"k", b"new", b"GET")

    assert [value, value] == [machine.ask(*command), machine.ask(*command)]


def test_a_session_is_closed_once(machine: Machine) -> None:
    assert OK == machine.ask(b"CLOSE", b"1")

    assert errors.no_session(1) == machine.ask(b"CLOSE", b"1")
    assert errors.no_session(1) == machine.ask(b"PERFORM", b"1", b"1", b"1", b"INCR", b"k")


def test_a_reply_that_was_given_up_is_not_known_any_more(machine: Machine) -> None:
    machine.ask(b"PERFORM", b"1", b"1", b"1", b"INCR", b"k")
    machine.ask(b"PERFORM", b"1", b"2", b"2", b"INCR", b"k")

    again = machine.ask(b"PERFORM", b"1", b"1", b"1", b"INCR", b"k")

    assert errors.reply_forgotten(1) == again


def test_too_many_unanswered_commands_are_refused(machine: Machine) -> None:
    numbers = [b"%d" % number for number in range(1, COMMANDS_IN_FLIGHT_MAX + 2)]
    for number in numbers[:-1]:
        machine.ask(b"PERFORM", b"1", number, b"1", b"INCR", b"k")

    reply = machine.ask(b"PERFORM", b"1", numbers[-1], b"1", b"INCR", b"k")

    assert errors.too_many_unanswered(1) == reply


@pytest.mark.parametrize(
    "arguments, error",
    [
        ((b"PERFORM", b"x", b"1", b"1", b"INCR", b"k"), errors.NOT_AN_INTEGER),
        ((b"PERFORM", b"1", b"x", b"1", b"INCR", b"k"), errors.NOT_AN_INTEGER),
        ((b"PERFORM", b"1", b"1", b"x", b"INCR", b"k"), errors.NOT_AN_INTEGER),
        ((b"PERFORM", b"1", b"0", b"0", b"INCR", b"k"), errors.SESSION_NUMBERS),
        ((b"PERFORM", b"1", b"1", b"2", b"INCR", b"k"), errors.SESSION_NUMBERS),
        ((b"PERFORM", b"9", b"1", b"1", b"INCR", b"k"), errors.no_session(9)),
        ((b"PERFORM", b"-1", b"1", b"1", b"INCR", b"k"), errors.no_session(-1)),
        ((b"PERFORM", b"1", b"1", b"1", b"GET", b"k"), errors.not_for_sessions("get")),
        ((b"PERFORM", b"1", b"1", b"1", b"PING"), errors.not_for_sessions("ping")),
        (
            (b"PERFORM", b"1", b"1", b"1", b"SESSION", b"REGISTER"),
            errors.not_for_sessions("session"),
        ),
        ((b"PERFORM", b"1", b"1", b"1", b"nosuch"), errors.unknown_command((b"nosuch",))),
        ((b"PERFORM", b"1", b"1", b"1", b"INCR"), errors.wrong_arity("incr")),
        ((b"PERFORM", b"1", b"1", b"1"), errors.wrong_arity("session|perform")),
        ((b"REGISTER", b"x"), errors.wrong_arity("session|register")),
        ((b"CLOSE",), errors.wrong_arity("session|close")),
        ((b"HELP", b"x"), errors.wrong_arity("session|help")),
        ((b"CLOSE", b"x"), errors.NOT_AN_INTEGER),
        ((b"nosuch",), errors.unknown_subcommand("session", b"nosuch")),
    ],
)
def test_what_makes_no_sense_is_told_and_changes_nothing(
    machine: Machine, arguments: Request, error: ErrorReply
) -> None:
    before = machine.table.freeze()

    assert error == machine.ask(*arguments)

    assert before == machine.table.freeze()
    assert machine.keyspace.get(b"k") is None


def test_help_names_every_subcommand(machine: Machine) -> None:
    lines = machine.ask(b"HELP")

    assert isinstance(lines, tuple)
    assert len(lines) > 4
