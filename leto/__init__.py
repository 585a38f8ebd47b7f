"""Leto: everything that can be computed.

A Raft-replicated key-value server without a clock, dice, files, sockets or threads: whatever those would
bring arrives as an event, and whatever they should do leaves as an action. `leto_sim` is a
deterministic world for it, `leto_adapters` the real one; this package knows neither.

Reading order, from the bottom up: `raft` is consensus, `resp` the Redis protocol, `wire` what
nodes say as bytes, `wal` the log on disk as bytes, `kv` the commands, `server` a whole node.
`machine` is what a state machine is, and `sessions` wrap one: both stand apart.
"""
