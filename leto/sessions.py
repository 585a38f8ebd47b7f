"""Exactly-once client sessions: a state machine around a state machine (§6.3).

Responsible for performing each command of a client once, however often it is
replicated: a client that hears nothing sends the same command again, and gets the
result of the first time. It knows neither the log nor the clients' connections;
the wrapped machine does not know it.

A client registers, numbers its commands from 1, and says with each one the lowest
number that it still waits for; results below that are forgotten. A session ends
when it is closed, when the log's time has left it behind, or when there are too
many; every node ends the same session at the same command, since all of that is in
the log.

    command   kind (1 byte) | stamp, milliseconds (8) | session (8) | number (8)
              | lowest number waited for (8) | the wrapped machine's command
    reply     verdict (1 byte) | the wrapped machine's result, or the new session (8)

Invariants:
    1. The wrapped machine sees a command of a session at most once.
    2. Sessions are in the order in which they were last active, and their stamps
       never fall: so those that are due stand in front.
"""

from enum import IntEnum
from struct import Struct
from struct import error as StructError  # noqa: N812 - an exception, named like one
from typing import Final

import attrs

from leto.machine import StateMachine

SESSION_TTL_MS: Final = 3_600_000  # §6.3 has sessions expire after an hour or so
SESSIONS_MAX: Final = 100_000
COMMANDS_IN_FLIGHT_MAX: Final = 1_000  # results kept for one session

_COMMAND: Final = Struct(">BQQQQ")
_VERDICT: Final = Struct(">B")
_SESSION: Final = Struct(">Q")
_SNAPSHOT: Final = Struct(">QQI")  # stamp, sessions ever registered, sessions that live
_LIVE: Final = Struct(">QQQI")  # session, last active, answered below, results
_RESULT: Final = Struct(">QI")  # number, size


class Kind(IntEnum):
    """What a command asks for."""

    REGISTER = 1
    PERFORM = 2
    CLOSE = 3


class Verdict(IntEnum):
    """What became of a command."""

    DONE = 0  # performed, now or when it came first
    NO_SESSION = 1  # the session has ended: whether it was performed is not known any more
    FORGOTTEN = 2  # below what the client said it still waited for
    TOO_MANY = 3  # more commands are unanswered than are remembered: not performed
    MALFORMED = 4  # not a command of a session


@attrs.frozen
class Reply:
    """A verdict, and with DONE the result."""

    verdict: Verdict
    result: bytes = b""


@attrs.define
class _Session:
    active_ms: int
    answered_below: int = 1
    results: dict[int, bytes] = attrs.field(factory=dict[int, bytes])  # by number


class Sessions:
    """A `StateMachine` that makes another one exactly-once.

    Args:
        machine: the one to wrap.
        ttl_ms: a session ends when it was idle for so much of the log's time.
        sessions_max: the one idle longest ends when there would be more.
    """

    def __init__(
        self,
        machine: StateMachine,
        *,
        ttl_ms: int = SESSION_TTL_MS,
        sessions_max: int = SESSIONS_MAX,
    ) -> None:
        self._machine = machine
        self._ttl_ms = ttl_ms
        self._sessions_max = sessions_max
        self._stamp_ms = 0
        self._registered = 0
        self._sessions: dict[int, _Session] = {}  # invariant 2

    @property
    def count(self) -> int:
        """How many sessions live."""
        return len(self._sessions)

    def apply(self, command: bytes) -> bytes:
        """Perform a command of `register`, `perform` or `close`; return its reply."""
        try:
            kind, stamp_ms, session_id, number, answered_below = _COMMAND.unpack_from(command)
        except StructError:
            return _encoded(Verdict.MALFORMED)
        self._advance_time(stamp_ms)
        match kind:
            case Kind.REGISTER:
                return _encoded(Verdict.DONE, _SESSION.pack(self._register()))
            case Kind.PERFORM:
                body = command[_COMMAND.size :]
                return self._perform(session_id, number, answered_below, body)
            case Kind.CLOSE:
                ended = self._sessions.pop(session_id, None)
                return _encoded(Verdict.NO_SESSION if ended is None else Verdict.DONE)
            case _:
                return _encoded(Verdict.MALFORMED)

    def snapshot(self) -> bytes:
        """The sessions with what they remember, and the wrapped machine."""
        parts = [_SNAPSHOT.pack(self._stamp_ms, self._registered, len(self._sessions))]
        for session_id, session in self._sessions.items():
            numbers = (session_id, session.active_ms, session.answered_below)
            parts.append(_LIVE.pack(*numbers, len(session.results)))
            for number, result in session.results.items():
                parts += (_RESULT.pack(number, len(result)), result)
        return b"".join((*parts, self._machine.snapshot()))

    def restore(self, content: bytes) -> None:
        """Replace everything by what a snapshot holds."""
        self._stamp_ms, self._registered, count = _SNAPSHOT.unpack_from(content)
        self._sessions.clear()
        offset = _SNAPSHOT.size
        for _ in range(count):
            session_id, active_ms, answered_below, results = _LIVE.unpack_from(content, offset)
            offset += _LIVE.size
            session = self._sessions[session_id] = _Session(active_ms, answered_below)
            for _ in range(results):
                number, size = _RESULT.unpack_from(content, offset)
                offset += _RESULT.size
                session.results[number] = content[offset : offset + size]
                offset += size
        self._machine.restore(content[offset:])

    def _advance_time(self, stamp_ms: int) -> None:
        self._stamp_ms = max(self._stamp_ms, stamp_ms)  # a new leader's clock may be behind
        due = self._stamp_ms - self._ttl_ms
        while self._sessions:
            oldest = next(iter(self._sessions))
            if self._sessions[oldest].active_ms >= due:
                break
            del self._sessions[oldest]

    def _register(self) -> int:
        self._registered += 1
        if len(self._sessions) >= self._sessions_max:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[self._registered] = _Session(self._stamp_ms)
        return self._registered

    def _perform(self, session_id: int, number: int, answered_below: int, command: bytes) -> bytes:
        session = self._sessions.pop(session_id, None)
        if session is None:
            return _encoded(Verdict.NO_SESSION)
        session.active_ms = self._stamp_ms
        self._sessions[session_id] = session  # last now: invariant 2
        _forget_answered(session, answered_below)
        if number in session.results:
            return _encoded(Verdict.DONE, session.results[number])
        if number < session.answered_below:
            return _encoded(Verdict.FORGOTTEN)
        if len(session.results) >= COMMANDS_IN_FLIGHT_MAX:
            return _encoded(Verdict.TOO_MANY)
        result = session.results[number] = self._machine.apply(command)
        return _encoded(Verdict.DONE, result)


def _forget_answered(session: _Session, answered_below: int) -> None:
    if answered_below > session.answered_below:
        session.answered_below = answered_below
        for number in [number for number in session.results if number < answered_below]:
            del session.results[number]


def _encoded(verdict: Verdict, result: bytes = b"") -> bytes:
    return _VERDICT.pack(verdict) + result


# --- the client's side ---------------------------------------------------------------


def register(stamp_ms: int) -> bytes:
    """The command that opens a session; `registered` reads its reply."""
    return _COMMAND.pack(Kind.REGISTER, stamp_ms, 0, 0, 0)


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
    return _COMMAND.pack(Kind.PERFORM, stamp_ms, session_id, number, waiting_from) + body


def close(session_id: int, stamp_ms: int) -> bytes:
    """The command that ends a session."""
    return _COMMAND.pack(Kind.CLOSE, stamp_ms, session_id, 0, 0)


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
    if reply.verdict is not Verdict.DONE or len(reply.result) != _SESSION.size:
        raise ValueError(f"no session was registered: {reply}")
    (session_id,) = _SESSION.unpack(reply.result)
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
