"""Going on after a quorum was lost for good, on an operator's word.

Responsible for the one way around a quorum. Raft cannot tell lost nodes from
unreachable ones, so it cannot know whether this is safe; the operator says so.
The dissertation has nothing of the kind.

The node begins a term, appends a configuration of the survivors, marked as
forced for ever, and stands for election among them. What only the lost nodes had
is lost.

Invariants:
    1. Nothing is forced by a node that may hear of a quorum.
    2. Every survivor, but the node itself, has said lately that it would vote for
       the node. So none had a longer log then, which would be lost (§3.6.1), nor had
       seen a later term. What it has done since, the node cannot know: it may have
       been told to force something, too. If that is the same, both append the very same
       entry to the same log, in the same term, and one of them is elected; if it is not,
       an operator has made two clusters.
"""

import attrs

from leto.raft.actions import Answer, Refusal, Refused
from leto.raft.appending import extend_log
from leto.raft.configuration import Configuration, MemberRole
from leto.raft.election import request_votes
from leto.raft.entries import Entry
from leto.raft.events import ConfigurationForced
from leto.raft.roles import PreCandidate, become_candidate
from leto.raft.state import State
from leto.raft.traces import QuorumGivenUp
from leto.raft.types import EntryId


def on_configuration_forced(state: State, event: ConfigurationForced) -> None:
    """Make do with the survivors, or say why not."""
    refusal = _objection(state, event)
    if refusal is not None:
        state.actions.append(Answer(event.request_id, Refused(refusal, state.leader)))
        return
    survivors = [m for m in state.configuration.everyone if m.node_id in event.survivors]
    # Whoever was losing its vote in a joint configuration has it again: it may be all there is.
    voters = tuple(attrs.evolve(member, role=MemberRole.VOTER) for member in survivors)
    configuration = Configuration(voters, is_forced=True)
    state.trace(QuorumGivenUp, event.survivors)
    candidate = become_candidate(state)
    entry_id = EntryId(state.current_term, state.log.last.index + 1)
    extend_log(state, (Entry(entry_id, configuration),))
    state.proposals.append((entry_id, event.request_id))
    request_votes(state, candidate)


def _objection(state: State, event: ConfigurationForced) -> Refusal | None:
    role = state.role
    patience = state.config.election_timeout_max_us
    # Whoever has asked in vain for an election timeout hears of no quorum. A node
    # that is no voter never asks, and so cannot know (invariant 1).
    if not isinstance(role, PreCandidate) or state.now - role.since < patience:
        return Refusal.QUORUM_ALIVE
    known = {member.node_id for member in state.configuration.everyone}
    if not known.issuperset(event.survivors):
        return Refusal.NOT_A_MEMBER
    if state.node_id not in event.survivors:
        return Refusal.CANNOT_LEAD
    # Invariant 2. A learner is never asked: what it has seen, nobody knows.
    has_leave = (role.grants | role.earlier_grants).issuperset(event.survivors)
    return None if has_leave else Refusal.SURVIVOR_SILENT
