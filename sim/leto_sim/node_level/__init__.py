"""Simulations of `leto.raft.Node`: messages are objects, the network is datagrams.

Reading order:

    what a run is     `scenario`, `faults`, `plans`, `parts`, `custom_faults`, `invariants`
    the machines      `cluster`, `process`, `replica`, `machine`
    their world       `datagrams`, `disk`; `watched_datagrams` in a traced run
    who uses them     `clients`, `workloads`, `exactly_once`, `histories`
    who troubles them `nemesis`, `partitions`, `administrator`, `recovery`
    its course        `run`, `core`; `level` and `view` for those outside, `canonical`
                      for the digest, `drift` for a measurement
"""
