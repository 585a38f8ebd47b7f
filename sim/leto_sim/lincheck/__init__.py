"""Linearizability: whether a history of concurrent operations has an order that explains it.

Reading order: `search` (the checker), `models` (what the objects are), `zones` (the
short cut for registers with unique writes).
"""
