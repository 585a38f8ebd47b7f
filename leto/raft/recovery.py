"""Going on after a quorum was lost for good, on an operator's word.

Responsible for the one way around a quorum. Raft cannot tell lost nodes from
unreachable ones, so it cannot know whether this is safe; the operator says so.
The dissertation has nothing of the kind.

The node begins a term and asks the survivors for their votes, as in any election:
they grant them as they always do, and what they have promised is kept. Once every one
of them has voted for it, the node leads the term, and opens it with a configuration of
the survivors, marked as forced for ever. Until then nothing has changed but the term,
and the order is refused in the end. What only the lost nodes had is lost.

Invariants:
    1. Nothing is forced by a node that may hear of a quorum.
    2. Every survivor has voted for the node in the term in which it forces. So
       none had a longer log (§3.6.1), nor had seen a later term; and as there is one
       vote a term, two nodes whose survivors share one never force in the same term,
       whatever they were told. Those that share none are two clusters, which an operator
       has made; nobody can prevent that.
    3. Who has a quorum's votes leads as ever, and forces nothing.
"""

import attrs

from leto.raft.actions import Answer, Refusal, Refused
from leto.raft.appending import extend_log
from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.election import lead, start_recovery
from leto.raft.entries import Entry
from leto.raft.events import ConfigurationForced
from leto.raft.roles import Candidate, Follower, PreCandidate, Recovery
from leto.raft.state import State
from leto.raft.traces.cluster import QuorumGivenUp, SurvivorsAsked
from leto.raft.types import EntryId, Micros, NodeId, RequestId


def on_configuration_forced(state: State, event: ConfigurationForced) -> None:
    """Ask the survivors for their votes, or say why not."""
    request_id, survivors, since = event.request_id, event.survivors, _in_despair_since(state)
    objection = _objection(state, survivors)
    if since is None:
        _refuse(state, request_id, Refusal.QUORUM_ALIVE)
    elif objection is not None:
        _refuse(state, request_id, objection)
    else:
        state.trace(SurvivorsAsked, survivors)
        start_recovery(state, Recovery(request_id=request_id, survivors=survivors, since=since))


def force_when_agreed(state: State, candidate: Candidate) -> None:
    """Give the quorum up once every survivor has voted for the candidate."""
    recovery = candidate.recovery
    if recovery is None or not candidate.votes.issuperset(recovery.survivors):
        return
    candidate.recovery = None
    state.trace(QuorumGivenUp, recovery.survivors)
    entry_id = EntryId(state.current_term, state.log.last.index + 1)
    # Effective at once (§4.1): the lost ones are never followers of this leader.
    extend_log(state, (Entry(entry_id, _configuration_of(state, recovery.survivors)),))
    state.proposals.append((entry_id, recovery.request_id))
    lead(state)


def conclude(state: State, candidate: Candidate) -> None:
    """It stands no more, for whatever reason: if nothing was forced, nothing will be."""
    if candidate.recovery is None:
        return
    if state.failed:
        refusal = Refusal.FAILED
    else:  # whoever leads now, perhaps this node (invariant 3), has a quorum
        refusal = Refusal.SURVIVOR_SILENT if state.leader is None else Refusal.QUORUM_ALIVE
    _refuse(state, candidate.recovery.request_id, refusal)


def _refuse(state: State, request_id: RequestId, refusal: Refusal) -> None:
    state.actions.append(Answer(request_id, Refused(refusal, state.leader)))


def _in_despair_since(state: State) -> Micros | None:
    """Since when this node has heard of no quorum, if that is long enough (invariant 1)."""
    match state.role:
        case PreCandidate(since=since):
            pass  # it asks in vain
        case Follower(leaderless_since=int(since)):
            pass  # it would ask, were it a voter, or to lead
        case _:
            return None
    is_long = state.now - since >= state.config.election_timeout_max_us
    # §6.4.1: to vote for oneself is to vote.
    return since if is_long and state.now >= state.promised_until else None


def _objection(state: State, survivors: tuple[NodeId, ...]) -> Refusal | None:
    members = _known(state, survivors)
    if len(members) < len(set(survivors)):
        return Refusal.NOT_A_MEMBER
    if not Configuration(members).has_distinct_members:
        return Refusal.ALREADY_MEMBER  # one is to take the other's place
    return Refusal.CANNOT_LEAD if state.node_id not in survivors else None


def _configuration_of(state: State, survivors: tuple[NodeId, ...]) -> Configuration:
    """Each has a vote, even a learner or who was losing it: they may be all there is."""
    members = _known(state, survivors)
    return Configuration(tuple(_restored(state, member) for member in members), is_forced=True)


def _known(state: State, survivors: tuple[NodeId, ...]) -> tuple[Member, ...]:
    # Its own removal may be the last thing that a survivor has heard of: what is not
    # committed may be rolled back (§4.1), and it may be all there is.
    possible = state.configurations.possible_members(state.commit_index)
    return tuple(member for member in possible.values() if member.node_id in survivors)


def _restored(state: State, member: Member) -> Member:
    # Somebody must be able to lead after a restart: the operator's word goes before priority 0.
    priority = max(member.priority, 1) if member.node_id == state.node_id else member.priority
    return attrs.evolve(member, role=MemberRole.VOTER, priority=priority)
