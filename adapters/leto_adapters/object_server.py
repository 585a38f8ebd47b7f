"""A Leto server whose state machine is somebody's own: what `replicated` runs.

Responsible for what differs from a server of keys, and for nothing else: the user's
commands go into the log in batches, their results come back, and reads are done on the
user's machine. Disk, links, joining and leaving are those of `leto.server`, rules and all. One
port serves peers and people: whoever speaks RESP there may say INFO, ROLE, JOIN, LEAVE,
SNAPSHOT; a node that joins does. It is sans-IO like its parent; the runtime drives it.

Invariants:
    1. One batch is one log entry; it is proposed when less than two writes are under way.
    2. Each request is told one result or one failure, unless the node ends before.
"""

from collections import deque
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, TypeAlias

import attrs

from leto.kv import Command as CommandRow
from leto.kv import Kind, command_for
from leto.machine import StateMachine
from leto.raft.actions import (
    AnnounceRole,
    Committed,
    Outcome,
    Readable,
    Refusal,
    RoleName,
    Transferred,
)
from leto.raft.actions import Refused as RefusedOutcome
from leto.raft.config import MIB
from leto.raft.configuration import ChangeLease, MemberRole
from leto.raft.entries import Command, Entry
from leto.raft.events import ReadPolicy
from leto.raft.types import Dice, Micros
from leto.resp import ErrorReply, Reply, Request
from leto.server.clients import errors
from leto.server.clients.connections import ClientConnection
from leto.server.console.survey import Consensus
from leto.server.identity import Identity
from leto.server.live_node import LiveNode, Parts
from leto.server.peers.links import Links
from leto.server.server import Server
from leto.server.settings import Settings
from leto.server.switchboard import Endpoint
from leto.server.world import ConnectionAccepted, Port
from leto.wal import Opened

COMMAND_BYTES_MAX: Final = 32 * MIB  # with a whole batch before it, it still fits a frame

_LENGTH: Final = Struct(">I")
_FRAME_MARK: Final = b"LR"  # how everything begins that one node says to another
_NO_KEYS: Final = ErrorReply("ERR this node replicates an object of its program's; it has no keys")
_UNKNOWN: Final = "UNKNOWN "
_NOT_LEADER: Final = "not leader "


class NotDone(Exception):
    """A request was not carried out, or it is not known whether it was."""


class NotLeader(NotDone):
    """Certainly not done: this node does not lead. `leader` is the address of who does, if known."""

    def __init__(self, leader: str | None) -> None:
        super().__init__(f"not leader; ask {leader}" if leader else "no leader is known")
        self.leader = leader


class Refused(NotDone):
    """Certainly not done, for the reason given."""


class Unknown(NotDone):
    """It may have been done, or may be yet. Whoever repeats it may do it twice."""


Answered: TypeAlias = Callable[[bytes | NotDone], None]
Call: TypeAlias = Callable[["ObjectNode"], None]
Acceptor: TypeAlias = Callable[[ConnectionAccepted], Endpoint]


class _Content:
    """The user's machine as `leto.server.disk.storage` fills and empties one: in pieces."""

    def __init__(self, machine: StateMachine) -> None:
        self._machine = machine
        self._pieces: list[bytes] = []

    def snapshot(self, chunk_bytes: int) -> Iterator[bytes]:
        content = self._machine.snapshot()  # now: the pieces may be asked for later
        return (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))

    def begin_restore(self) -> None:
        self._pieces.clear()

    def restore_chunk(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def finish_restore(self) -> None:
        content = b"".join(self._pieces)
        self._pieces.clear()
        self._machine.restore(content)


@attrs.define(eq=False)
class _Batch:
    """Commands in one log entry, on their way. `results` are there once it was applied."""

    data: bytes
    waiting: list[Answered]
    results: list[bytes] = attrs.field(factory=list[bytes])

    def answer(self, outcome: Outcome, leader: str | None) -> None:
        if isinstance(outcome, Committed):
            for answered, result in zip(self.waiting, self.results, strict=True):
                answered(result)
        else:
            for answered in self.waiting:
                answered(_failure(outcome, leader))


class ObjectNode(LiveNode):
    """A node at work, with a machine of the user's."""

    def __init__(
        self,
        parts: Parts,
        opened: Opened,
        identity: Identity,
        machine: StateMachine,
        calls: deque[Call],
        accept: Callable[[ConnectionAccepted, Links], Endpoint],
    ) -> None:
        self.machine = machine
        self._calls = calls
        self._commands: deque[tuple[bytes, Answered]] = deque()  # not proposed yet
        self._proposed: deque[_Batch] = deque()
        super().__init__(attrs.evolve(parts, content=_Content(machine)), opened, identity)
        parts.switchboard.listen(Port.PEER, lambda fact: accept(fact, self.links))

    @property
    def is_settled(self) -> bool:
        """Whether this node is what it is to be in its cluster: it joins no more."""
        ours = self.replica.status.committed_configuration.member(self.identity.node_id)
        return ours is not None and ours.role is not MemberRole.JOINING

    @property
    def leader_address(self) -> str | None:
        """Where the leader is, if one is known."""
        leader = self.replica.status.leader
        if leader == self.identity.node_id:
            return str(self.identity.client_address)
        return self.links.client_address(leader) if leader is not None else None

    # --- what the program asks for -------------------------------------------------------

    def propose(self, command: bytes, answered: Answered) -> None:
        """Have a command replicated; its result, or why there is none."""
        if not self.replica.is_leading:
            answered(NotLeader(self.leader_address))
        elif len(command) > COMMAND_BYTES_MAX:
            answered(Refused(f"{len(command)} bytes are more than {COMMAND_BYTES_MAX}"))
        else:
            self._commands.append((command, answered))

    def read(self, policy: ReadPolicy, readable: Callable[[Readable | NotDone], None]) -> None:
        """Ask for leave to read the machine: `Readable` if it may be read in this very moment."""

        def answered(outcome: Outcome) -> None:
            if not isinstance(outcome, Readable):
                readable(_failure(outcome, self.leader_address))
            elif self.storage.is_restoring:
                readable(Refused("the state machine is being restored"))
            else:
                readable(outcome)

        self.replica.request_read(answered, policy)

    def transfer(self, name: str | None, answered: Answered) -> None:
        """Have the node of that name lead, or whichever does best."""
        member = None if name is None else self.replica.status.configuration.named(name)
        if name is not None and member is None:
            answered(Refused(Refusal.NOT_A_MEMBER.value))
            return
        to = None if member is None else member.node_id
        self.replica.request_transfer(to, lambda outcome: self._answer(outcome, answered))

    def change_lease(self, lease_us: Micros, answered: Answered) -> None:
        """Set how long a leader may answer alone after a quorum has heard it; 0: never."""
        change = ChangeLease(lease_us)
        self.replica.request_change(change, lambda outcome: self._answer(outcome, answered))

    def remove(self, name: str, answered: Answered) -> None:
        """End the membership of the node of that name."""
        if self.replica.is_leading:
            self.membership.leave(name, lambda reply: answered(_of_reply(reply)))
        else:
            answered(NotLeader(self.leader_address))

    def _answer(self, outcome: Outcome, answered: Answered) -> None:
        is_done = isinstance(outcome, Committed | Transferred)
        answered(b"" if is_done else _failure(outcome, self.leader_address))

    # --- what differs from a server of keys ----------------------------------------------

    def tick(self) -> None:
        """Do what time has made due, and what the program asks for."""
        super().tick()
        while self._calls:
            self._calls.popleft()(self)

    def apply(self, entry: Entry) -> None:
        """Apply one entry to the machine."""
        if not isinstance(entry.payload, Command):
            return
        data = entry.payload.data
        results = [self.machine.apply(command) for command in _split(data)]
        if self._proposed and self._proposed[0].data is data:
            self._proposed[0].results = results

    def role_changed(self, role: AnnounceRole) -> None:
        """Whoever does not lead proposes nothing."""
        super().role_changed(role)
        if role.role is not RoleName.LEADER:
            while self._commands:
                _, answered = self._commands.popleft()
                answered(NotLeader(self.leader_address))

    def _propose(self) -> None:
        limits = self._parts.settings.limits
        if not self._commands or self.storage.writes_in_flight >= limits.writes_in_flight_max:
            return
        parts: list[bytes] = []
        waiting: list[Answered] = []
        size_bytes = 0
        while self._commands and size_bytes < limits.batch_bytes_max:
            command, answered = self._commands.popleft()
            parts += (_LENGTH.pack(len(command)), command)
            waiting.append(answered)
            size_bytes += len(command)
        batch = _Batch(b"".join(parts), waiting)
        self._proposed.append(batch)
        self.replica.propose(batch.data, lambda outcome: self._settle(batch, outcome))

    def _settle(self, batch: _Batch, outcome: Outcome) -> None:
        self._proposed.remove(batch)
        batch.answer(outcome, self.leader_address)


class ObjectServer(Server):
    """A whole node, from its disk's bytes to its peers' bytes, around a machine of the user's."""

    def __init__(self, settings: Settings, rng: Dice, machine: StateMachine) -> None:
        super().__init__(settings, rng)
        self._machine = machine
        self._calls: deque[Call] = deque()
        self._object: ObjectNode | None = None

    @property
    def node(self) -> ObjectNode | None:
        """The node, once it has booted."""
        return self._object

    def call(self, call: Call) -> None:
        """Have this done in the next turn; the world then tells `ClockTicked`."""
        self._calls.append(call)

    def _go_live(self, opened: Opened, identity: Identity) -> None:
        node = ObjectNode(
            self._parts,
            opened,
            identity,
            self._machine,
            self._calls,
            lambda fact, links: _Door(fact, links.accept, self._clients.accept),
        )
        self._node = self._desk.node = self._object = node
        self._survey.consensus = Consensus(
            raft=node.replica.status, identity=identity, storage=node.storage, links=node.links
        )
        node.replica.begin_turn()

    def _serve(self, connection: ClientConnection, requests: list[Request]) -> None:
        for request in requests:
            row = command_for(request)
            if isinstance(row, CommandRow) and row.kind in {Kind.READ, Kind.WRITE}:
                connection.reply(_NO_KEYS)
            else:
                super()._serve(connection, [request])


class _Door:
    """Somebody has connected: their first bytes say whether it is a node or a person."""

    def __init__(self, fact: ConnectionAccepted, nodes: Acceptor, people: Acceptor) -> None:
        self._fact = fact
        self._nodes = nodes
        self._people = people
        self._heard = b""
        self._inside: Endpoint | None = None

    def received(self, data: bytes) -> None:
        """Let them in once it is clear who they are."""
        if self._inside is None:
            self._heard += data
            if len(self._heard) < len(_FRAME_MARK):
                return
            is_node = self._heard.startswith(_FRAME_MARK)
            self._inside = (self._nodes if is_node else self._people)(self._fact)
            data = self._heard
        self._inside.received(data)

    def backlog(self, unsent_bytes: int) -> None:
        """Pass on how much output waits."""
        if self._inside is not None:
            self._inside.backlog(unsent_bytes)

    def closed(self, reason: str) -> None:
        """Pass on that they are gone."""
        if self._inside is not None:
            self._inside.closed(reason)


def _split(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        yield data[at : at + length]
        at += length


def _failure(outcome: Outcome, leader: str | None) -> NotDone:
    match outcome:
        case RefusedOutcome(refusal=Refusal.NOT_LEADER):
            return NotLeader(leader)
        case RefusedOutcome(refusal=refusal):
            return Refused(refusal.value)
        case _:
            return Unknown("it may have been done, or may be yet")


def _of_reply(reply: Reply) -> bytes | NotDone:
    """What a change of membership was answered, which is said in RESP's words."""
    match reply:
        case ErrorReply(message=message) if message.startswith(_UNKNOWN):
            return Unknown(message)
        case ErrorReply(message=message) if message.startswith(_NOT_LEADER):
            return NotLeader(message.removeprefix(_NOT_LEADER))
        case errors.NO_LEADER:
            return NotLeader(None)
        case ErrorReply(message=message):
            return Refused(message)
        case _:
            return b""
