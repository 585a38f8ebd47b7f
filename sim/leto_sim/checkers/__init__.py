"""What must hold, one module a property, checked at every event.

Reading order: `observed` (what a checker sees of a node), then figure 3.2's five:
`election_safety`, `leader_append_only`, `log_matching`, `leader_completeness`,
`state_machine_safety`; then what supports them: `ledger`, `durable_quorum`,
`one_vote`, `attestations`, `monotonicity`; then what clients were told: `requests`;
and `panel`, which feeds them all. Linearizability is judged at a run's end
(`leto_sim.lincheck.search`).
"""
