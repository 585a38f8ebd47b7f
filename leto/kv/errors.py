"""The errors that commands answer, in Redis's words.

Responsible for texts alone. They are values: whoever sends a wrong command gets
one of these, and nothing has changed.
"""

from typing import Final

from leto.resp import ErrorReply

SYNTAX: Final = ErrorReply("ERR syntax error")
NOT_AN_INTEGER: Final = ErrorReply("ERR value is not an integer or out of range")
OVERFLOW: Final = ErrorReply("ERR increment or decrement would overflow")
DECREMENT_OVERFLOW: Final = ErrorReply("ERR decrement would overflow")
INVALID_CURSOR: Final = ErrorReply("ERR invalid cursor")
STRING_TOO_BIG: Final = ErrorReply("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
NX_WITH_OTHERS: Final = ErrorReply(
    "ERR NX and XX, GT or LT options at the same time are not compatible"
)
GT_WITH_LT: Final = ErrorReply("ERR GT and LT options at the same time are not compatible")

SESSION_NUMBERS: Final = ErrorReply(
    "ERR numbers of a session count from 1, and waiting-from is none that comes later"
)

_SHOWN_BYTES_MAX: Final = 128


def wrong_arity(command: str) -> ErrorReply:
    """The command takes another number of arguments."""
    return ErrorReply(f"ERR wrong number of arguments for '{command}' command")


def invalid_expire_time(command: str) -> ErrorReply:
    """The due time is no time, or past what 64 bits hold."""
    return ErrorReply(f"ERR invalid expire time in '{command}' command")


def unsupported_option(option: bytes) -> ErrorReply:
    """An option of EXPIRE that does not exist."""
    return ErrorReply(f"ERR Unsupported option {_shown(option, len(option))}")


def unknown_subcommand(command: str, subcommand: bytes) -> ErrorReply:
    """A container of commands does not hold this one."""
    shown = _shown(subcommand, _SHOWN_BYTES_MAX)
    return ErrorReply(f"ERR unknown subcommand '{shown}'. Try {command.upper()} HELP.")


def not_for_sessions(command: str) -> ErrorReply:
    """What changes no key needs no session: it may be repeated as it is, or must not."""
    return ErrorReply(f"ERR '{command}' is not a write, and only writes belong in a session")


def no_session(session_id: int) -> ErrorReply:
    """The session has ended, so nobody knows any more what became of its commands."""
    return ErrorReply(
        f"NOSESSION {session_id} is no session, or no longer: not performed now,"
        " but perhaps when it came before"
    )


def reply_forgotten(number: int) -> ErrorReply:
    """The client said that it waits for no reply so old."""
    return ErrorReply(
        f"FORGOTTEN the reply to number {number}, which the session has given up waiting for:"
        " not performed now, but perhaps when it came before"
    )


def too_many_unanswered(session_id: int) -> ErrorReply:
    """More replies would have to be remembered than are."""
    return ErrorReply(
        f"BUSY session {session_id} has too many unanswered commands, not applied:"
        " raise waiting-from"
    )


def unknown_command(arguments: tuple[bytes, ...]) -> ErrorReply:
    """There is no command of that name; shows the beginning of what was sent."""
    shown = ""
    for argument in arguments[1:]:
        if len(shown) >= _SHOWN_BYTES_MAX:
            break
        shown += f"'{_shown(argument, _SHOWN_BYTES_MAX - len(shown))}' "
    name = _shown(arguments[0], _SHOWN_BYTES_MAX)
    return ErrorReply(f"ERR unknown command '{name}', with args beginning with: {shown}")


def _shown(text: bytes, bytes_max: int) -> str:
    """What C's `%.*s` prints: up to a NUL or the limit. Foreign bytes leave as they came."""
    return text.partition(b"\0")[0][:bytes_max].decode("utf-8", "surrogateescape")
