"""SESSION: commands that are performed once, however often they come (§6.3).

Responsible for the command's words and its errors. The rules are those of
`leto.sessions.table`, which the machine holds beside the keyspace; executing a command
is the machine's business too.

A command says itself whose it is and which one, so it may come again on any connection, at
any node that leads by then: clients that keep a pool of connections need not know which one
they get. A result is remembered as its bytes in RESP3, which say exactly what it was.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from leto.kv import errors
from leto.kv.commands import Function, Kind, command_for
from leto.resp import (
    OK,
    RESP3,
    ErrorReply,
    Reply,
    ReplyParser,
    Request,
    Simple,
    encode_reply,
    parse_integer,
)
from leto.sessions import Reply as SessionReply
from leto.sessions import SessionTable, Verdict

Execute: TypeAlias = Callable[[Function, Request], Reply]
"""Executes a write on the keyspace, at the log's time."""

_PERFORM_LEAST: Final = 6  # SESSION PERFORM session number waiting-from command
_CLOSE_LENGTH: Final = 3

_HELP: Final = (
    "SESSION <subcommand> [<arg> ...]. Subcommands are:",
    "REGISTER",
    "    Open a session; return its id.",
    "PERFORM <session> <number> <waiting-from> <command> [<arg> ...]",
    "    Perform a write once: the same number again is answered as it was at first.",
    "    Replies to numbers below waiting-from are forgotten.",
    "CLOSE <session>",
    "    End a session.",
    "HELP",
    "    Print this help.",
)


def session_reply(table: SessionTable, arguments: Request, execute: Execute) -> Reply:
    """SESSION, with its subcommand and that one's arguments."""
    subcommand, count = arguments[1].upper(), len(arguments)
    match subcommand:
        case b"REGISTER" if count == 2:  # noqa: PLR2004 - the two words
            return table.register()
        case b"PERFORM" if count >= _PERFORM_LEAST:
            return _perform(table, arguments, execute)
        case b"CLOSE" if count == _CLOSE_LENGTH:
            return _close(table, arguments[2])
        case b"HELP" if count == 2:  # noqa: PLR2004 - the two words
            return tuple(Simple(line) for line in _HELP)
        case b"REGISTER" | b"PERFORM" | b"CLOSE" | b"HELP":
            return errors.wrong_arity(f"session|{subcommand.decode().lower()}")
        case _:
            return errors.unknown_subcommand("session", arguments[1])


def _perform(table: SessionTable, arguments: Request, execute: Execute) -> Reply:
    session_id, number, waiting_from = map(parse_integer, arguments[2:5])
    if session_id is None or number is None or waiting_from is None:
        return errors.NOT_AN_INTEGER
    if not 1 <= waiting_from <= number:
        return errors.SESSION_NUMBERS
    request = arguments[_PERFORM_LEAST - 1 :]
    command = command_for(request)
    if isinstance(command, ErrorReply):
        return command
    function = command.function
    if command.kind is not Kind.WRITE or function is None:
        return errors.not_for_sessions(command.name)
    said = table.perform(
        session_id, number, waiting_from, lambda: encode_reply(execute(function, request), RESP3)
    )
    return _in_redis_words(said, session_id, number)


def _close(table: SessionTable, argument: bytes) -> Reply:
    session_id = parse_integer(argument)
    if session_id is None:
        return errors.NOT_AN_INTEGER
    return OK if table.close(session_id) is Verdict.DONE else errors.no_session(session_id)


def _in_redis_words(said: SessionReply, session_id: int, number: int) -> Reply:
    match said.verdict:
        case Verdict.DONE:
            return _read(said.result)
        case Verdict.NO_SESSION:
            return errors.no_session(session_id)
        case Verdict.FORGOTTEN:
            return errors.reply_forgotten(number)
        case _:
            assert said.verdict is Verdict.TOO_MANY, "MALFORMED is said of bytes alone"
            return errors.too_many_unanswered(session_id)


def _read(encoded: bytes) -> Reply:
    parser = ReplyParser()
    parser.feed(encoded)
    (reply,) = parser.take(1)
    return reply
