"""The key-value store as a deterministic state machine on bytes keys.

It knows no log, no network and no clock. Reading order: `machine` (the whole),
`commands` (the table), `strings`, `keys`, `scan` and `session_commands` (what they do),
`keyspace` (where it is kept, and time), `snapshot` (its bytes), `introspection`
(COMMAND), `glob`, `errors`.
"""

from leto.kv.commands import COMMANDS, Command, Kind, command_for, find_command
from leto.kv.introspection import command_reply
from leto.kv.machine import SNAPSHOT_CHUNK_BYTES, KeyValueMachine
from leto.kv.snapshot import SnapshotUnreadable

__all__ = [
    "COMMANDS",
    "SNAPSHOT_CHUNK_BYTES",
    "Command",
    "KeyValueMachine",
    "Kind",
    "SnapshotUnreadable",
    "command_for",
    "command_reply",
    "find_command",
]
