"""What must hold, one module a property, checked at every event.

Reading order: `observed` and `moment` (what a checker sees of a node), then figure 3.2's
five: `election_safety`, `leader_append_only`, `log_matching`, `leader_completeness`,
`state_machine_safety`. What supports them:

    votes           `one_vote`, `terms`, `ballots`, `campaigns`, `electorates`, `patience`,
                    `waking`
    logs            `ledger`, `durable_quorum`, `quorums`, `attestations`, `acknowledgements`,
                    `monotonicity`, `match_indexes`, `searches`, `windows`, `chunks`,
                    `telling`, `trailing`
    leaders         `leadership`, `heartbeats`, `acceptance`, `read_leaders`,
                    `lease_promises`
    configurations  `configurations`, `admissions`, `change_order`, `changes`, `forcings`
    state machines  `determinism`, `folds`
    clients         `requests`: what they were told

`panel` feeds them all. Linearizability is judged at a run's end (`leto_sim.lincheck.search`).
"""
