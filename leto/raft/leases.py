"""Lease reads: a quorum's promise instead of a quorum's answer (§6.4.1).

Responsible for how long a leader may take it for granted that nobody else leads.
The promise itself travels: AppendEntries states `lease_us`, and whoever
acknowledges it grants no vote, its own included, before so much of its own time
has passed (`leto.raft.replication`, `leto.raft.election`).

The lease begins when the leader *sent* the round that a quorum acknowledged, for
that is before any of them began to keep its promise. Clocks may differ in rate:
the leader counts on less than was promised (`DRIFT_TOLERANCE`).

Invariants:
    1. Only an acknowledgement counts whose sender durably knows that leases are
       on: after a restart it grants nothing for one lease, and so keeps a promise
       that it has forgotten.
    2. A leader that has asked another one to take over has no lease any more.
    3. A shorter lease is in force at once, for the rounds before it too: after a restart,
       who knows of it keeps no promise longer than that.
"""

from collections import deque

from leto.raft.roles import Leader
from leto.raft.state import State
from leto.raft.traces.reads import LeaseExtended
from leto.raft.types import Micros, NodeId

LEASE_MAX_US = 60_000_000
"""A voter that promised more than a minute could hold up an election for that long: no
configuration allows more, and nobody promises more whatever a message says."""

DRIFT_TOLERANCE = 0.1
"""The part of a lease that the leader leaves unused: its clock may run slower than
a voter's by a tenth, far beyond any quartz; what a virtual machine's pause does to
it, `valid_until` answers."""


def begin_round(state: State, leader: Leader) -> None:
    """Begin a new round; with leases on, remember until when it is promised to hold."""
    leader.round += 1
    lease_us = state.configuration.lease_us
    if lease_us:
        _renew(state, leader)
        end = state.now + int(lease_us * (1 - DRIFT_TOLERANCE))
        leader.leased_rounds.append((leader.round, end))


def shorten_leases(state: State, leader: Leader, lease_us: Micros) -> None:
    """Count on no more than a lease that is about to be in force."""
    too_long_us = state.configuration.lease_us - lease_us
    if too_long_us > 0:
        less_us = int(too_long_us * (1 - DRIFT_TOLERANCE)) + 1
        leader.leased_until -= less_us
        shorter = ((number, end - less_us) for number, end in leader.leased_rounds)
        leader.leased_rounds = deque(leased for leased in shorter if leased[1] > state.now)


def lease_end(state: State, leader: Leader) -> Micros | None:
    """Until when this leader may answer alone; None if it may not, or not any more."""
    if leader.has_asked_another or state.commit_index < leader.noop_index:
        return None
    _renew(state, leader)
    end = leader.leased_until
    if state.now >= end:
        return None
    assert end <= state.now + state.configuration.lease_us, "§6.4.1: it was promised for less"
    return end


def _renew(state: State, leader: Leader) -> None:
    configurations = state.configurations
    known_since = configurations.lease_index

    def promised_round(node_id: NodeId) -> int:
        if node_id == state.node_id:
            return leader.round
        progress = leader.progress[node_id]
        knows_from = max(known_since, configurations.named_since(node_id))  # invariant 1
        return progress.acked_round if progress.match_index >= knows_from else 0

    promised = state.configuration.quorum_value(promised_round)
    rounds = leader.leased_rounds
    before = leader.leased_until
    while rounds and rounds[0][0] <= promised:
        leader.leased_until = max(leader.leased_until, rounds.popleft()[1])
    if leader.leased_until > before:
        state.trace(LeaseExtended, leader.leased_until)
    while rounds and rounds[0][1] <= state.now:
        rounds.popleft()  # too late: nobody need acknowledge it any more
