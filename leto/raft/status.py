"""What may be seen of a node from outside: a view, not a copy.

Responsible for what metrics, pages, drivers and checkers read. Every property
is computed when it is asked for, so that nobody pays who does not look.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import SnapshotMark
from leto.raft.progress import Mode
from leto.raft.reads import unanswered
from leto.raft.roles import Follower, Leader
from leto.raft.state import State
from leto.raft.types import EntryId, Index, Micros, NodeId, Term


class FollowerView(Protocol):
    """What may be looked at of a follower, as its leader sees it now."""

    @property
    def match_index(self) -> Index:
        """Up to where the leader knows the logs to match."""
        ...

    @property
    def next_index(self) -> Index:
        """From where on entries are to be sent."""
        ...

    @property
    def mode(self) -> Mode:
        """How entries reach it."""
        ...

    @property
    def appends_in_flight(self) -> int:
        """How many AppendEntries with entries are not acknowledged yet."""
        ...

    @property
    def bytes_in_flight(self) -> int:
        """The bytes of their entries."""
        ...


_NO_FOLLOWERS: Final[Mapping[NodeId, FollowerView]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class FollowerStatus:
    """A follower as its leader sees it."""

    node_id: NodeId
    match_index: Index
    next_index: Index
    mode: Mode
    last_ack_at: Micros
    appends_in_flight: int = 0  # AppendEntries with entries, not acknowledged yet
    bytes_in_flight: int = 0


@attrs.frozen
class SnapshotArriving:
    """A leader's snapshot, of which the first bytes are here."""

    last_included: EntryId
    received_bytes: int
    size_bytes: int


@attrs.frozen
class Status:
    """A read-only view of a node; it changes as the node does."""

    _state: State

    @property
    def node_id(self) -> NodeId:
        """Who this is."""
        return self._state.node_id

    @property
    def role(self) -> RoleName:
        """Which role it plays."""
        return self._state.role.name

    @property
    def standing(self) -> tuple[RoleName, Term, Index, Index]:
        """Role, term, commit index and applied index, for those who look after every event."""
        state = self._state
        return (
            state.role.name,
            state.hard_state.current_term,
            state.commit_index,
            state.last_applied,
        )

    @property
    def current_term(self) -> Term:
        """The latest term it has seen."""
        return self._state.hard_state.current_term

    @property
    def voted_for(self) -> NodeId | None:
        """Whom it voted for in that term."""
        return self._state.hard_state.voted_for

    @property
    def leader(self) -> NodeId | None:
        """Who leads that term, as far as it knows."""
        return self._state.leader

    @property
    def heard_at(self) -> Micros | None:
        """When, by its own clock, the leader that it follows last spoke to it, if it lives."""
        role = self._state.role
        return role.heard_at if isinstance(role, Follower) else None

    @property
    def is_ready(self) -> bool:
        """Whether it leads and has committed an entry of its own term."""
        role = self._state.role
        return isinstance(role, Leader) and self._state.commit_index >= role.noop_index

    @property
    def commit_index(self) -> Index:
        """Up to where it knows the log to be committed."""
        return self._state.commit_index

    @property
    def last_applied(self) -> Index:
        """Up to where its state machine has come."""
        return self._state.last_applied

    @property
    def last_log(self) -> EntryId:
        """The last entry of its log."""
        return self._state.log.last

    @property
    def first_index(self) -> Index:
        """The first index that its log still holds, or will."""
        return self._state.log.first_index

    @property
    def log_bytes(self) -> int:
        """What the log weighs in memory."""
        return self._state.log.size_bytes

    @property
    def durable_index(self) -> Index:
        """Up to where its log is durable."""
        return self._state.lane.durable_index

    @property
    def writes_outstanding(self) -> int:
        """How many writes are not durable yet."""
        return self._state.lane.issued - self._state.lane.written

    @property
    def snapshot(self) -> SnapshotMark | None:
        """The snapshot that counts."""
        return self._state.snapshot

    @property
    def configuration(self) -> Configuration:
        """The effective configuration."""
        return self._state.configurations.effective

    @property
    def configuration_index(self) -> Index:
        """Where the effective configuration stands in the log; 0 if it founded the cluster."""
        return self._state.configurations.effective_index

    @property
    def committed_configuration(self) -> Configuration:
        """The latest configuration that it knows to be committed."""
        return self._state.configurations.as_of(self._state.commit_index)

    @property
    def possible_members(self) -> Mapping[NodeId, Member]:
        """Who may be a member, for all it knows: its latest removals may be rolled back (§4.1)."""
        return self._state.configurations.possible_members(self._state.commit_index)

    @property
    def was_admitted(self) -> bool:
        """Whether a configuration that is committed for certain holds, or held, this node."""
        return self._state.was_admitted

    @property
    def followers_by_id(self) -> Mapping[NodeId, FollowerView]:
        """How far the others are, if it leads: what it goes by itself, for a look at once."""
        role = self._state.role
        return role.progress if isinstance(role, Leader) else _NO_FOLLOWERS

    @property
    def followers(self) -> tuple[FollowerStatus, ...]:
        """How far the others are, if it leads."""
        role = self._state.role
        if not isinstance(role, Leader):
            return ()
        return tuple(
            FollowerStatus(
                node_id=progress.node_id,
                match_index=progress.match_index,
                next_index=progress.next_index,
                mode=progress.mode,
                last_ack_at=progress.last_ack_at,
                appends_in_flight=progress.appends_in_flight,
                bytes_in_flight=progress.bytes_in_flight,
            )
            for progress in role.progress.values()
        )

    @property
    def incarnation(self) -> int:
        """Which of its lives this is."""
        return self._state.incarnation

    @property
    def uncommitted_bytes(self) -> int:
        """What the log weighs beyond what is known to be committed."""
        state = self._state
        first = max(state.commit_index, state.log.before_log.index) + 1
        return state.log.size_of(first, until=state.log.last.index)

    @property
    def proposals_outstanding(self) -> int:
        """How many proposals of its own clients are not answered yet."""
        return len(self._state.proposals)

    @property
    def reads_outstanding(self) -> int:
        """How many reads of its own clients are not answered yet."""
        return len(unanswered(self._state))

    @property
    def transfer_target(self) -> NodeId | None:
        """Whom it hands leadership over to at the moment."""
        role = self._state.role
        hand_over = role.hand_over if isinstance(role, Leader) else None
        return None if hand_over is None else hand_over.to

    @property
    def leased_until(self) -> Micros | None:
        """Until when, of its own clock, it may answer alone, as far as was looked (§6.4.1)."""
        state, role = self._state, self._state.role
        if not isinstance(role, Leader) or role.has_asked_another:
            return None
        return role.leased_until if state.now < role.leased_until else None

    @property
    def promised_until(self) -> Micros:
        """Until when, of its own clock, it grants no vote (§6.4.1)."""
        return self._state.promised_until

    @property
    def snapshot_arriving(self) -> SnapshotArriving | None:
        """How far a leader's snapshot has arrived."""
        receiving = self._state.snapshots.receiving
        if receiving is None:
            return None
        mark = receiving.snapshot
        return SnapshotArriving(mark.last_included, receiving.next_offset, mark.size_bytes)

    @property
    def has_disk_room(self) -> bool:
        """Whether its disk takes more commands."""
        return self._state.has_disk_room

    @property
    def disk_has_hung(self) -> bool:
        """Whether a write was outstanding for so long, at the last event, that it is silent."""
        state = self._state
        return state.lane.has_hung(state.now, state.config.election_timeout_min_us)

    @property
    def has_failed(self) -> bool:
        """Whether its disk has failed, so that it is silent for good."""
        return self._state.failed
