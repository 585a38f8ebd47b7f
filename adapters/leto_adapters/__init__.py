"""The real world for Leto: asyncio sockets, files that are synced, signals and the command line.

It holds no rule of Raft and no command's meaning; it performs what `leto` orders and reports
what happened. Reading order: `command_line` (how a node is started), `directory` and
`listening` (what it takes hold of first), `runtime` (the driver), `connection`, `dialling`
and `disk` (what it drives), `logs` (what it says). For programs: `replicated`, a replicated
object in one call. For trying it out: `processes`, and `demo`, a cluster on this machine.
"""
