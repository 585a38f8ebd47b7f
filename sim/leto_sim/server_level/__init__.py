"""Simulations of `leto.server.Server`: bytes in, bytes out; the network is streams.

Reading order: `scenario` and `faults` (what a run is), `cluster` and `process` (the
machines), `streams`, `files`, `disk`, `platter` (their world), `resp_client`, `errands`,
`operator`, `nemesis` (who does what to them), `watch`, `promises`, `audit` (who looks),
`run` (its course).
"""
