"""Elections: pre-vote, votes, and the winner's first steps (§3.4, §3.6.1, §9.6).

Responsible for when a node campaigns and for whom it votes. Terms and roles
change in `leto.raft.roles`; what a leader does next is `leto.raft.replication`.

A voter may be *bound*: it follows a live leader (§4.2.3), or it has promised one
that acknowledged it for a time of its own clock to grant nothing (§6.4.1).

Invariants:
    1. A vote goes only to a candidate whose log is at least as up to date as
       the voter's (§3.6.1), and is sent once it is durable (§3.8).
    2. RequestVote is sent once the candidate's term, its own vote and the log
       that it advertises are durable.
    3. A bound voter disturbs nobody: it neither grants, nor campaigns, nor learns
       a new term from those who ask, unless the leader itself sent them (§3.10).
"""

from collections.abc import Callable, Iterable

from leto.raft.appending import extend_log
from leto.raft.entries import Entry, Noop
from leto.raft.events import PeerGone
from leto.raft.leases import begin_round
from leto.raft.messages import PreVote, PreVoteResponse, RequestVote, RequestVoteResponse
from leto.raft.progress import Mode
from leto.raft.roles import (
    Candidate,
    Follower,
    Leader,
    PreCandidate,
    Recovery,
    become_candidate,
    become_follower,
    become_leader,
    become_pre_candidate,
    vote_for,
)
from leto.raft.state import State
from leto.raft.traces import Reason, Record
from leto.raft.traces.elections import (
    CampaignPutOff,
    ElectionTimedOut,
    LeaderDied,
    PreVoteAsked,
    PreVoteCounted,
    PreVoteGranted,
    PreVoteRefused,
    VoteAsked,
    VoteCounted,
    VoteGranted,
    VoteRefused,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

FAILOVER_STEP_US = 10_000
"""Between one survivor's campaign and the next one's: longer than a vote takes, so that
the first usually wins, and all of it far below an election timeout."""


def on_election_timer(state: State, role: Follower | PreCandidate | Candidate) -> None:
    """Patience is at an end: campaign, if this node may."""
    if state.now < role.deadline:
        return
    if isinstance(role, Candidate) and role.recovery is not None:
        _give_up_recovery(state, role.recovery)
        return
    disk_has_hung = state.lane.has_hung(state.now, state.config.election_timeout_min_us)
    if disk_has_hung or not _may_campaign(state):
        role.deadline = state.now + state.election_timeout()
        if isinstance(role, Follower) and disk_has_hung:
            role.put_off_since = None  # it hears nobody, so it knows nothing
        elif isinstance(role, Follower) and role.leaderless_since is None:
            role.put_off_since = state.now
        state.trace(CampaignPutOff, Reason.DISK_HANGS if disk_has_hung else Reason.NO_VOTER)
    elif state.now < state.promised_until:
        role.deadline = state.promised_until  # §6.4.1: to vote for oneself is to vote
        state.trace(CampaignPutOff, Reason.PROMISED)
    else:
        state.trace(ElectionTimedOut)
        start_pre_vote(state)


def on_peer_gone(state: State, event: PeerGone) -> None:
    """Do not wait for a leader that is known to be dead."""
    role, peer = state.role, event.node_id
    if isinstance(role, Leader):
        progress = role.progress.get(peer)
        if progress is not None and progress.mode is Mode.REPLICATE:
            progress.become_probe(progress.match_index + 1)  # what was on its way is lost
    elif isinstance(role, Follower) and role.leader == peer:
        role.heard_at = role.put_off_since = None
        state.hurried_until = state.now + state.config.election_timeout_max_us
        soon = state.now + (_rank(state, peer) + 1) * FAILOVER_STEP_US
        role.deadline = min(role.deadline, soon)
        state.trace(LeaderDied, peer, role.deadline)


def start_pre_vote(state: State) -> None:
    """Ask every voter whether it would vote for us (§9.6)."""
    assert not is_bound(state), "§4.2.3, §6.4.1: a bound voter disturbs nobody"
    role = become_pre_candidate(state, state.new_id())
    request = PreVote(term=state.current_term, round=role.round, last=_durable_last(state))
    state.trace(PreVoteAsked, request.last)
    for voter in _other_voters(state):
        state.send(voter, request)
    _count_grants(state, role)


def on_pre_vote(state: State, sender: NodeId, message: PreVote) -> None:
    """Say whether we would vote for the sender. Nothing changes here (§9.6)."""
    granted = (
        message.term >= state.current_term
        and not is_bound(state)
        and message.last >= state.log.last  # §3.6.1
    )
    if state.is_traced:
        reason = None if granted else why_no_pre_vote(state, message)
        _trace_answer(state, sender, reason, PreVoteGranted, PreVoteRefused)
    state.send(
        sender,
        PreVoteResponse(term=state.current_term, round=message.round, vote_granted=granted),
    )


def on_pre_vote_response(state: State, sender: NodeId, message: PreVoteResponse) -> None:
    """Count a grant of the round that is asked now; an older one means nothing."""
    role = state.role
    if isinstance(role, PreCandidate) and message.round == role.round and message.vote_granted:
        role.grants.add(sender)
        state.trace(PreVoteCounted, sender, len(role.grants))
        _count_grants(state, role)


def start_election(state: State, *, is_transfer: bool = False) -> None:
    """Begin a term and ask every voter for its vote (§3.4)."""
    _request_votes(state, become_candidate(state), _other_voters(state), is_transfer=is_transfer)


def start_recovery(state: State, recovery: Recovery) -> None:
    """Begin a term and ask the survivors of a lost quorum for their votes, and nobody else."""
    others = [node_id for node_id in recovery.survivors if node_id != state.node_id]
    _request_votes(state, become_candidate(state, recovery), others)


def _request_votes(
    state: State, role: Candidate, voters: Iterable[NodeId], *, is_transfer: bool = False
) -> None:
    assert role.own_vote == state.lane.latest, "§3.8: what it advertises is durable with its vote"
    request = RequestVote(term=state.current_term, last=state.log.last, is_transfer=is_transfer)
    state.trace(VoteAsked, request.last, is_transfer)
    for voter in voters:
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
        and (message.is_transfer or state.now >= state.promised_until)
        and message.last >= state.log.last  # §3.6.1: the restriction on elections
    )
    if granted and isinstance(role, Follower):
        if voted_for is None:
            vote_for(state, sender, message.last)
        role.deadline = state.now + state.election_timeout()  # §3.4: as for a leader's word
        role.put_off_since = None
    if state.is_traced:
        reason = None if granted else why_no_vote(state, sender, message)
        _trace_answer(state, sender, reason, VoteGranted, VoteRefused)
    # The vote is durable before it is said (§3.8): `send` waits for the hard state.
    state.send(sender, RequestVoteResponse(term=state.current_term, vote_granted=granted))


def on_request_vote_response(state: State, sender: NodeId, message: RequestVoteResponse) -> None:
    """Count a vote; a set, since a message may arrive twice."""
    role = state.role
    if not isinstance(role, Candidate):
        return
    if message.vote_granted:
        role.votes.add(sender)
        state.trace(VoteCounted, sender, len(role.votes))
        _count_votes(state, role)
    elif role.recovery is not None:
        _give_up_recovery(state, role.recovery)  # every survivor must vote for it


def on_own_vote_written(state: State, role: Candidate) -> None:
    """The candidate's own vote counts once it is durable, like any other."""
    if state.lane.written >= role.own_vote and state.node_id not in role.votes:
        role.votes.add(state.node_id)
        state.trace(VoteCounted, state.node_id, len(role.votes))
        _count_votes(state, role)


def why_no_pre_vote(state: State, message: PreVote) -> Reason:
    """Why a pre-vote is refused, of several reasons the first."""
    if message.term < state.current_term:
        return Reason.TERM_OVER
    return _why_bound(state) or Reason.LOG_BEHIND


def why_no_vote(state: State, candidate: NodeId, message: RequestVote) -> Reason:
    """Why a vote is refused, of several reasons the first."""
    if not isinstance(state.role, Follower):
        return Reason.CAMPAIGNS_ITSELF
    if state.hard_state.voted_for not in (None, candidate):
        return Reason.VOTED_FOR_ANOTHER
    return Reason.LOG_BEHIND if message.last < state.log.last else Reason.PROMISED


def why_ignored(state: State) -> Reason:
    """Why a candidate of a newer term is not heard."""
    return _why_bound(state) or Reason.FOLLOWS_A_LEADER


def _why_bound(state: State) -> Reason | None:
    if state.now < state.promised_until:
        return Reason.PROMISED
    return Reason.FOLLOWS_A_LEADER if follows_live_leader(state) else None


def _trace_answer(
    state: State,
    candidate: NodeId,
    refusal: Reason | None,
    granted: Callable[[NodeId], Record],
    refused: Callable[[NodeId, Reason], Record],
) -> None:
    if refusal is None:
        state.trace(granted, candidate)
    else:
        state.trace(refused, candidate, refusal)


def is_bound(state: State) -> bool:
    """Whether this voter owes it to a leader to grant nobody else a vote."""
    return state.now < state.promised_until or follows_live_leader(state)


def follows_live_leader(state: State) -> bool:
    """§4.2.3: whether there is a leader whom a candidate would only disturb."""
    match state.role:
        case Leader():
            return True  # check-quorum ends its leadership if the quorum is gone
        case Follower(heard_at=heard_at) if heard_at is not None:
            return state.now - heard_at < state.config.election_timeout_min_us
        case _:
            return False


def _may_campaign(state: State) -> bool:
    """A learner, a removed node and a blank one never campaign, nor one of priority 0.

    A node whose vote was taken away does as long as that may not be committed (§4.2.2,
    figure 4.6): it may be the only one that can win. Its own vote does not count then.
    """
    history = state.configurations.since(state.commit_index)
    last = next((c for c in reversed(history) if c.is_voter(state.node_id)), None)
    member = last.member(state.node_id) if last is not None else None
    return member is not None and member.priority > 0


def _rank(state: State, gone: NodeId) -> int:
    """This node's place among the voters that may succeed `gone`."""
    voters = [m for m in state.configuration.members if m.is_voter and m.node_id != gone]
    order = sorted(voters, key=lambda member: (-member.priority, member.node_id))
    ids = [member.node_id for member in order]
    return ids.index(state.node_id) if state.node_id in ids else len(ids)


def _count_grants(state: State, role: PreCandidate) -> None:
    if state.configuration.has_quorum(role.grants.__contains__):
        start_election(state)


def _count_votes(state: State, role: Candidate) -> None:
    if state.configuration.has_quorum(role.votes.__contains__):
        lead(state)


def _give_up_recovery(state: State, recovery: Recovery) -> None:
    """Despair is not over by that: the operator may ask again at once."""
    follower = become_follower(state, state.current_term, None)
    follower.put_off_since = recovery.since
    follower.deadline = state.now


def lead(state: State) -> None:
    """Take the term that was won (§3.4)."""
    leader = become_leader(state)
    # §6.4, §3.6.2: an entry of its own term lets it commit what earlier terms left.
    noop_id = EntryId(state.current_term, leader.noop_index)
    extend_log(state, (Entry(noop_id, Noop()),))
    begin_round(state, leader)  # of the entry above, which goes to everybody at once


def _durable_last(state: State) -> EntryId:
    """The end of the log as it would be after a crash."""
    if state.lane.durable_index >= state.log.before_log.index:
        return state.log.id_at(state.lane.durable_index)
    # A leader's snapshot has taken the log's place, but the write that names it is under way.
    return state.snapshot.last_included if state.snapshot is not None else BEFORE_LOG


def _other_voters(state: State) -> list[NodeId]:
    everyone = (member.node_id for member in state.configuration.everyone)
    return [
        node_id
        for node_id in everyone
        if node_id != state.node_id and state.configuration.is_voter(node_id)
    ]
