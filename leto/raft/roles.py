"""The roles of a node, and the one door between them (figure 3.3).

Responsible for what each role knows, for which role may follow which, and for
what must hold on the way in and out. What a role *does* is in `election`,
`replication`, `reads` and their neighbours.

Role-only data lives in the role, so that nothing of a lost leadership can
survive it.

Invariants:
    1. Terms never go back (§3.3).
    2. A node votes once in a term (§3.4): the vote is cleared by a new term only.
    3. Only a candidate of the current term becomes its leader, once.
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from leto.raft.actions import RoleName
from leto.raft.entries import HardState
from leto.raft.progress import Progress
from leto.raft.read_queue import Confirmation, Reader
from leto.raft.traces.elections import (
    BecameCandidate,
    BecameFollower,
    BecameLeader,
    BecamePreCandidate,
)
from leto.raft.types import EntryId, Index, Micros, NodeId, RequestId, Seq, Term

if TYPE_CHECKING:
    from leto.raft.state import State


@attrs.define(kw_only=True)
class Follower:
    """Follows the leader of the term, once it is known."""

    leader: NodeId | None
    deadline: Micros  # of its patience; then it campaigns
    heard_at: Micros | None = None  # when the leader last spoke
    matched_index: Index = 0  # up to here the log is known to be the leader's
    acked_round: int = 0  # the latest round acknowledged
    owes_ack: bool = False  # entries were appended whose durability is to be told
    put_off_since: Micros | None = None  # when it might not campaign, and would have else
    name = RoleName.FOLLOWER

    @property
    def leaderless_since(self) -> Micros | None:
        """Since when it would campaign, if it might; None while it may still hear of a leader."""
        heard_at, since = self.heard_at, self.put_off_since
        return since if since is None or heard_at is None or heard_at < since else None


@attrs.define(kw_only=True)
class PreCandidate:
    """Asks whether it could win before it disturbs anybody (§9.6)."""

    round: int
    since: Micros  # when it lost its leader
    deadline: Micros
    grants: set[NodeId]  # counted, never iterated
    name = RoleName.PRE_CANDIDATE


@attrs.frozen(kw_only=True)
class Recovery:
    """An operator's order to go on with these alone, while they are asked for their votes."""

    request_id: RequestId
    survivors: tuple[NodeId, ...]  # the candidate itself among them
    since: Micros  # when the candidate lost its leader


@attrs.define(kw_only=True)
class Candidate:
    """Asks for votes (§3.4): every voter's, or those of the survivors of a lost quorum."""

    deadline: Micros
    own_vote: Seq  # the write that makes its own vote durable
    votes: set[NodeId] = attrs.field(factory=set[NodeId])  # counted, never iterated
    recovery: Recovery | None = None  # until it is carried out
    name = RoleName.CANDIDATE


@attrs.define
class HandOver:
    """A transfer of leadership under way (§3.10)."""

    request_id: RequestId | None  # None if nobody asked for it
    to: NodeId
    give_up_at: Micros
    has_asked: bool = False  # TimeoutNow is on its way


@attrs.define(kw_only=True)
class Leader:
    """Leads the term."""

    noop_index: Index  # of the entry that opened the term (§6.4)
    heartbeat_deadline: Micros
    progress: dict[NodeId, Progress]  # by id, the leader's own excepted
    round: int = 0
    # What may have consequences, so that they are looked for only then.
    may_commit: bool = True  # a durable index that counts has grown, or who counts has changed
    is_anybody_full: bool = False  # a follower has said that its disk is
    is_changing: bool = True  # the configuration is joint, or not everybody has left yet
    # Reads (§6.4): those that wait for a round to begin, and those whose round runs.
    waiting_reads: list[Reader] = attrs.field(factory=list[Reader])
    confirmation: Confirmation | None = None
    # Leases (§6.4.1): until when each round holds if it is acknowledged, and the
    # latest of those that a quorum has acknowledged.
    leased_rounds: deque[tuple[int, Micros]] = attrs.field(factory=deque[tuple[int, Micros]])
    leased_until: Micros = 0
    hand_over: HandOver | None = None
    has_asked_another: bool = False  # to take over, in this term: no leases any more
    may_withdraw_at: Micros = 0  # in favour of one whose disk has room
    joint_request: RequestId | None = None  # to be answered once the joint configuration is left
    name = RoleName.LEADER


Role: TypeAlias = Follower | PreCandidate | Candidate | Leader

LEGAL_MOVES: Final[Mapping[type[Role], frozenset[type[Role]]]] = {  # figure 3.3, plus §9.6
    Follower: frozenset({Follower, PreCandidate, Candidate}),  # to candidate: TimeoutNow (§3.10)
    PreCandidate: frozenset({Follower, PreCandidate, Candidate}),
    Candidate: frozenset({Follower, PreCandidate, Leader}),
    Leader: frozenset({Follower}),
}


def become_follower(state: "State", term: Term, leader: NodeId | None) -> Follower:
    """Follow in `term`, which is the current one or a later one."""
    assert term >= state.current_term, f"§3.3: term went back: {term} < {state.current_term}"
    if term > state.current_term:
        _set_hard_state(state, attrs.evolve(state.hard_state, current_term=term, voted_for=None))
    if leader is not None:
        state.hurried_until = 0
    role = Follower(leader=leader, deadline=state.now + state.election_timeout())
    _enter(state, role)
    state.trace(BecameFollower, leader)
    return role


def become_pre_candidate(state: "State", pre_vote_round: int) -> PreCandidate:
    """Sound the others out. Neither term nor vote changes (§9.6)."""
    may_count = state.configurations.since(state.commit_index)
    assert any(c.is_voter(state.node_id) for c in may_count), "only a voter campaigns"
    before = state.role
    role = PreCandidate(
        round=pre_vote_round,
        since=state.now,
        deadline=state.now + state.campaign_timeout(),
        grants={state.node_id},
    )
    if isinstance(before, PreCandidate):
        role.since = before.since
    elif isinstance(before, Follower) and before.leaderless_since is not None:
        role.since = before.leaderless_since
    _enter(state, role)
    state.trace(BecamePreCandidate)
    return role


def become_candidate(state: "State", recovery: Recovery | None = None) -> Candidate:
    """Begin a new term and vote for oneself (§3.4)."""
    term = state.current_term + 1
    _set_hard_state(
        state, attrs.evolve(state.hard_state, current_term=term, voted_for=state.node_id)
    )
    role = Candidate(
        deadline=state.now + state.campaign_timeout(),
        own_vote=state.lane.hard_state_seq,
        recovery=recovery,
    )
    _enter(state, role)
    state.trace(BecameCandidate)
    return role


def become_leader(state: "State") -> Leader:
    """Lead the term that was won."""
    assert isinstance(state.role, Candidate), "§3.4: only a candidate is elected"
    assert state.hard_state.voted_for == state.node_id, "§3.4: it voted for itself"
    next_index = state.log.last.index + 1
    role = Leader(
        noop_index=next_index,
        heartbeat_deadline=state.now + state.config.heartbeat_interval_us,
        progress={
            member.node_id: Progress(member.node_id, next_index, last_ack_at=state.now)
            for member in state.configuration.everyone
            if member.node_id != state.node_id
        },
    )
    _enter(state, role)
    state.trace(BecameLeader, next_index)
    return role


def _enter(state: "State", role: Role) -> None:
    before = state.role
    assert type(role) in LEGAL_MOVES[type(before)], f"figure 3.3: {before.name} -> {role.name}"
    state.role = role


def _set_hard_state(state: "State", hard_state: HardState) -> None:
    before = state.hard_state
    assert hard_state.current_term > before.current_term or before.voted_for is None, (
        f"§3.4: one vote a term: {before} -> {hard_state}"
    )
    assert hard_state.current_term >= before.current_term, "§3.3: terms never go back"
    state.hard_state = hard_state
    state.lane.record_hard_state(hard_state)


def vote_for(state: "State", candidate: NodeId, last: EntryId) -> None:
    """Give the term's one vote to a candidate whose log ends with `last`."""
    assert isinstance(state.role, Follower), "§3.4: whoever campaigns has voted for itself"
    assert last >= state.log.last, f"§3.6.1: its log ends with {last}, ours with {state.log.last}"
    _set_hard_state(state, attrs.evolve(state.hard_state, voted_for=candidate))
