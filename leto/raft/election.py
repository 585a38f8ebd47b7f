"""Elections: pre-vote, votes, and the winner's first steps (§3.4, §3.6.1, §9.6).

Responsible for when a node campaigns and for whom it votes. Terms and roles
change in `leto.raft.roles`; what a leader does next is `leto.raft.replication`.

Invariants:
    1. A vote goes only to a candidate whose log is at least as up to date as
       the voter's (§3.6.1), and is sent once it is durable (§3.8).
    2. RequestVote is sent once the candidate's term, its own vote and the log
       that it advertises are durable.
    3. A voter that hears from a leader disturbs nobody: it neither grants nor
       learns a new term from those who ask (§4.2.3).
"""

from leto.raft.appending import extend_log
from leto.raft.entries import Entry, Noop
from leto.raft.messages import PreVote, PreVoteResponse, RequestVote, RequestVoteResponse
from leto.raft.replication import heartbeat
from leto.raft.roles import (
    Candidate,
    Follower,
    Leader,
    PreCandidate,
    become_candidate,
    become_leader,
    become_pre_candidate,
    vote_for,
)
from leto.raft.state import State
from leto.raft.types import EntryId, NodeId


def on_election_timer(state: State, role: Follower | PreCandidate | Candidate) -> None:
    """Patience is at an end: campaign, if this node may."""
    if state.now < role.deadline:
        return
    # A learner, a removed node and a blank one never campaign.
    if state.configuration.is_voter(state.node_id):
        start_pre_vote(state)
    else:
        role.deadline = state.now + state.election_timeout()


def start_pre_vote(state: State) -> None:
    """Ask every voter whether it would vote for us (§9.6)."""
    role = become_pre_candidate(state, state.new_id())
    request = PreVote(term=state.current_term, round=role.round, last=_durable_last(state))
    for voter in _other_voters(state):
        state.send(voter, request)
    _count_grants(state, role)


def on_pre_vote(state: State, sender: NodeId, message: PreVote) -> None:
    """Say whether we would vote for the sender. Nothing changes here (§9.6)."""
    granted = (
        message.term >= state.current_term
        and not follows_live_leader(state)
        and message.last >= state.log.last  # §3.6.1
    )
    state.send(
        sender,
        PreVoteResponse(term=state.current_term, round=message.round, vote_granted=granted),
    )


def on_pre_vote_response(state: State, sender: NodeId, message: PreVoteResponse) -> None:
    """Count a grant of the round that is asked now; an older one means nothing."""
    role = state.role
    if isinstance(role, PreCandidate) and message.round == role.round and message.vote_granted:
        role.grants.add(sender)
        _count_grants(state, role)


def start_election(state: State) -> None:
    """Begin a term and ask every voter for its vote (§3.4)."""
    role = become_candidate(state)
    request = RequestVote(term=state.current_term, last=state.log.last)
    for voter in _other_voters(state):
        # §3.8, §10.2.1: after a crash this node must know that it asked, and must
        # hold what it advertised; the lane's order makes all of it durable before.
        state.send_after(role.own_vote, voter, request)


def on_request_vote(state: State, sender: NodeId, message: RequestVote) -> None:
    """Vote, if the term's vote is free and the candidate's log is up to date."""
    role = state.role
    voted_for = state.hard_state.voted_for
    granted = (
        message.term == state.current_term
        and isinstance(role, Follower)
        and voted_for in (None, sender)
        and message.last >= state.log.last  # §3.6.1: the restriction on elections
    )
    if granted and isinstance(role, Follower):
        if voted_for is None:
            vote_for(state, sender)
        role.deadline = state.now + state.election_timeout()  # §3.4: as for a leader's word
    # The vote is durable before it is said (§3.8): `send` waits for the hard state.
    state.send(sender, RequestVoteResponse(term=state.current_term, vote_granted=granted))


def on_request_vote_response(state: State, sender: NodeId, message: RequestVoteResponse) -> None:
    """Count a vote; a set, since a message may arrive twice."""
    role = state.role
    if isinstance(role, Candidate) and message.vote_granted:
        role.votes.add(sender)
        _count_votes(state, role)


def on_own_vote_written(state: State, role: Candidate) -> None:
    """The candidate's own vote counts once it is durable, like any other."""
    if state.lane.written >= role.own_vote and state.node_id not in role.votes:
        role.votes.add(state.node_id)
        _count_votes(state, role)


def follows_live_leader(state: State) -> bool:
    """§4.2.3: whether there is a leader whom a candidate would only disturb."""
    match state.role:
        case Leader():
            return True  # check-quorum ends its leadership if the quorum is gone
        case Follower(heard_at=heard_at) if heard_at is not None:
            return state.now - heard_at < state.config.election_timeout_min_us
        case _:
            return False


def _count_grants(state: State, role: PreCandidate) -> None:
    if state.configuration.has_quorum(role.grants.__contains__):
        start_election(state)


def _count_votes(state: State, role: Candidate) -> None:
    if state.configuration.has_quorum(role.votes.__contains__):
        _lead(state)


def _lead(state: State) -> None:
    leader = become_leader(state)
    # §6.4, §3.6.2: an entry of its own term lets it commit what earlier terms left.
    noop_id = EntryId(state.current_term, leader.noop_index)
    extend_log(state, (Entry(noop_id, Noop()),))
    heartbeat(state, leader)


def _durable_last(state: State) -> EntryId:
    """The end of the log as it would be after a crash; what is restored counts as durable."""
    return state.log.id_at(max(state.lane.durable_index, state.log.before_log.index))


def _other_voters(state: State) -> list[NodeId]:
    voters = (*state.configuration.voters, *state.configuration.outgoing_voters)
    return [voter for voter in dict.fromkeys(voters) if voter != state.node_id]
