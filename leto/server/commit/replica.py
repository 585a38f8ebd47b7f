"""Drives the core of one node: events in, its actions performed, until all is quiet.

Responsible for the driver's part of the contract of `leto.raft.actions`. It names
requests and hands each its one answer, gives entries to the state machine a slice
at a time, and passes what concerns disk and peers to those who know how.

Invariants:
    1. Events enter the core in the order in which they became true.
    2. One turn applies about `apply_bytes_per_call`; the rest is due at once.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol, assert_never

from leto.raft.actions import (
    Action,
    AnnounceRole,
    Answer,
    Apply,
    Compact,
    FailStop,
    Outcome,
    ReadSnapshotChunk,
    RestoreSnapshot,
    RoleName,
    Send,
    TakeSnapshot,
    Trace,
    Write,
)
from leto.raft.configuration import ConfigurationChange
from leto.raft.entries import Entry
from leto.raft.events import (
    Applied,
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    Event,
    MessageReceived,
    Proposal,
    ReadPolicy,
    ReadRequested,
    SnapshotRequested,
    TimerFired,
    TransferRequested,
)
from leto.raft.messages import Message
from leto.raft.node import Node
from leto.raft.types import Micros, NodeId, RequestId
from leto.server.settings import Limits
from leto.server.turn import Turn

Then = Callable[[Outcome], None]


class Disk(Protocol):
    """Who performs what concerns the disk; answers come back as events."""

    def write(self, write: Write) -> None:
        """Make it durable, then tell `Written`."""
        ...

    def take_snapshot(self, order: TakeSnapshot) -> None:
        """Freeze the state machine, write it at leisure, then tell `SnapshotTaken`."""
        ...

    def restore_snapshot(self, order: RestoreSnapshot) -> None:
        """Fill the state machine, then tell `SnapshotRestored`."""
        ...

    def read_chunk(self, order: ReadSnapshotChunk) -> None:
        """Read it, then tell `SnapshotChunkRead`."""
        ...

    def compact(self, order: Compact) -> None:
        """Delete what is needed no more."""
        ...


class Crew(Protocol):
    """Who hears of what the core does, beside the disk."""

    def send(self, to: NodeId, message: Message) -> None:
        """Send a message to a peer, or drop it."""
        ...

    def apply(self, entry: Entry) -> None:
        """Apply one entry to the state machine."""
        ...

    def applied(self, entries: tuple[Entry, ...]) -> None:
        """These entries, all of one `Apply`, have been applied."""
        ...

    def role_changed(self, role: AnnounceRole) -> None:
        """The core's role, term or leader has changed."""
        ...

    def fail(self, reason: str) -> None:
        """The core is silent for good."""
        ...


class Replica:
    """The core with its driver."""

    def __init__(
        self,
        node: Node,
        events: deque[Event],
        turn: Turn,
        limits: Limits,
        disk: Disk,
        crew: Crew,
    ) -> None:
        self._node = node
        self._turn = turn
        self._limits = limits
        self._disk = disk
        self._crew = crew
        self._events = events  # what the core is to hear of, in order
        self._requests: dict[RequestId, Then] = {}
        self._last_request: RequestId = 0
        self._applying: deque[Entry] = deque()
        self._order: Apply | None = None
        self._apply_bytes_left = 0
        self.status = node.status
        self.is_leading = False

    @property
    def has_events(self) -> bool:
        """Whether `run` has something to do at once."""
        return bool(self._events)

    @property
    def deadline(self) -> Micros | None:
        """When `run` must be called again."""
        return self._turn.now if self._applying or self._events else self._node.deadline

    def begin_turn(self) -> None:
        """A turn begins: there is time to apply again."""
        self._apply_bytes_left = self._limits.apply_bytes_per_call

    def receive(self, sender: NodeId, message: Message) -> None:
        """A peer's message came."""
        self._events.append(MessageReceived(sender, message))

    def propose(self, data: bytes, then: Then) -> None:
        """Have a command replicated."""
        self._events.append(CommandsProposed((Proposal(self._request(then), data),)))

    def request_read(self, then: Then, policy: ReadPolicy = ReadPolicy.INDEX) -> None:
        """Ask for leave to read."""
        self._events.append(ReadRequested(self._request(then), policy))

    def request_change(self, change: ConfigurationChange, then: Then) -> None:
        """Ask for another configuration."""
        self._events.append(ChangeRequested(self._request(then), (change,)))

    def request_transfer(self, to: NodeId | None, then: Then) -> None:
        """Ask for another leader: this one, or the best one (§3.10)."""
        self._events.append(TransferRequested(self._request(then), to))

    def force_configuration(self, survivors: tuple[NodeId, ...], then: Then) -> None:
        """Make do with the survivors of a lost quorum, on an operator's word."""
        self._events.append(ConfigurationForced(self._request(then), survivors))

    def request_snapshot(self, then: Then) -> None:
        """Ask for a snapshot now."""
        self._events.append(SnapshotRequested(self._request(then)))

    def run(self) -> bool:
        """Go on until the core is quiet, or has had its share of the turn. Whether it did any."""
        if self._applying:
            self._apply_some()
        node, events, now = self._node, self._events, self._turn.now
        if not events:
            deadline = node.deadline
            if deadline is None or deadline > now:
                return False
            events.append(TimerFired())
        while events:
            for action in node.handle(events.popleft(), now):
                self._perform(action)
            if self._applying:
                self._apply_some()
        return True

    def _request(self, then: Then) -> RequestId:
        self._last_request += 1
        self._requests[self._last_request] = then
        return self._last_request

    def _perform(self, action: Action) -> None:
        match action:
            case Write():
                self._disk.write(action)
            case Send(to=to, message=message):
                self._crew.send(to, message)
            case Apply(entries=entries):
                self._order = action
                self._applying.extend(entries)
            case Answer(request_id=request_id, outcome=outcome):
                self._requests.pop(request_id)(outcome)
            case AnnounceRole(role=role):
                self.is_leading = role is RoleName.LEADER
                self._crew.role_changed(action)
            case TakeSnapshot():
                self._disk.take_snapshot(action)
            case RestoreSnapshot():
                self._disk.restore_snapshot(action)
            case ReadSnapshotChunk():
                self._disk.read_chunk(action)
            case Compact():
                self._disk.compact(action)
            case FailStop(reason=reason):
                self._crew.fail(reason)
            case Trace():
                pass  # for who asked for it; nobody here has
            case _:
                assert_never(action)

    def _apply_some(self) -> None:
        applying = self._applying
        while applying and self._apply_bytes_left > 0:
            entry = applying.popleft()
            self._apply_bytes_left -= entry.size_bytes
            self._crew.apply(entry)
            if not applying:
                assert self._order is not None, "what is applied was ordered"
                self._crew.applied(self._order.entries)
                self._events.append(Applied(entry.id.index))
