"""Exactly-once sessions as a state machine around a state machine (§6.3).

Responsible for performing each command of a client once, however often it is
replicated: a client that hears nothing sends the same command again, and gets the
result of the first time. It knows neither the log nor the clients' connections;
the wrapped machine does not know it. The rules are those of `table`, the bytes of
commands and replies those of `client`.
"""

from struct import error as StructError  # noqa: N812 - an exception, named like one

from leto.machine import StateMachine
from leto.sessions.client import COMMAND, SESSION, Kind, encode_reply
from leto.sessions.snapshot import SessionsReader, write_sessions
from leto.sessions.table import SESSION_TTL_MS, SESSIONS_MAX, Reply, SessionTable, Verdict


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
        self._table = SessionTable(ttl_ms=ttl_ms, sessions_max=sessions_max)

    @property
    def count(self) -> int:
        """How many sessions live."""
        return self._table.count

    def apply(self, command: bytes) -> bytes:
        """Perform a command of `register`, `perform` or `close`; return its reply."""
        return encode_reply(self._reply(command))

    def snapshot(self) -> bytes:
        """The sessions with what they remember, and the wrapped machine."""
        return b"".join((*write_sessions(self._table.freeze()), self._machine.snapshot()))

    def restore(self, content: bytes) -> None:
        """Replace everything by what a snapshot holds."""
        reader = SessionsReader(self._table)
        at = reader.read(content, 0)
        assert reader.is_done, "a snapshot of sessions has all of them"
        self._machine.restore(content[at:])

    def _reply(self, command: bytes) -> Reply:
        try:
            kind, stamp_ms, session_id, number, waiting_from = COMMAND.unpack_from(command)
        except StructError:
            return Reply(Verdict.MALFORMED)
        self._table.advance_time(stamp_ms)
        match kind:
            case Kind.REGISTER:
                return Reply(Verdict.DONE, SESSION.pack(self._table.register()))
            case Kind.PERFORM:
                body = command[COMMAND.size :]
                return self._table.perform(
                    session_id, number, waiting_from, lambda: self._machine.apply(body)
                )
            case Kind.CLOSE:
                return Reply(self._table.close(session_id))
            case _:
                return Reply(Verdict.MALFORMED)
