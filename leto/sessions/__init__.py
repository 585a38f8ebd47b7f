"""Exactly-once client sessions (§6.3): a command that comes again is performed once.

Reading order: `table` (who is registered, and what they were answered), `machine` (a state
machine around a state machine), `client` (the commands that it takes, and who numbers them),
`snapshot` (the table's bytes).
"""

from leto.sessions.client import Session, close, perform, register, registered, reply_of
from leto.sessions.machine import Sessions
from leto.sessions.table import (
    COMMANDS_IN_FLIGHT_MAX,
    SESSION_TTL_MS,
    SESSIONS_MAX,
    Reply,
    SessionTable,
    Verdict,
)

__all__ = [
    "COMMANDS_IN_FLIGHT_MAX",
    "SESSIONS_MAX",
    "SESSION_TTL_MS",
    "Reply",
    "Session",
    "SessionTable",
    "Sessions",
    "Verdict",
    "close",
    "perform",
    "register",
    "registered",
    "reply_of",
]
