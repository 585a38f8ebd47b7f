"""The client's side of a session: its commands' bytes, and who numbers them.

Responsible for what `Sessions` takes and returns, and for a client that counts.

    command   kind (1 byte) | stamp, milliseconds (8) | session (8) | number (8)
              | lowest number waited for (8) | the wrapped machine's command
    reply     verdict (1 byte) | the wrapped machine's result, or the new session (8)
"""

from enum import IntEnum
from struct import Struct
from typing import Final

import attrs

from leto.sessions.table import Reply, Verdict

COMMAND: Final = Struct(">BQQQQ")
SESSION: Final = Struct(">Q")
_VERDICT: Final = Struct(">B")


class Kind(IntEnum):
    """What a command asks for."""

    REGISTER = 1
    PERFORM = 2
    CLOSE = 3


def register(stamp_ms: int) -> bytes:
    """The command that opens a session; `registered` reads its reply."""
    return COMMAND.pack(Kind.REGISTER, stamp_ms, 0, 0, 0)


def perform(
    session_id: int, number: int, waiting_from: int, body: bytes, *, stamp_ms: int
) -> bytes:
    """The command that has the wrapped machine perform `body`, once.

    Args:
        session_id: whose command it is.
        number: which of its commands; another one has another number.
        waiting_from: the lowest number whose reply is still waited for.
        body: the wrapped machine's command.
        stamp_ms: the time, for the sessions' expiry.
    """
    return COMMAND.pack(Kind.PERFORM, stamp_ms, session_id, number, waiting_from) + body


def close(session_id: int, stamp_ms: int) -> bytes:
    """The command that ends a session."""
    return COMMAND.pack(Kind.CLOSE, stamp_ms, session_id, 0, 0)


def encode_reply(reply: Reply) -> bytes:
    """What `Sessions` returns; `reply_of` reads it."""
    return _VERDICT.pack(reply.verdict) + reply.result


def reply_of(encoded: bytes) -> Reply:
    """What `Sessions.apply` returned.

    Raises:
        ValueError: it never returned that.
    """
    if not encoded:
        raise ValueError("an empty reply")
    return Reply(Verdict(encoded[0]), encoded[1:])


def registered(reply: Reply) -> int:
    """The session that a `register` opened.

    Raises:
        ValueError: it was not the reply to a `register`.
    """
    if reply.verdict is not Verdict.DONE or len(reply.result) != SESSION.size:
        raise ValueError(f"no session was registered: {reply}")
    (session_id,) = SESSION.unpack(reply.result)
    return int(session_id)


@attrs.define
class Session:
    """A client's side of a session: numbers commands, and remembers what is unanswered.

    What `command` returns is sent, and sent again as it is, until there is a reply.
    """

    session_id: int
    _next_number: int = 1
    _unanswered: dict[int, None] = attrs.field(factory=dict[int, None])  # ascending

    def command(self, body: bytes, stamp_ms: int) -> tuple[int, bytes]:
        """A number for `answered`, and the bytes to replicate."""
        number = self._next_number
        self._next_number += 1
        self._unanswered[number] = None
        lowest = next(iter(self._unanswered))
        return number, perform(self.session_id, number, lowest, body, stamp_ms=stamp_ms)

    def answered(self, number: int) -> None:
        """The reply has come: nobody will ask for it again."""
        self._unanswered.pop(number, None)
