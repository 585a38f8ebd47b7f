"""What the log makes of sessions, counted anew (§6.3).

Responsible for following the commands of sessions through the log: which session lives
when each of them is applied, what it performs, and to what that comes; and for holding
clients' answers against it. The log is read as bytes, with an arithmetic of its own:
no code of the server has to be believed, but for how long a session may be idle.

A session is idle too long when more than its time to live lies between two stamps. Stamps
are those of entries: a wall clock that jumps by a day takes every session with it, as soon
as it is a new leader's, and its clients are rightly told NOSESSION.
"""

from collections.abc import Iterable, Mapping
from re import compile as pattern
from typing import Final, TypeAlias

import attrs

from leto.resp import ErrorReply, Reply
from leto.sessions import SESSION_TTL_MS
from leto_sim.judging import EXACTLY_ONCE
from leto_sim.result import PropertyViolated
from leto_sim.server_level.fold import stamp_of

_WORD: Final = rb"\$\d+\r\n(%b)\r\n"
_COMMAND: Final = pattern(
    rb"\r\nSESSION\r\n(?:"
    + _WORD % rb"REGISTER"
    + rb"|\$7\r\nPERFORM\r\n"
    + (_WORD % rb"\d+") * 3
    + rb"\$4\r\nINCR\r\n"
    + _WORD % rb"[a-z0-9]+"
    + rb")"
)

Attempt: TypeAlias = tuple[int, int]
"""A session, and which of its commands."""


@attrs.define
class _Session:
    """A session as of the last entry that was read."""

    active_ms: int
    waiting_from: int = 1
    results: dict[int, int] = attrs.field(factory=dict[int, int])  # by number: what it came to


class SessionLog:
    """The sessions of a run, and the tallies that they count up."""

    def __init__(self) -> None:
        self.tallies: dict[bytes, int] = {}  # how far each has come
        self.stamp_ms = 0  # the latest
        self._sessions: list[_Session] = []  # the first has the id 1
        self._too_late: dict[Attempt, None] = {}  # came when the session had ended
        self._told: list[tuple[Attempt, Reply]] = []
        self._opened: dict[int, None] = {}
        self._void: dict[Attempt, list[int]] = {}  # what was answered, and given up with a quorum
        self._is_confused = False  # ids were given up that clients still use

    @property
    def count(self) -> int:
        """How many have ever been opened."""
        return len(self._sessions)

    def open_results(self, session_id: int) -> int:
        """How many results of that session its client may still ask for."""
        if session_id > len(self._sessions):
            return 0
        session = self._sessions[session_id - 1]
        return sum(number >= session.waiting_from for number in session.results)

    def read(self, data: bytes) -> None:
        """The next entry of the log. To be called once for each, in order."""
        self.stamp_ms = max(self.stamp_ms, stamp_of(data))
        if b"SESSION" not in data:
            return
        for registered, session_id, number, waiting_from, key in _COMMAND.findall(data):
            if registered:
                self._sessions.append(_Session(self.stamp_ms))
            else:
                self._perform(int(session_id), int(number), int(waiting_from), key)

    def opened(self, session_id: int) -> None:
        """A client was given this session."""
        if session_id in self._opened and not self._is_confused:
            raise PropertyViolated(EXACTLY_ONCE, f"session {session_id} is given to two clients")
        self._opened[session_id] = None

    @property
    def is_confused(self) -> bool:
        """Whether ids were given up that clients still use: what they count means nothing."""
        return self._is_confused

    def told(self, attempt: Attempt, reply: Reply) -> None:
        """A client was told this of its command; it is judged in the end."""
        self._told.append((attempt, reply))

    def forced(self, kept: Iterable[bytes]) -> None:
        """A quorum is given up; the log goes on behind these entries.

        If a session is given up, its client goes on with an id that the next one is given,
        too: of those nothing can be said any more.
        """
        if not self._is_confused:
            self._check_opened()
            for attempt, reply in self._told:
                self._judge(*attempt, reply)
        self._told.clear()
        before, self._sessions = self._sessions, list[_Session]()
        self.tallies.clear()
        self.stamp_ms = 0
        for data in kept:
            self.read(data)
        self._is_confused |= len(self._sessions) < len(before)
        for session_id, session in enumerate(before, 1):
            for number, result in session.results.items():
                self._void.setdefault((session_id, number), []).append(result)

    def settle(self, holds: Mapping[bytes, Reply]) -> None:
        """The log has been read; this is what the state machines hold in the end."""
        if self._is_confused:
            return
        self._check_opened()
        for attempt, reply in self._told:
            self._judge(*attempt, reply)
        for key, held in holds.items():
            tally, count = int(held) if isinstance(held, bytes) else 0, self.tallies.get(key, 0)
            if tally != count:
                raise PropertyViolated(
                    EXACTLY_ONCE, f"{key!r} has come to {tally} by {count} commands"
                )

    def _check_opened(self) -> None:
        for session_id in self._opened:
            if session_id > len(self._sessions):
                raise PropertyViolated(EXACTLY_ONCE, f"session {session_id} is in no log")

    def _perform(self, session_id: int, number: int, waiting_from: int, key: bytes) -> None:
        if self._is_confused and session_id > len(self._sessions):
            return
        session = self._sessions[session_id - 1]
        if self.stamp_ms - session.active_ms > SESSION_TTL_MS:
            self._too_late[session_id, number] = None
            return
        session.active_ms = self.stamp_ms
        session.waiting_from = max(session.waiting_from, waiting_from)
        if number >= session.waiting_from and number not in session.results:
            self.tallies[key] = session.results[number] = self.tallies.get(key, 0) + 1

    def _judge(self, session_id: int, number: int, reply: Reply) -> None:
        expected: int | str | None = self._sessions[session_id - 1].results.get(number)
        if isinstance(reply, ErrorReply) and reply.message.startswith("NOSESSION"):
            if (session_id, number) in self._too_late:
                return
            expected = f"{expected}, while its session lives"
        if reply != expected and reply not in self._void.get((session_id, number), ()):
            raise PropertyViolated(
                EXACTLY_ONCE,
                f"number {number} of session {session_id} is answered {reply!r}, and is {expected}",
            )
