"""Simulations of `leto.raft.Node`: messages are objects, the network is datagrams.

Reading order:

    what a run is     `scenario`, `faults`, `plans`, of `kinds` of faults on a `stage`
    the machines      `cluster`, `process`, `machine_work`, `replica`
    their world       `datagrams`, `disk`; `watched_datagrams` in a traced run
    who uses them     `clients`, `exactly_once`, `histories`
    who troubles them `nemesis`, `partitions`, `administrator`, `changes`, `recovery`
    who looks         `bounds`; else `leto_sim.checkers`
    its course        `run`, `core`; `level`, `view` and `by_hand` for those outside, `canonical`
                      for the digest, `drift` for a measurement
"""
