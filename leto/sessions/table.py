"""The table of sessions: who is registered, and what they were answered (§6.3).

Responsible for the rules: a command of a session is performed when it comes first, its
result is kept until the client says that it has it, and sessions end when they are closed,
when the log's time has left them behind, or when there are too many. What a command
is, how it comes and who performs it is somebody else's business: `machine` here, `leto.kv`.

Every node has the same table at the same place of the log, since nothing but commands and
their stamps changes it.

Invariants:
    1. A command of a session is performed at most once.
    2. Sessions are in the order in which they were last active, and their stamps
       never fall: so those that are due stand in front.
    3. A session that is due is never seen again, however far the sweep has come.
    4. A frozen table never changes: a session that it shows is copied before it does.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import IntEnum
from operator import attrgetter
from typing import Final

import attrs

SESSION_TTL_MS: Final = 3_600_000  # §6.3 has sessions expire after an hour or so
SESSIONS_MAX: Final = 100_000
COMMANDS_IN_FLIGHT_MAX: Final = 1_000  # results kept for one session

# Measured: what a session and a result cost beside the result's own bytes.
SESSION_OVERHEAD_BYTES: Final = 450
RESULT_OVERHEAD_BYTES: Final = 110

_active_ms = attrgetter("active_ms")

_SWEPT_SESSIONS: Final = 256  # well below 1 ms


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
class LiveSession:
    """What is known of one session; written by `SessionTable` and whoever restores one."""

    session_id: int
    active_ms: int
    generation: int
    waiting_from: int = 1
    results: dict[int, bytes] = attrs.field(factory=dict[int, bytes])  # by number

    def copy(self, generation: int) -> "LiveSession":
        """The same, to be changed while a frozen table shows this one."""
        return attrs.evolve(self, generation=generation, results=self.results.copy())


@attrs.frozen(kw_only=True)
class FrozenSessions:
    """A table as it was."""

    stamp_ms: int
    registered: int  # ever
    sessions: Sequence[LiveSession]  # not to be changed


class SessionTable:
    """The sessions of one machine.

    Args:
        ttl_ms: a session ends when it was idle for so much of the log's time.
        sessions_max: the one idle longest ends when there would be more.
    """

    def __init__(self, *, ttl_ms: int = SESSION_TTL_MS, sessions_max: int = SESSIONS_MAX) -> None:
        self._ttl_ms = ttl_ms
        self._sessions_max = sessions_max
        self._stamp_ms = 0
        self._registered = 0
        self._generation = 0
        self._sessions: OrderedDict[int, LiveSession] = OrderedDict()  # invariant 2
        self._left_behind: list[OrderedDict[int, LiveSession]] = []  # seen no more, not freed yet
        self._result_count = 0
        self._result_bytes = 0

    @property
    def count(self) -> int:
        """How many sessions live. O(sessions), though quick."""
        sessions = list(self._sessions.values())
        return len(sessions) - self._due_count(sessions)

    @property
    def memory_bytes(self) -> int:
        """An estimate of what sessions and results occupy."""
        return (
            (len(self._sessions) + sum(map(len, self._left_behind))) * SESSION_OVERHEAD_BYTES
            + self._result_count * RESULT_OVERHEAD_BYTES
            + self._result_bytes
        )

    def advance_time(self, stamp_ms: int) -> None:
        """Let time pass, and with it the sessions that were idle too long; never back."""
        self._stamp_ms = max(self._stamp_ms, stamp_ms)  # a new leader's clock may be behind
        if self._left_behind:
            for _ in range(_SWEPT_SESSIONS):
                self._free_one()
        for _ in range(_SWEPT_SESSIONS):
            if not self._sessions or not self._is_due(next(iter(self._sessions.values()))):
                break
            self._drop_oldest()

    def register(self) -> int:
        """Open a session, of an id that no other has ever had."""
        if len(self._sessions) >= self._sessions_max:
            self._drop_oldest()
        self._registered += 1
        session_id = self._registered
        self._sessions[session_id] = LiveSession(session_id, self._stamp_ms, self._generation)
        return session_id

    def close(self, session_id: int) -> Verdict:
        """End a session."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            return Verdict.NO_SESSION
        self._uncount(session)
        return Verdict.NO_SESSION if self._is_due(session) else Verdict.DONE

    def perform(
        self, session_id: int, number: int, waiting_from: int, do: Callable[[], bytes]
    ) -> Reply:
        """Call `do` if this command of the session comes for the first time.

        Args:
            session_id: whose command it is.
            number: which of its commands.
            waiting_from: the lowest number whose result is still waited for.
            do: performs it; returns the result that is to be remembered.
        """
        session = self._sessions.get(session_id)
        if session is None or self._is_due(session):
            return Reply(Verdict.NO_SESSION)
        session = self._touch(session)
        self._forget_answered(session, waiting_from)
        if number in session.results:
            return Reply(Verdict.DONE, session.results[number])
        if number < session.waiting_from:
            return Reply(Verdict.FORGOTTEN)
        if len(session.results) >= COMMANDS_IN_FLIGHT_MAX:
            return Reply(Verdict.TOO_MANY)
        result = session.results[number] = do()
        self._result_count += 1
        self._result_bytes += len(result)
        return Reply(Verdict.DONE, result)

    # --- snapshots -----------------------------------------------------------------------

    def freeze(self) -> FrozenSessions:
        """Take a view that later commands do not change."""
        self._generation += 1
        sessions = list(self._sessions.values())
        del sessions[: self._due_count(sessions)]
        return FrozenSessions(
            stamp_ms=self._stamp_ms, registered=self._registered, sessions=sessions
        )

    def clear(self) -> None:
        """Be as new."""
        self.restore(0, 0)

    def restore(self, stamp_ms: int, registered: int) -> None:
        """Be a table without sessions; those of a snapshot follow, in its order."""
        self._left_behind.append(self._sessions)
        self._sessions = OrderedDict()
        self._result_count = self._result_bytes = 0
        self._stamp_ms = stamp_ms
        self._registered = registered

    def restore_session(self, session_id: int, active_ms: int, waiting_from: int) -> None:
        """Take in the next session of a snapshot."""
        self._free_one()
        self._sessions[session_id] = LiveSession(
            session_id, active_ms, self._generation, waiting_from
        )

    def restore_result(self, session_id: int, number: int, result: bytes) -> None:
        """Take in the next result of a session."""
        self._sessions[session_id].results[number] = result
        self._result_count += 1
        self._result_bytes += len(result)

    # --- inside --------------------------------------------------------------------------

    def _is_due(self, session: LiveSession) -> bool:
        return session.active_ms < self._stamp_ms - self._ttl_ms

    def _due_count(self, sessions: Sequence[LiveSession]) -> int:
        """How many of them all are due: they stand in front (invariant 2)."""
        return bisect_left(sessions, self._stamp_ms - self._ttl_ms, key=_active_ms)

    def _touch(self, session: LiveSession) -> LiveSession:
        """The session as it may be changed, last now: invariants 2 and 4."""
        if session.generation != self._generation:
            session = self._sessions[session.session_id] = session.copy(self._generation)
        session.active_ms = self._stamp_ms
        self._sessions.move_to_end(session.session_id)
        return session

    def _forget_answered(self, session: LiveSession, waiting_from: int) -> None:
        if waiting_from <= session.waiting_from:
            return
        session.waiting_from = waiting_from
        for number in [number for number in session.results if number < waiting_from]:
            self._result_count -= 1
            self._result_bytes -= len(session.results.pop(number))

    def _free_one(self) -> None:
        """Free one of the sessions that a restore has left behind: all at once would take long."""
        if self._left_behind:
            sessions = self._left_behind[-1]
            if sessions:
                sessions.popitem()
            else:
                self._left_behind.pop()

    def _drop_oldest(self) -> None:
        _, session = self._sessions.popitem(last=False)
        self._uncount(session)

    def _uncount(self, session: LiveSession) -> None:
        self._result_count -= len(session.results)
        self._result_bytes -= sum(map(len, session.results.values()))
