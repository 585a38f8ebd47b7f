"""A whole Leto node, sans-IO: `Server` takes facts and gives orders.

Reading order: `world` is the boundary, `server` the door and the order of things in one
call, `live_node` a node that has booted, `routing` where a request goes. The rest is
by whom it deals with: `clients`, `commit` (the log), `peers`, `disk`, `console` (the
operator), `program` (whose process this is). `switchboard` connects connections with them,
`turn` is the call under way. What a node is told when it starts are its `settings`, and what
it replicates is a `machine`; `identity` is who it is, by `addresses` and a number from `dice`.
"""

from leto.server.server import Server
from leto.server.settings import InvalidSettings, Limits, ReadMode, Settings

__all__ = ["InvalidSettings", "Limits", "ReadMode", "Server", "Settings"]
