"""Raft as a state machine: events in, actions out, no I/O (sans-IO).

Reading order: `types`, `entries`, `configuration`, `messages`, `events`, `traces`,
`actions`, `config`, `errors` say what there is; `log`, `write_lane`, `progress`, `read_queue`,
`snapshot_work`, `roles`, `state` hold it; `appending`, `election`, `replication`,
`commitment`, `snapshots`, `snapshot_sending`, `snapshot_receiving`, `membership`,
`transfer`, `reads`, `leases`, `recovery` are the rules; `boot` is the beginning, `node` the door, `status` the window.
"""

from leto.raft.config import Config
from leto.raft.entries import Restored
from leto.raft.node import Node

__all__ = ["Config", "Node", "Restored"]
