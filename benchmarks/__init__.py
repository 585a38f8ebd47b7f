"""Commands that measure a real cluster of three nodes on this machine, and wear it out.

They start the command `leto` as an operator does and talk to it as clients do;
nothing here knows how it works inside. Everything stays on 127.0.0.1, ends by
itself, and removes what it started.

Reading order: `client` (redis-py with its types and without its retries),
`processes` (start, wait, end, within a time), `cluster` (three nodes, and a
redis-server to compare with), `report` (tables and JSON); then the commands:
`throughput`, `failover`, `expiry`, `snapshot_under_load`, `soak`.
"""
