"""Handing leadership over: TimeoutNow and the wait for its target (§3.10).

Responsible for choosing the target, for letting it catch up while no new
proposals are taken, and for going on as before if nothing comes of it. And for
a leader whose disk stays full: it takes no commands, so that somebody with room should.

Invariants:
    1. The target is asked only when it holds the leader's whole log, durably.
    2. A leader that has asked gives no lease reads for the rest of its term:
       voters may forget their promise for a candidate that it sent itself.
    3. Nobody hands over unasked, but a leader whose disk has been full for an election timeout.
"""

from leto.raft.actions import Answer, Outcome, Refusal, Refused, Transferred, Unknown
from leto.raft.election import start_election
from leto.raft.events import TransferRequested
from leto.raft.messages import TimeoutNow
from leto.raft.progress import Mode, Progress
from leto.raft.roles import Follower, HandOver, Leader
from leto.raft.state import State
from leto.raft.traces.cluster import TransferAsked, TransferGivenUp, TransferStarted
from leto.raft.traces.reads import LeaseVoided
from leto.raft.types import NodeId, RequestId


def on_transfer_requested(state: State, event: TransferRequested) -> None:
    """Begin to hand over, or say why not."""
    leader = state.role
    if not isinstance(leader, Leader):
        _answer(state, event.request_id, Refused(Refusal.NOT_LEADER, state.leader))
    elif leader.hand_over is not None:
        _answer(state, event.request_id, Refused(Refusal.TRANSFER_PENDING, state.leader))
    else:
        target = event.to if event.to is not None else _best_target(state, leader)
        if target is None or not _can_lead(state, leader, target):
            _answer(state, event.request_id, Refused(Refusal.CANNOT_LEAD, state.leader))
        else:
            _begin(state, leader, event.request_id, target)


def withdraw_if_full(state: State, leader: Leader) -> None:
    """Hand over, unasked, once the disk has had no room for an election timeout.

    To one who has said of late that it has room; and only if that may help: if the others whose
    disks are not known to be full are a quorum. After an attempt that came to nothing it leads on
    as long again, for an operator may want to change things.
    """
    since, patience_us = state.no_disk_room_since, state.config.election_timeout_max_us
    if since is None or leader.hand_over is not None:
        return
    if state.now < max(since + patience_us, leader.may_withdraw_at):
        return

    def may_have_room(node_id: NodeId) -> bool:
        return node_id != state.node_id and not leader.progress[node_id].is_full

    target = _best_target(state, leader)
    if target is None or not _has_room(state, leader, leader.progress[target]):
        return
    if state.configuration.has_quorum(may_have_room):
        _begin(state, leader, None, target)


def hand_over_when_ready(state: State, leader: Leader) -> None:
    """Ask the target to campaign once it holds everything (§3.10)."""
    hand_over = leader.hand_over
    if hand_over is None or hand_over.has_asked:
        return
    progress = leader.progress.get(hand_over.to)
    if progress is not None and progress.match_index == state.log.last.index:
        hand_over.has_asked = leader.has_asked_another = True
        state.trace(TransferAsked, hand_over.to)
        if state.configuration.lease_us:
            state.trace(LeaseVoided)
        state.send(hand_over.to, TimeoutNow(term=state.current_term))


def give_up_overdue(state: State, leader: Leader) -> None:
    """The target did not take over in time: lead on (§3.10)."""
    hand_over = leader.hand_over
    if hand_over is not None and state.now >= hand_over.give_up_at:
        leader.hand_over = None
        leader.may_withdraw_at = state.now + state.config.election_timeout_max_us
        state.trace(TransferGivenUp, hand_over.to)
        refused = Refused(Refusal.TIMED_OUT, state.leader)
        # Who was asked may campaign yet: the message may be late.
        outcome = Unknown(state.leader) if hand_over.has_asked else refused
        _answer(state, hand_over.request_id, outcome)


def conclude(state: State, leader: Leader) -> None:
    """This node leads no more, for whatever reason."""
    hand_over = leader.hand_over
    if hand_over is None:
        return
    if hand_over.has_asked:
        _answer(state, hand_over.request_id, Transferred(hand_over.to))
    else:
        _answer(state, hand_over.request_id, Refused(Refusal.NOT_LEADER, state.leader))


def on_timeout_now(state: State, sender: NodeId, _: TimeoutNow) -> None:
    """Campaign at once: the leader wants it (§3.10)."""
    role = state.role
    if (
        isinstance(role, Follower)
        and role.leader == sender
        and state.configuration.is_voter(state.node_id)
    ):
        start_election(state, is_transfer=True)


def _begin(state: State, leader: Leader, request_id: RequestId | None, target: NodeId) -> None:
    give_up_at = state.now + state.config.election_timeout_max_us
    leader.hand_over = HandOver(request_id, target, give_up_at)
    state.trace(TransferStarted, target)


def _answer(state: State, request_id: RequestId | None, outcome: Outcome) -> None:
    if request_id is not None:
        state.actions.append(Answer(request_id, outcome))


def _best_target(state: State, leader: Leader) -> NodeId | None:
    """Whose disk has room; of those who is preferred by priority, then who lacks least."""

    def merit(progress: Progress) -> tuple[bool, int, int, int]:
        member = state.configuration.member(progress.node_id)
        priority = member.priority if member is not None else 0
        has_room = _has_room(state, leader, progress)
        return has_room, priority, progress.match_index, -progress.node_id

    candidates = [p for p in leader.progress.values() if _can_lead(state, leader, p.node_id)]
    return max(candidates, key=merit).node_id if candidates else None


def _has_room(state: State, leader: Leader, progress: Progress) -> bool:
    """Whether it has said so lately: in this term, and as lately as a quorum has to be heard."""
    is_heard = state.now - progress.last_ack_at < state.config.election_timeout_min_us
    return is_heard and progress.match_index >= leader.noop_index and not progress.is_full


def _can_lead(state: State, leader: Leader, node_id: NodeId) -> bool:
    member = state.configuration.member(node_id)
    progress = leader.progress.get(node_id)
    return (
        member is not None
        and member.is_voter
        and member.priority > 0
        and progress is not None
        and progress.mode is not Mode.SNAPSHOT
    )
