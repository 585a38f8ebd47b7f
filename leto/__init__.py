"""Leto: everything that can be computed.

A Raft-replicated key-value server without a clock, dice, files, sockets or threads: whatever those would
bring arrives as an event, and whatever they should do leaves as an action. `leto_sim` is a
deterministic world for it, `leto_adapters` the real one; this package knows neither.
"""
