"""All that a node knows: the one mutable value that the protocol's functions share.

Responsible for holding it, with the few questions that everybody asks of it.
The rules are in the modules of the functions, each for one subject: `election`,
`replication`, `commitment`, `snapshots`, `membership`, `transfer`, `reads`, `leases`,
`recovery`.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, ParamSpec

import attrs

from leto.raft.actions import Action, Send, Trace
from leto.raft.config import Config
from leto.raft.configuration import Configuration, ConfigurationHistory
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.log import Log
from leto.raft.messages import Message
from leto.raft.read_queue import FollowerReads, ReadableAt
from leto.raft.roles import Follower, Leader, Role
from leto.raft.snapshot_work import SnapshotWork
from leto.raft.traces import Record
from leto.raft.types import Dice, EntryId, Index, Micros, NodeId, RequestId, Term
from leto.raft.write_lane import WriteLane

Fields = ParamSpec("Fields")
HURRIED_TIMEOUT_MIN_US: Final = 50_000  # some times as long as an election takes on busy nodes
HURRIED_TIMEOUT_MAX_US: Final = 150_000


@attrs.define(kw_only=True)
class State:
    """A node's memory. Figure 3.1's names where it has them."""

    config: Config
    node_id: NodeId
    incarnation: int
    dice: Dice
    now: Micros
    # Persisted (§3.8), through the lane.
    hard_state: HardState
    log: Log
    configurations: ConfigurationHistory
    snapshot: SnapshotMark | None  # named and durable
    lane: WriteLane
    # Volatile.
    role: Role
    commit_index: Index
    last_applied: Index
    applying: Index = 0  # the last index of the outstanding Apply, or 0
    applied_bytes: int = 0  # since the last snapshot
    proposals: deque[tuple[EntryId, RequestId]] = attrs.field(
        factory=deque[tuple[EntryId, RequestId]]
    )  # in the log, to be answered when applied; of this node's own leadership
    snapshots: SnapshotWork = attrs.field(factory=SnapshotWork)
    follower_reads: FollowerReads = attrs.field(factory=FollowerReads)
    readable: deque[ReadableAt] = attrs.field(factory=deque[ReadableAt])
    ids_issued: int = 0
    hurried_until: Micros = 0  # until then campaigns are repeated soon: the leader is dead
    promised_until: Micros = 0  # until then no vote is granted (§6.4.1)
    no_disk_room_since: Micros | None = None  # None while there is room
    failed: bool = False  # its disk; it is silent for good
    is_traced: bool = False  # somebody listens to what is done, and why
    actions: list[Action] = attrs.field(factory=list[Action])

    @property
    def current_term(self) -> Term:
        """The latest term seen (figure 3.1)."""
        return self.hard_state.current_term

    @property
    def configuration(self) -> Configuration:
        """The effective configuration (§4.1)."""
        return self.configurations.effective

    @property
    def leader(self) -> NodeId | None:
        """Who leads the current term, as far as known."""
        if type(self.role) is Leader:
            return self.node_id
        return self.role.leader if type(self.role) is Follower else None

    @property
    def has_disk_room(self) -> bool:
        """Whether the disk takes further commands."""
        return self.no_disk_room_since is None

    @property
    def was_admitted(self) -> bool:
        """Whether a configuration that is committed for certain holds, or held, this node."""
        return self.hard_state.was_admitted or self.configurations.have_admitted(
            self.node_id, self.commit_index
        )

    def election_timeout(self) -> Micros:
        """A random one (§3.4); later by half a range for each step below the best priority."""
        config = self.config
        low = config.election_timeout_min_us
        spread = config.election_timeout_max_us - low
        steps_below = self.configurations.effective.priorities_above(self.node_id)
        return low + int(self.dice.random() * spread) + steps_below * spread // 2

    def campaign_timeout(self) -> Micros:
        """How long a campaign waits for grants or votes; not long while the leader is known dead.

        Two survivors that campaign at once split the votes (§3.4): chance spreads them again.
        """
        if self.now >= self.hurried_until:
            return self.election_timeout()
        spread = HURRIED_TIMEOUT_MAX_US - HURRIED_TIMEOUT_MIN_US
        return HURRIED_TIMEOUT_MIN_US + int(self.dice.random() * spread)

    def new_id(self) -> int:
        """A number that this node never issued before, in this life or an earlier one."""
        self.ids_issued += 1
        return self.incarnation << 32 | self.ids_issued

    def trace(
        self, record: Callable[Fields, Record], *args: Fields.args, **kwargs: Fields.kwargs
    ) -> None:
        """Say that a step was done, if somebody listens; else nothing is even built."""
        if self.is_traced:
            self.actions.append(Trace(self.current_term, record(*args, **kwargs)))

    def send(self, to: NodeId, message: Message) -> None:
        """Send what attests no more than the current term, once that is durable."""
        if self.lane.hard_state_seq <= self.lane.written:
            self.actions.append(Send(to, message))
        else:
            self.lane.hold(Send(to, message), self.lane.hard_state_seq)

    def send_after(self, seq: int, to: NodeId, message: Message) -> None:
        """Send what attests what the write `seq` makes durable."""
        if seq <= self.lane.written:
            self.actions.append(Send(to, message))
        else:
            self.lane.hold(Send(to, message), seq)
