"""Replicating the log: the leader's AppendEntries and the follower's consent (§3.5).

Responsible for what is sent to whom and when, for the consistency check, and
for finding again where two logs agree. When entries count as committed is
`leto.raft.commitment`; snapshots for those too far behind, `leto.raft.snapshot_sending`.

Invariants:
    1. A follower truncates only at an entry that contradicts the leader's, and
       never a committed one.
    2. What a follower acknowledges is in its log durably, and is the leader's.
"""

from itertools import takewhile

from leto.raft.actions import Answer, Refusal, Refused, Unknown
from leto.raft.appending import extend_log, truncate_log
from leto.raft.entries import Command, Entry
from leto.raft.events import CommandsProposed
from leto.raft.leases import LEASE_MAX_US, begin_round
from leto.raft.messages import NO_ROOM, AppendEntries, AppendEntriesResponse, Conflict
from leto.raft.progress import Mode, Progress
from leto.raft.roles import Follower, Leader
from leto.raft.snapshot_sending import start_transfer
from leto.raft.state import State
from leto.raft.traces.log import EntriesRejected, FollowerBackedUp, FollowerMatched
from leto.raft.types import BEFORE_LOG, EntryId, Index, Micros, NodeId

# Looked up once: they are asked for every follower at every event.
_PROBE, _REPLICATE, _SNAPSHOT = Mode.PROBE, Mode.REPLICATE, Mode.SNAPSHOT

# --- the leader ----------------------------------------------------------------------


def on_commands_proposed(state: State, event: CommandsProposed) -> None:
    """Append the commands, or refuse all of them definitely."""
    refusal = _objection(state)
    if refusal is not None:
        refused = Refused(refusal, state.leader)
        for proposal in event.proposals:
            state.actions.append(Answer(proposal.request_id, refused))
        return
    entries: list[Entry] = []
    for index, proposal in enumerate(event.proposals, state.log.last.index + 1):
        entry = Entry(EntryId(state.current_term, index), Command(proposal.data))
        entries.append(entry)
        state.proposals.append((entry.id, proposal.request_id))
    if entries:
        extend_log(state, tuple(entries))


def _objection(state: State) -> Refusal | None:
    if not isinstance(state.role, Leader):
        return Refusal.NOT_LEADER
    if state.role.hand_over is not None:
        return Refusal.TRANSFER_PENDING  # §3.10: so that the target can catch up
    if not state.has_disk_room:
        return Refusal.DISK_FULL
    if state.role.is_anybody_full and _lacks_room_on_a_quorum(state, state.role):
        return Refusal.DISKS_FULL
    if _uncommitted_bytes(state) > state.config.uncommitted_bytes_max:
        return Refusal.TOO_MUCH_UNCOMMITTED
    return None


def _lacks_room_on_a_quorum(state: State, leader: Leader) -> bool:
    progress = leader.progress
    leader.is_anybody_full = any(follower.is_full for follower in progress.values())
    return not state.configuration.has_quorum(
        lambda node_id: node_id == state.node_id or not progress[node_id].is_full
    )


def _uncommitted_bytes(state: State) -> int:
    first = max(state.commit_index, state.log.before_log.index) + 1
    return state.log.size_of(first, until=state.log.last.index)


def replicate(state: State, leader: Leader) -> None:
    """Send every follower what its window takes, and the commit index to those who idle."""
    last_index, commit_index = state.log.last.index, state.commit_index
    for progress in leader.progress.values():
        if progress.mode is not _REPLICATE:
            replicate_to(state, leader, progress)
            continue
        if progress.next_index <= last_index:
            replicate_to(state, leader, progress)
        if progress.commit_sent < commit_index and progress.is_idle:
            _send_heartbeat(state, leader, progress)


def replicate_to(state: State, leader: Leader, progress: Progress) -> None:
    """Send one follower what it may be sent now."""
    if progress.mode is _SNAPSHOT:
        return
    if progress.next_index <= state.log.before_log.index:
        if not progress.is_full:
            start_transfer(state, progress)
    elif progress.mode is _PROBE:
        if progress.probe is None and (not progress.is_full or _is_ours_next(state, progress)):
            progress.probe = _send_entries(state, leader, progress)
    else:
        while progress.next_index <= state.log.last.index and progress.has_room(
            appends_max=state.config.appends_in_flight_max,
            bytes_max=state.config.bytes_in_flight_max,
        ):
            progress.sent(*_send_entries(state, leader, progress))


def _is_ours_next(state: State, progress: Progress) -> bool:
    """Whether the next entry is Raft's own, which a full disk's reserve still takes."""
    index = progress.next_index
    following = state.log.entries_from(index, until=index, bytes_max=1)
    return bool(following) and not isinstance(following[0].payload, Command)


def heartbeat(state: State, leader: Leader) -> None:
    """Tell every follower that this node leads. It never waits behind entries."""
    begin_round(state, leader)
    for progress in leader.progress.values():
        _send_heartbeat(state, leader, progress)


def repeat_probes(leader: Leader) -> None:
    """Let what may have been lost be sent again, once a heartbeat interval."""
    for progress in leader.progress.values():
        progress.probe = None


def _send_heartbeat(state: State, leader: Leader, progress: Progress) -> None:
    prev_index = progress.next_index - 1
    if progress.mode is _SNAPSHOT or prev_index < state.log.before_log.index:
        prev = BEFORE_LOG  # says nothing of the log
    else:
        # Behind all that was sent: if some of it was lost, the answer says so.
        prev = state.log.id_at(prev_index)
        progress.commit_sent = min(state.commit_index, prev_index)
    _send_append(state, leader, progress, prev, ())


def _send_entries(state: State, leader: Leader, progress: Progress) -> tuple[Index, int]:
    """Send what fits into one message: up to where, and how many bytes."""
    entries = state.log.entries_from(
        progress.next_index, until=state.log.last.index, bytes_max=state.config.append_bytes_max
    )
    last_index = progress.next_index - 1 + len(entries)
    progress.commit_sent = min(state.commit_index, last_index)
    _send_append(state, leader, progress, state.log.id_at(progress.next_index - 1), entries)
    return last_index, state.log.size_of(progress.next_index, until=last_index)


def _send_append(
    state: State, leader: Leader, progress: Progress, prev: EntryId, entries: tuple[Entry, ...]
) -> None:
    # §10.2.1: entries go out while they are still being written here.
    state.send(
        progress.node_id,
        AppendEntries(
            term=state.hard_state.current_term,
            round=leader.round,
            prev=prev,
            entries=entries,
            leader_commit=state.commit_index,
            lease_us=state.configurations.effective.lease_us,
        ),
    )


def on_append_entries_response(
    state: State, sender: NodeId, message: AppendEntriesResponse
) -> None:
    """Note what the follower attests, and go on from there."""
    leader = state.role
    if not isinstance(leader, Leader):
        return
    progress = leader.progress.get(sender)
    if (
        progress is None
        or message.round > leader.round
        or message.match_index > state.log.last.index
    ):
        return  # not of our configuration, or nothing that we can have sent
    progress.last_ack_at = state.now
    progress.acked_round = max(progress.acked_round, message.round)
    if progress.advance(message.match_index):
        leader.may_commit = True
    if message.conflict is None:
        progress.is_full = False
        if progress.mode is _PROBE and progress.match_index + 1 >= progress.next_index:
            progress.become_replicate()
            state.trace(FollowerMatched, sender, progress.match_index)
    elif message.conflict == NO_ROOM:
        _hold_back(leader, progress)
    else:
        _back_up(state, progress, message.conflict)


def _hold_back(leader: Leader, progress: Progress) -> None:
    """Send no commands until a heartbeat is answered without that word."""
    progress.is_full = leader.is_anybody_full = True
    if progress.mode is _REPLICATE:
        progress.become_probe(progress.match_index + 1)


def _back_up(state: State, progress: Progress, conflict: Conflict) -> None:
    """Try again where the logs may agree (§3.5's optimization: a term at a time)."""
    if progress.mode is _SNAPSHOT or conflict.rejected.index <= progress.match_index:
        return  # late: what was rejected then has matched since
    if progress.mode is _PROBE and conflict.rejected.index != progress.next_index - 1:
        return  # answers an earlier probe
    agreed = state.log.last_not_after(conflict.hint)
    progress.become_probe(min(agreed.index + 1, conflict.rejected.index))
    state.trace(FollowerBackedUp, progress.node_id, progress.next_index)


def has_lost_quorum(state: State, leader: Leader) -> bool:
    """Check-quorum (§6.2): whether too few have acknowledged for an election timeout."""

    def last_ack_at(node_id: NodeId) -> Micros:
        return state.now if node_id == state.node_id else leader.progress[node_id].last_ack_at

    heard = state.configuration.quorum_value(last_ack_at)
    return state.now - heard > state.config.election_timeout_min_us


def give_up_proposals(state: State) -> None:
    """Leadership is lost, or was not won: what becomes of what is uncommitted, others decide."""
    while state.proposals and not _is_committed(state, state.proposals[-1][0]):
        _, request_id = state.proposals.pop()
        state.actions.append(Answer(request_id, Unknown(state.leader)))


def _is_committed(state: State, entry: EntryId) -> bool:
    # The message that ended the leadership may have put another entry in its
    # place and committed that: the index alone proves nothing.
    return entry.index <= state.commit_index and state.log.holds(entry)


def give_up_joint_request(state: State, leader: Leader) -> None:
    """Whether the change that is half done is completed, others decide too."""
    if leader.joint_request is not None:
        state.actions.append(Answer(leader.joint_request, Unknown(state.leader)))
        leader.joint_request = None


# --- the follower --------------------------------------------------------------------


def on_append_entries(state: State, sender: NodeId, message: AppendEntries) -> None:
    """Append what follows the common prefix, and say how far the log agrees (§3.5)."""
    role = state.role
    assert isinstance(role, Follower), "AppendEntries makes a follower of whoever is not"
    entries, prev, now = message.entries, message.prev, state.now
    if prev.term > message.term or (entries and not _is_well_formed(message)):
        return
    role.deadline = now + state.election_timeout()
    role.heard_at = now
    if message.lease_us > 0:
        # §6.4.1: a promise of this node's own clock, kept whatever becomes of the leader.
        lease_us = min(message.lease_us, LEASE_MAX_US)
        state.promised_until = max(state.promised_until, state.now + lease_us)
    if entries and _contradicts_committed(state, entries):
        return  # figure 3.2: no leader can; whoever sent it is not one of ours
    if not _matches(state, prev):
        conflict = Conflict(message.prev, state.log.last_not_after(message.prev))
        state.trace(EntriesRejected, sender, prev, conflict.hint)
        _respond(state, sender, role, message.round, conflict)
        return
    if not state.has_disk_room:
        entries = _without_new_commands(state, message)
    last_new = prev.index + len(entries)
    appended = bool(entries) and _append_missing(state, entries)
    role.matched_index = max(role.matched_index, last_new)
    # Not our own last index: what lies behind `last_new` may contradict the leader.
    state.commit_index = max(state.commit_index, min(message.leader_commit, last_new))
    if not appended:
        _respond(state, sender, role, message.round, None)
        return
    if message.round > role.acked_round:
        _respond(state, sender, role, message.round, None)
    role.owes_ack = True  # another response follows the write of these entries


def acknowledge_written(state: State, role: Follower) -> None:
    """Entries have become durable: say so."""
    if role.owes_ack and role.leader is not None:
        role.owes_ack = state.lane.durable_index < role.matched_index
        _respond(state, role.leader, role, role.acked_round, None)


def _respond(
    state: State, leader: NodeId, role: Follower, message_round: int, conflict: Conflict | None
) -> None:
    role.acked_round = max(role.acked_round, message_round)
    match_index = min(state.lane.durable_index, role.matched_index)
    if conflict is None and not state.has_disk_room:
        conflict = NO_ROOM
    state.send(
        leader,
        AppendEntriesResponse(
            term=state.hard_state.current_term,
            round=message_round,
            match_index=match_index,
            conflict=conflict,
        ),
    )


def _is_well_formed(message: AppendEntries) -> bool:
    """Whether the entries follow `prev` without a gap, in terms a leader could have seen."""
    before, term = message.prev, message.term
    for entry in message.entries:
        here = entry.id
        if here.index != before.index + 1 or not before.term <= here.term <= term:
            return False
        before = here
    return True


def _matches(state: State, prev: EntryId) -> bool:
    """The consistency check (§3.5). What is compacted was committed, so it agrees."""
    return prev.index < state.log.before_log.index or state.log.holds(prev)


def _contradicts_committed(state: State, entries: tuple[Entry, ...]) -> bool:
    if entries[0].id.index > state.commit_index:
        return False
    return any(
        not state.log.holds(entry.id)
        for entry in entries
        # What is compacted below cannot be compared any more.
        if state.log.before_log.index <= entry.id.index <= state.commit_index
    )


def _without_new_commands(state: State, message: AppendEntries) -> tuple[Entry, ...]:
    """What a full disk takes: what is there, and Raft's own, for which it has a reserve."""
    before_log = state.log.before_log.index
    return tuple(
        takewhile(
            lambda entry: (
                entry.id.index <= before_log
                or state.log.holds(entry.id)
                or not isinstance(entry.payload, Command)
            ),
            message.entries,
        )
    )


def _append_missing(state: State, entries: tuple[Entry, ...]) -> bool:
    """Append the entries that are not in the log. Whether there were any."""
    for position, entry in enumerate(entries):
        if entry.id.index <= state.log.before_log.index or state.log.holds(entry.id):
            continue
        # Only a contradiction truncates: a late, short message must not.
        if entry.id.index <= state.log.last.index:
            truncate_log(state, entry.id.index)
        extend_log(state, entries[position:])
        return True
    return False
