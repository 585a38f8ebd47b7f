"""A node that has booted: the core, its disk, its links, its state machine, at work.

Responsible for joining these parts: it is the crew that the core's driver tells,
the house that links belong to, and the home of a node that joins. Rules of the
parts are in the parts.

Invariants:
    1. Commands are proposed only while this node leads, and time passes only then.
    2. A node that was a member and finds itself removed, by its own log or told by
       the leader, ends. One whose admission was lost with its leader asks again.
"""

from collections import deque
from collections.abc import Callable

import attrs

from leto.raft.actions import AnnounceRole, Committed, Outcome, Refused, RoleName, Transferred
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry
from leto.raft.events import DiskRoomChanged, Event, PeerGone, WriteFailed
from leto.raft.messages import Message
from leto.raft.node import Node
from leto.raft.types import Dice, Micros, NodeId
from leto.resp import ErrorReply
from leto.server.clients import errors
from leto.server.commit.applier import Applier
from leto.server.commit.batches import Batches
from leto.server.commit.reads import Reads
from leto.server.commit.replica import Replica
from leto.server.commit.timekeeping import Timekeeper
from leto.server.disk.disk_lane import DiskLane
from leto.server.disk.storage import Storage
from leto.server.identity import Identity
from leto.server.machine import Content
from leto.server.peers.joining import Joining
from leto.server.peers.links import Links
from leto.server.peers.membership import Membership
from leto.server.settings import Settings
from leto.server.switchboard import Switchboard
from leto.server.turn import Turn, earliest
from leto.wal import Opened
from leto.wire import ClusterId, Hello

EXIT_FAILED = 1
EXIT_DATA = 4
EXIT_JOIN_REFUSED = 5

_FAREWELL_US = 1_000_000  # a removed leader lets the others learn what it committed


@attrs.define(kw_only=True)
class Parts:
    """What a node has before it has booted, and keeps."""

    settings: Settings
    dice: Dice
    turn: Turn
    switchboard: Switchboard
    lane: DiskLane
    content: Content  # of the machine
    batches: Batches
    applier: Applier
    timekeeper: Timekeeper
    reads: Reads
    observer: Callable[[tuple[Entry, ...]], None] | None
    stop: Callable[[int, str], None]


class LiveNode:
    """The node at work."""

    def __init__(self, parts: Parts, opened: Opened, identity: Identity) -> None:
        self._parts = parts
        self._turn = parts.turn
        self._events: deque[Event] = deque()
        settings, limits = parts.settings, parts.settings.limits
        self.identity = identity
        self.storage = Storage(
            parts.lane,
            opened.log,
            parts.content,
            turn=parts.turn,
            limits=limits,
            tell=self._events.append,
            corrupt=lambda text: parts.stop(EXIT_DATA, f"the data directory is damaged: {text}"),
        )
        self.links = Links(parts.turn, parts.switchboard, limits, parts.dice, self)
        node = Node(settings.raft, opened.restored, parts.dice)
        self.replica = Replica(node, self._events, parts.turn, limits, self.storage, self)
        self.membership = Membership(parts.turn, self.replica, self.links, identity)
        self._configuration: Configuration | None = None
        self._is_member = self._is_in(self.replica.status.committed_configuration)
        self._farewell_at: Micros | None = None
        self.has_disk_room = True
        self.is_retiring = False  # leads, but not for long; written here
        self._joining = self._begin_to_join() if self._is_blank else None

    def _begin_to_join(self) -> Joining | None:
        parts = self._parts
        if parts.settings.join is None:
            return None
        return Joining(
            parts.turn,
            parts.switchboard,
            parts.settings.limits,
            parts.dice,
            self.identity,
            self,
            parts.settings.join,
        )

    @property
    def _is_blank(self) -> bool:
        return not self.replica.status.configuration.members

    def _is_in(self, configuration: Configuration) -> bool:
        return configuration.member(self.identity.node_id) is not None

    # --- a turn ------------------------------------------------------------------

    @property
    def deadline(self) -> Micros | None:
        """When this node wants to be called again."""
        return earliest(
            self.replica.deadline,
            self.storage.work_at,
            self.links.deadline,
            self._parts.timekeeper.deadline,
            self._parts.reads.deadline,
            self.membership.deadline,
            self._joining.deadline if self._joining is not None else None,
            self._farewell_at,
        )

    def tick(self) -> None:
        """Do what time has made due."""
        self.membership.tick()
        self.links.tick()
        if self._joining is not None:
            self._go_on_joining(self._joining)
        if self._farewell_at is not None and self._turn.now >= self._farewell_at:
            self._farewell_at = None
            self._end_removed("this node was removed from the cluster")

    def run(self) -> None:
        """Let the core work, and feed it, until it is quiet."""
        replica, reads = self.replica, self._parts.reads
        while True:
            if replica.run():
                self._follow_configuration()
                reads.is_barred = self.storage.is_restoring
            if replica.is_leading:
                self._propose()
            reads.ask(replica.request_read)
            if not replica.has_events:
                return

    def end_turn(self) -> None:
        """Nothing more happens in this turn."""
        self.links.flush()
        self.storage.work()  # last: a damaged snapshot ends the node

    def disk_failed(self, reason: str) -> None:
        """The disk is not to be trusted any more."""
        self._events.append(WriteFailed(reason))

    def disk_room_changed(self, *, has_room: bool) -> None:
        """The disk has room for more commands again, or none beyond its reserve."""
        self.has_disk_room = has_room
        self._events.append(DiskRoomChanged(has_room))

    def recover(
        self, lost: list[str], survivors: tuple[NodeId, ...], then: Callable[[Outcome], None]
    ) -> None:
        """Go on without a quorum, on an operator's word."""
        self._turn.error("RECOVERY: members are said to be lost for good", lost=",".join(lost))

        def tell(outcome: Outcome) -> None:
            match outcome:
                case Committed():
                    self._turn.error("RECOVERY: the survivors go on", lost=",".join(lost))
                case Refused(refusal=refusal):
                    self._turn.error("RECOVERY: refused", reason=refusal.value)
                case _:
                    self._turn.error("RECOVERY: the survivors have not agreed yet")
            then(outcome)

        self.replica.force_configuration(survivors, tell)

    # --- the end of a leader ---------------------------------------------------------

    def retire(self) -> None:
        """This node stops: let another one lead, if there is one that could (§3.10)."""
        if self.replica.is_leading:
            self.is_retiring = True
            self.replica.request_transfer(None, self._retired)

    def _retired(self, outcome: Outcome) -> None:
        # It is over when somebody leads: until then the next leader may need our vote.
        self.is_retiring = isinstance(outcome, Transferred)

    def _go_on_joining(self, joining: Joining) -> None:
        if self._is_in(self.replica.status.committed_configuration):
            joining.finish()
        joining.tick()
        if joining.is_done:
            self._joining = None

    def _propose(self) -> None:
        batches, timekeeper = self._parts.batches, self._parts.timekeeper
        has_room = self.storage.writes_in_flight < self._parts.settings.limits.writes_in_flight_max
        if (batches.has_waiting and (has_room or batches.is_full)) or timekeeper.is_entry_due():
            batches.propose(timekeeper.stamp_ms(), self.replica.propose)

    def _follow_configuration(self) -> None:
        configuration = self.replica.status.configuration
        if configuration is self._configuration:
            return
        self._configuration = configuration
        if configuration.is_forced:
            names = ",".join(member.name for member in configuration.members)
            self._turn.error("RECOVERY: the configuration was forced", members=names)
        self.links.follow(configuration, self.identity.node_id)
        ours = configuration.member(self.identity.node_id)
        if ours is not None:
            self.identity.take_host(ours.address)  # as others know it, after a restart too
        if self._joining is None and self._is_blank:
            # Again, perhaps: what made us a member may have been rolled back (§4.1).
            self._joining = self._begin_to_join()

    # --- what clients are told of leadership --------------------------------------

    def who_leads(self) -> ErrorReply:
        """The error that sends a client to the leader, or says that none is known."""
        leader = self.replica.status.leader
        address = self.links.client_address(leader) if leader is not None else None
        return errors.not_leader(address)

    # --- the crew of the replica ---------------------------------------------------

    def send(self, to: NodeId, message: Message) -> None:
        """Send a message to a peer, or drop it."""
        self.links.send(to, message)

    def apply(self, entry: Entry) -> None:
        """Apply one entry to the state machine."""
        self._parts.applier.apply(entry)

    def applied(self, entries: tuple[Entry, ...]) -> None:
        """These entries have been applied."""
        self._parts.timekeeper.time_has_passed()
        self._parts.reads.time_has_passed()
        if self._parts.observer is not None:
            self._parts.observer(entries)
        for entry in entries:
            if isinstance(entry.payload, Configuration):
                self._mind_membership(entry.payload)

    def role_changed(self, role: AnnounceRole) -> None:
        """The core's role, term or leader has changed."""
        parts = self._parts
        if role.leader not in {None, self.identity.node_id}:
            self.is_retiring = False
        if role.role is RoleName.LEADER:
            parts.timekeeper.begin_term()
            self._turn.info("leading", term=role.term)
        else:
            parts.timekeeper.end_term()
            parts.batches.withdraw(self.who_leads())
            if role.leader is not None:
                self._turn.info("following", leader=self._name_of(role.leader), term=role.term)
            else:
                self._turn.info("no leader", role=role.role.value, term=role.term)
        parts.reads.ask_at_once()

    def fail(self, reason: str) -> None:
        """The core is silent for good."""
        self._parts.stop(
            EXIT_FAILED,
            f"the disk has failed, so this node stops: {reason}; check it, then restart",
        )

    def _mind_membership(self, committed: Configuration) -> None:
        was_member, self._is_member = self._is_member, self._is_in(committed)
        if was_member and not self._is_member:
            self._farewell_at = self._turn.now + _FAREWELL_US

    def _name_of(self, node_id: NodeId) -> str:
        member = self.replica.status.configuration.member(node_id)
        return member.name if member is not None else self.links.name_of(node_id)

    # --- the house of the links ----------------------------------------------------

    def our_hello(self) -> Hello:
        """What we say first to a peer."""
        return self.identity.hello(blank=self._is_blank)

    def cluster(self) -> ClusterId:
        """Whose nodes we talk to."""
        return self.identity.cluster_id

    def has_left(self, node_id: NodeId) -> bool:
        """Whether we know for certain that this node is no member any more."""
        status = self.replica.status
        return (
            status.is_ready
            and status.committed_configuration.member(node_id) is None
            and status.configuration.member(node_id) is None
        )

    def receive(self, sender: NodeId, message: Message) -> None:
        """A message came."""
        self.replica.receive(sender, message)

    def peer_gone(self, node_id: NodeId) -> None:
        """A peer's process has died."""
        self._events.append(PeerGone(node_id))

    def told_removed(self, by: Hello, text: str) -> None:
        """The leader says that we are no member any more."""
        was_member = self._is_member or self.replica.status.was_admitted
        if self._farewell_at is None and not was_member:
            # §4.1: what was never committed may be rolled back. Then we never were one. Who
            # bids farewell knows better, though a snapshot may have made its log forget it.
            self._joining = self._joining or self._begin_to_join()
            if self._joining is not None:
                return
        self._end_removed(f"{by.name} says: {text}")

    def _end_removed(self, what: str) -> None:
        name = self.identity.settings.name
        self._parts.stop(
            EXIT_FAILED,
            f"{what}; to come back, move its data directory away and start {name} with -join",
        )

    # --- the home of a node that joins -----------------------------------------------

    def keep_cluster(self, cluster_id: ClusterId, then: Callable[[], None]) -> None:
        """Make durable that this is our cluster."""
        log = self.storage.log
        steps = log.steps_for_cluster(cluster_id)
        end = log.end

        def kept(_data: tuple[bytes, ...]) -> None:
            log.synced(end)
            self.identity.cluster_id = cluster_id
            then()

        self._parts.lane.perform(steps, kept)

    def refused(self, text: str) -> None:
        """The cluster does not want us."""
        self._parts.stop(EXIT_JOIN_REFUSED, text)
