"""Raft as a state machine: events in, actions out, no I/O (sans-IO).

Reading order: `types`, `entries`, `configuration`, `messages`, `events`,
`actions` say what there is; `log`, `write_lane`, `progress`, `roles`, `state`
hold it; `election`, `replication`, `commitment`, `snapshots`, `membership`,
`reads` are the rules; `node` is the door.
"""

from leto.raft.config import Config
from leto.raft.entries import Restored
from leto.raft.node import Node

__all__ = ["Config", "Node", "Restored"]
