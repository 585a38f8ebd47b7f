"""Changing who belongs to the cluster (chapter 4).

Responsible for when changes may be proposed, for leaving a joint configuration,
for promoting those who joined, and for the leader's own removal. The arithmetic is `leto.raft.configuration`;
that a configuration is effective on append is `leto.raft.appending`.

Invariants:
    1. At most one configuration is uncommitted at a time (§4.1), and a joint one
       is left before the next change (§4.3).
    2. No change is proposed before the leader has committed an entry of its own
       term (single-server change: raft-dev 2015-07): or else two leaders could
       each change a configuration that the other does not know of.
"""

from typing import assert_never

from leto.raft.actions import Answer, Refusal, Refused
from leto.raft.appending import extend_log
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.entries import Entry
from leto.raft.events import ChangeRequested
from leto.raft.leases import LEASE_MAX_US, shorten_leases
from leto.raft.progress import Mode, Progress
from leto.raft.roles import Leader
from leto.raft.state import State
from leto.raft.traces.cluster import MemberPromoted
from leto.raft.types import EntryId, Micros


def on_change_requested(state: State, event: ChangeRequested) -> None:
    """Propose the changes, or say why not."""
    refusal = _objection(state, event.changes)
    if refusal is not None:
        state.actions.append(Answer(event.request_id, Refused(refusal, state.leader)))
        return
    leader = state.role
    assert isinstance(leader, Leader), "only a leader has no objection"
    entry_id = _propose(state, leader, state.configuration.changed(event.changes))
    if state.configuration.is_joint:
        leader.joint_request = event.request_id  # answered when the change is complete
    else:
        state.proposals.append((entry_id, event.request_id))


def leave_joint(state: State, leader: Leader) -> None:
    """Complete a change: C_old,new is committed, so C_new may be proposed (§4.3).

    Whichever leader finds it so does it, so that a change survives its leader.
    """
    if not state.configuration.is_joint or _must_wait(state, leader) is not None:
        return
    entry_id = _propose(state, leader, state.configuration.left())
    if leader.joint_request is not None:
        state.proposals.append((entry_id, leader.joint_request))
        leader.joint_request = None


def promote_joined(state: State, leader: Leader, previous_heartbeat: Micros) -> None:
    """Make a voter of a joining member that has caught up (§4.2.1).

    Called at each heartbeat: a round of catching up lasts from one to the next,
    and is won by a member that has acknowledged since and holds all that the
    log held when the round began.
    """
    for progress in leader.progress.values():
        member = state.configuration.member(progress.node_id)
        if member is None or member.role is not MemberRole.JOINING:
            continue
        caught_up = (
            progress.mode is Mode.REPLICATE
            and progress.catch_up_to
            and progress.match_index >= progress.catch_up_to
            and progress.last_ack_at >= previous_heartbeat
        )
        promotion = (ChangeRole(member.node_id, MemberRole.VOTER),)
        if caught_up and _objection(state, promotion) is None:
            state.trace(MemberPromoted, member.node_id)
            _propose(state, leader, state.configuration.changed(promotion))
        progress.catch_up_to = state.log.last.index


def is_removed(state: State) -> bool:
    """Whether this leader is no voter any more: it leads until that is committed (§4.2.2)."""
    return (
        not state.configuration.is_voter(state.node_id)
        and state.configurations.effective_index <= state.commit_index
    )


def forget_departed(state: State, leader: Leader) -> None:
    """Stop replicating to removed members once they know, or have had time to learn.

    And say whether anything of a change is left to be done, here or in the functions above.
    """
    departed = [p.node_id for p in leader.progress.values() if _has_departed(state, p)]
    for node_id in departed:
        del leader.progress[node_id]
    leader.is_changing = (
        state.configuration.is_joint
        or not state.configuration.is_voter(state.node_id)
        or any(progress.leaving_since is not None for progress in leader.progress.values())
    )


def _has_departed(state: State, progress: Progress) -> bool:
    if progress.leaving_since is None or state.configuration.member(progress.node_id) is not None:
        return False
    removal = state.configurations.effective_index
    if removal > state.commit_index:
        return False  # the removal may yet be rolled back with this leadership
    knows = progress.match_index >= removal and progress.commit_sent >= removal
    return knows or state.now - progress.leaving_since > state.config.election_timeout_max_us


def _propose(state: State, leader: Leader, configuration: Configuration) -> EntryId:
    assert state.commit_index >= leader.noop_index, "raft-dev 2015-07: commit in one's term first"
    assert state.configurations.effective_index <= state.commit_index, "§4.1: one at a time"
    shorten_leases(state, leader, configuration.lease_us)
    entry_id = EntryId(state.current_term, state.log.last.index + 1)
    extend_log(state, (Entry(entry_id, configuration),))
    return entry_id


def _objection(state: State, changes: tuple[ConfigurationChange, ...]) -> Refusal | None:
    if not isinstance(state.role, Leader):
        return Refusal.NOT_LEADER
    wait = _must_wait(state, state.role)
    if wait is None and state.configuration.is_joint:
        wait = Refusal.CHANGE_PENDING
    return wait if wait is not None else _misfit(state.configuration, changes)


def _must_wait(state: State, leader: Leader) -> Refusal | None:
    if state.commit_index < leader.noop_index:
        return Refusal.LEADER_NOT_READY  # invariant 2
    if state.configurations.effective_index > state.commit_index:
        return Refusal.CHANGE_PENDING  # invariant 1
    return Refusal.TRANSFER_PENDING if leader.hand_over is not None else None


def _misfit(
    configuration: Configuration, changes: tuple[ConfigurationChange, ...]
) -> Refusal | None:
    """What one of the changes, made in this order, runs into."""
    for change in changes:
        refusal = _misfit_of_one(configuration, change)
        if refusal is not None:
            return refusal
        configuration = configuration.with_change(change)
    if not configuration.voters:
        return Refusal.LAST_VOTER
    may_lead = any(member.is_voter and member.priority > 0 for member in configuration.members)
    return None if may_lead else Refusal.NOBODY_TO_LEAD  # once it has no leader, it never has one


def _misfit_of_one(configuration: Configuration, change: ConfigurationChange) -> Refusal | None:
    match change:
        case AddMember(member=member):
            return Refusal.ALREADY_MEMBER if _clashes(configuration, member) else None
        case ChangeAddress(node_id=node_id, address=address):
            if configuration.member(node_id) is None:
                return Refusal.NOT_A_MEMBER
            taken = any(m.address == address for m in configuration.members)
            return Refusal.ALREADY_MEMBER if taken else None
        case ChangeLease(lease_us=lease_us):
            # Beyond the maximum voters promise less than the leader would count on.
            return None if 0 <= lease_us <= LEASE_MAX_US else Refusal.LEASE_TOO_LONG
        case (
            ChangeRole(node_id=node_id)
            | ChangePriority(node_id=node_id)
            | RemoveMember(node_id=node_id)
        ):
            return Refusal.NOT_A_MEMBER if configuration.member(node_id) is None else None
        case _:
            assert_never(change)


def _clashes(configuration: Configuration, new: Member) -> bool:
    return any(
        m.node_id == new.node_id or m.name == new.name or m.address == new.address
        for m in configuration.members
    )
