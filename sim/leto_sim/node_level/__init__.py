"""Simulations of `leto.raft.Node`: messages are objects, the network is datagrams.

Reading order: `scenario` and `faults` (what a run is), `cluster` and `process` (the
machines), `datagrams`, `disk`, `platter` (their world), `clients`, `administrator`,
`nemesis` (who does what to them), `run` (its course).
"""
