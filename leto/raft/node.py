"""The door: one event in, the actions that follow from it out.

Responsible for the order in which things are considered, which is fixed:

    1. the caller's mistakes are refused, and change nothing;
    2. the event: a message of a stale term, of a newer one, or one for the
       role's handler (figure 3.1, "rules for servers"); or a fact of our own;
    3. its consequences: leadership lost, commit, reads, replication, the
       state machine, snapshots;
    4. one write, and the actions.

It holds no rule of its own beyond that order. Reading order of the rules:
`roles`, `election`, `replication`, `commitment`, `snapshots`, `snapshot_sending`,
`snapshot_receiving`, `membership`, `transfer`, `reads`, `leases`, `recovery`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from leto.raft import (
    commitment,
    election,
    membership,
    reads,
    recovery,
    replication,
    snapshot_receiving,
    snapshot_sending,
    snapshots,
    transfer,
)
from leto.raft.actions import (
    Action,
    AnnounceRole,
    Answer,
    FailStop,
    Refusal,
    Refused,
    RoleName,
    Unknown,
)
from leto.raft.boot import initial_state
from leto.raft.config import Config
from leto.raft.entries import Restored
from leto.raft.errors import ClockWentBack, EventOutOfOrder
from leto.raft.events import (
    AnswerToOrder,
    Applied,
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    ReadRequested,
    SnapshotChunkRead,
    SnapshotRequested,
    SnapshotRestored,
    SnapshotTaken,
    TimerFired,
    TransferRequested,
    WriteFailed,
    Written,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.roles import Candidate, Follower, Leader, Role, become_follower
from leto.raft.state import State
from leto.raft.status import Status
from leto.raft.traces import Reason
from leto.raft.traces.cluster import ConfigurationCommitted, DiskFailed
from leto.raft.traces.elections import MessageIgnored, SteppedDown
from leto.raft.traces.log import CommitAdvanced
from leto.raft.types import Dice, Micros, NodeId, RequestId, Term

_OF_LEADERS = (AppendEntries, InstallSnapshot)
_OF_PRE_VOTES = (PreVote, PreVoteResponse)
_HANDLER_OF: Final[Mapping[type[Message], Callable[..., None]]] = {
    AppendEntries: replication.on_append_entries,
    AppendEntriesResponse: replication.on_append_entries_response,
    ReadIndex: reads.on_read_index,
    ReadIndexResponse: reads.on_read_index_response,
    InstallSnapshot: snapshot_receiving.on_install_snapshot,
    InstallSnapshotResponse: snapshot_sending.on_install_snapshot_response,
    PreVote: election.on_pre_vote,
    PreVoteResponse: election.on_pre_vote_response,
    RequestVote: election.on_request_vote,
    RequestVoteResponse: election.on_request_vote_response,
    TimeoutNow: transfer.on_timeout_now,
}
"""Called with state, sender and message, once term and leader are considered."""


class Node:
    """The consensus of one node.

    Args:
        config: the settings.
        restored: what the disk held.
        rng: a seeded generator, for election timeouts only.
        traced: whether to say each step of the protocol, as a `Trace`.

    Raises:
        InvalidRestored: the disk cannot have been a node's.
    """

    def __init__(
        self, config: Config, restored: Restored, rng: Dice, *, traced: bool = False
    ) -> None:
        self._state = initial_state(config, restored, rng)
        self._state.is_traced = traced
        self._traced_commit = self._state.commit_index
        self._has_started = False
        self._handler_of = self._handlers()
        self._announced = (RoleName.FOLLOWER, self._state.current_term, self._state.leader)

    @property
    def status(self) -> Status:
        """A read-only view."""
        return Status(self._state)

    @property
    def deadline(self) -> Micros | None:
        """Call `handle(TimerFired(), now)` no later than this; None if there is no need."""
        state = self._state
        role = state.role
        if state.failed:
            return None
        if not self._has_started:
            return state.now
        if isinstance(role, Leader):
            return role.heartbeat_deadline
        if state.readable or state.follower_reads.read:
            return min(role.deadline, reads.deadline(state))
        return role.deadline

    def handle(self, event: Event, now: Micros) -> Sequence[Action]:
        """What is to be done about it. Every action may be performed at once.

        Raises:
            ClockWentBack: `now` is before that of an earlier call.
            EventOutOfOrder: the event answers nothing that was ordered.
        """
        state = self._state
        if now < state.now and self._has_started:
            raise ClockWentBack(f"now went back: {now} < {state.now}")
        if state.failed:
            return _silence(event)
        if not self._has_started:
            self._start(event, now)
        role, before, state.now = state.role, state.now, now
        try:
            self._handler_of[type(event)](event)
        except EventOutOfOrder:
            state.now = before  # nothing has changed, the clock included
            raise
        write = None
        if not state.failed:
            self._conclude(role)
            if state.lane.coming is not None:
                write = state.lane.issue(state.log.last.index, now)
        actions, state.actions = state.actions, []
        # First, since the disk is what the others wait for.
        return actions if write is None else [write, *actions]

    def _start(self, event: Event, now: Micros) -> None:
        if isinstance(event, AnswerToOrder):
            raise EventOutOfOrder(f"nothing has been ordered yet: {event}")
        state, role = self._state, self._state.role
        assert isinstance(role, Follower), "§3.4: a node starts as a follower"
        self._has_started, state.now = True, now
        alone = state.configuration.voters == (state.node_id,)
        # Who is alone has nobody to wait for.
        role.deadline = now + (0 if alone else state.election_timeout())
        # §6.4.1: what this node promised before it stopped, it no longer knows.
        state.promised_until = now + state.configurations.longest_lease_us

    def _handlers(self) -> Mapping[type[Event], Callable[..., None]]:
        """What considers each event: a table, since it takes a fourth of a match's time."""
        state = self._state
        return {
            MessageReceived: self._receive,
            Written: self._on_written,
            CommandsProposed: partial(replication.on_commands_proposed, state),
            Applied: self._on_applied,
            TimerFired: self._on_timer,
            ReadRequested: partial(reads.on_read_requested, state),
            SnapshotChunkRead: partial(snapshot_sending.on_snapshot_chunk_read, state),
            SnapshotTaken: partial(snapshots.on_snapshot_taken, state),
            SnapshotRestored: partial(snapshots.on_snapshot_restored, state),
            SnapshotRequested: partial(snapshots.on_snapshot_requested, state),
            ChangeRequested: partial(membership.on_change_requested, state),
            TransferRequested: partial(transfer.on_transfer_requested, state),
            ConfigurationForced: partial(recovery.on_configuration_forced, state),
            PeerGone: partial(election.on_peer_gone, state),
            DiskRoomChanged: self._on_disk_room_changed,
            WriteFailed: self._fail,
        }

    # --- messages ---------------------------------------------------------------------

    def _receive(self, event: MessageReceived) -> None:
        state, sender, message = self._state, event.sender, event.message
        if sender == state.node_id:
            return  # our own votes and acknowledgements count by our own disk only
        lane = state.lane
        if lane.written < lane.issued and lane.has_hung(
            state.now, state.config.election_timeout_min_us
        ):
            # Nothing that it asks for could be attested, only kept waiting.
            state.trace(MessageIgnored, sender, type(message).__name__, Reason.DISK_HANGS)
            return
        term, current_term = message.term, state.hard_state.current_term
        if term < current_term and _is_stale(message):
            self._answer_stale(sender, message)
            return
        if term > current_term and not self._adopt_term(sender, message):
            return
        if isinstance(message, _OF_LEADERS) and not self._follow(sender, message):
            return
        _HANDLER_OF[type(message)](state, sender, message)

    def _answer_stale(self, sender: NodeId, message: Message) -> None:
        """Tell a leader or a candidate of an earlier term that its time is over."""
        state = self._state
        term = state.current_term
        match message:
            case AppendEntries():
                state.send(sender, AppendEntriesResponse(term=term, round=0, match_index=0))
            case InstallSnapshot(transfer=transfer):
                state.send(
                    sender, InstallSnapshotResponse(term=term, transfer=transfer, next_offset=0)
                )
            case RequestVote():
                state.send(sender, RequestVoteResponse(term=term, vote_granted=False))
            case _:
                pass  # answers to what an earlier term asked

    def _adopt_term(self, sender: NodeId, message: Message) -> bool:
        """Enter the newer term (§3.3). False if the message is to be ignored altogether."""
        if isinstance(message, PreVote):
            return True  # §9.6: it asks about a term; nobody is in it for that
        if (
            isinstance(message, RequestVote)
            and not message.is_transfer
            and election.is_bound(self._state)
        ):
            # §4.2.3: a server that nobody asked for does not disrupt.
            if self._state.is_traced:
                reason = election.why_ignored(self._state)
                self._state.trace(MessageIgnored, sender, "RequestVote", reason)
            return False
        if isinstance(self._state.role, Leader):
            self._state.trace(SteppedDown, Reason.NEWER_TERM)
        become_follower(self._state, message.term, None)
        return True

    def _follow(self, leader: NodeId, message: Message) -> bool:
        """Take the sender for the leader of the current term. False if that cannot be."""
        role = self._state.role
        if type(role) is Follower and role.leader is not None:
            return role.leader == leader
        if isinstance(role, Leader):
            # Figure 3.2: there is one leader a term, and that is us.
            self._state.trace(MessageIgnored, leader, type(message).__name__, Reason.OTHER_LEADER)
            return False
        become_follower(self._state, self._state.current_term, leader)
        return True

    # --- our own facts ----------------------------------------------------------------

    def _on_written(self, event: Written) -> None:
        state = self._state
        state.actions.extend(state.lane.complete(event.seq))
        snapshots.on_naming_written(state)
        match state.role:
            case Leader() as role:
                role.may_commit = True  # §10.2.1: the leader counts like any other
            case Follower() as role:
                replication.acknowledge_written(state, role)
            case Candidate() as role:
                election.on_own_vote_written(state, role)
            case _:
                pass  # a pre-candidate asks for nothing durable

    def _on_applied(self, event: Applied) -> None:
        commitment.on_applied(self._state, event.index)
        snapshots.take_if_due(self._state)

    def _on_disk_room_changed(self, event: DiskRoomChanged) -> None:
        state = self._state
        if event.has_room:
            state.no_disk_room_since = None
        elif state.has_disk_room:
            state.no_disk_room_since = state.now

    def _on_timer(self, _: TimerFired) -> None:
        state = self._state
        reads.on_reads_timer(state)
        role = state.role
        if not isinstance(role, Leader):
            election.on_election_timer(state, role)
        elif state.now >= role.heartbeat_deadline:
            self._on_heartbeat_timer(role)

    def _on_heartbeat_timer(self, leader: Leader) -> None:
        state = self._state
        disk_has_hung = state.lane.has_hung(state.now, state.config.election_timeout_min_us)
        if disk_has_hung or replication.has_lost_quorum(state, leader):
            state.trace(SteppedDown, Reason.DISK_HANGS if disk_has_hung else Reason.QUORUM_LOST)
            become_follower(state, state.current_term, None)
            return
        transfer.give_up_overdue(state, leader)
        transfer.withdraw_if_full(state, leader)
        previous_heartbeat = leader.heartbeat_deadline - state.config.heartbeat_interval_us
        # Here only: rounds of reads are as frequent as reads, and must put nothing off.
        leader.heartbeat_deadline = state.now + state.config.heartbeat_interval_us
        membership.promote_joined(state, leader, previous_heartbeat)
        snapshot_sending.resend_lost_chunks(state, leader)
        replication.repeat_probes(leader)
        replication.heartbeat(state, leader)

    # --- consequences -----------------------------------------------------------------

    def _conclude(self, role_before: Role) -> None:
        state = self._state
        if type(state.role) is Candidate:
            recovery.force_when_agreed(state, state.role)
        if type(state.role) is Leader:
            self._lead(state.role)
        # Term and leader are a role's for as long as it lasts: a new one is a new role.
        if state.role is not role_before:
            self._leave(role_before)
        # Most events have none of these consequences: each says itself what it takes.
        work = state.snapshots
        if work.to_restore is not None:
            snapshots.restore_when_idle(state)
        if state.is_traced:
            self._trace_commit()
        if state.commit_index > state.last_applied and not state.applying:
            commitment.apply_committed(state)
        if state.readable:
            reads.answer_readable(state)
        if work.to_compact:
            snapshots.compact_when_unread(state)

    def _leave(self, role: Role) -> None:
        state = self._state
        if isinstance(role, Leader):
            transfer.conclude(state, role)
            replication.give_up_joint_request(state, role)
            reads.give_up_leading(state, role)
            replication.give_up_proposals(state)
        elif isinstance(role, Candidate):
            recovery.conclude(state, role)
        reads.follow_another(state)
        self._announce()

    def _lead(self, leader: Leader) -> None:
        state = self._state
        if leader.may_commit:
            commitment.advance_commit_index(state, leader)
            if state.is_traced:
                self._trace_commit()
        if leader.is_changing:
            membership.leave_joint(state, leader)
        if leader.confirmation is not None or leader.waiting_reads:
            self._confirm_reads(leader)
        replication.replicate(state, leader)
        if leader.hand_over is not None:
            transfer.hand_over_when_ready(state, leader)
        if leader.is_changing:
            membership.forget_departed(state, leader)
            if membership.is_removed(state):
                replication.heartbeat(state, leader)  # §4.2.2: let the others commit it too
                state.trace(SteppedDown, Reason.REMOVED)
                become_follower(state, state.current_term, None)

    def _confirm_reads(self, leader: Leader) -> None:
        state = self._state
        reads.finish_confirmed_reads(state, leader)
        if reads.confirm_reads(state, leader):
            replication.heartbeat(state, leader)
            reads.finish_confirmed_reads(state, leader)  # of a cluster of one

    def _trace_commit(self) -> None:
        state, before = self._state, self._traced_commit
        if state.commit_index == before:
            return
        self._traced_commit = state.commit_index
        state.trace(CommitAdvanced, state.commit_index)
        if before < state.configurations.effective_index <= state.commit_index:
            state.trace(ConfigurationCommitted, state.configurations.effective_index)

    # --- the way out ------------------------------------------------------------------

    def _announce(self) -> None:
        state = self._state
        now: tuple[RoleName, Term, NodeId | None] = (
            state.role.name,
            state.current_term,
            state.leader,
        )
        if now != self._announced:
            self._announced = now
            state.actions.append(AnnounceRole(*now))

    def _fail(self, event: WriteFailed) -> None:
        """Fall silent for good: what the disk holds is not known any more."""
        state, reason = self._state, event.reason
        state.failed = True
        state.trace(DiskFailed, reason)
        for _, request_id in state.proposals:
            state.actions.append(Answer(request_id, Unknown()))
        if isinstance(state.role, Leader):
            replication.give_up_joint_request(state, state.role)
            transfer.conclude(state, state.role)
        if isinstance(state.role, Candidate):
            recovery.conclude(state, state.role)
        for request_id in _unanswered(state):
            state.actions.append(Answer(request_id, Refused(Refusal.FAILED)))
        state.actions.append(FailStop(reason))


def _is_stale(message: Message) -> bool:
    # A pre-vote is about the next term, and its answer may come from behind (§9.6).
    return not isinstance(message, _OF_PRE_VOTES)


def _unanswered(state: State) -> list[RequestId]:
    """The requests, other than proposals, whose answer is still owed."""
    return [*reads.unanswered(state), *state.snapshots.requested_by]


def _silence(event: Event) -> Sequence[Action]:
    """A failed node refuses what it is asked, and ignores the rest."""
    match event:
        case CommandsProposed(proposals=proposals):
            request_ids = [proposal.request_id for proposal in proposals]
        case (
            ReadRequested(request_id=request_id)
            | ChangeRequested(request_id=request_id)
            | TransferRequested(request_id=request_id)
            | ConfigurationForced(request_id=request_id)
            | SnapshotRequested(request_id=request_id)
        ):
            request_ids = [request_id]
        case _:
            request_ids = []
    return [Answer(request_id, Refused(Refusal.FAILED)) for request_id in request_ids]
