"""Nodes driven by hand: the test is their disk, state machine, network and clock.

`Host` is one node, `Cluster` a few that hear each other. Nothing happens
unless a test asks for it: messages wait in `outbox`, writes in `writes`, and so
on, until they are delivered, written, applied; `settle` does all of that until
nothing is left. Every answer is checked to be the only one to its request.
"""

import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import attrs

from leto.raft.actions import (
    Action,
    Answer,
    Apply,
    Compact,
    Outcome,
    ReadSnapshotChunk,
    RestoreSnapshot,
    RoleName,
    Send,
    TakeSnapshot,
    Trace,
    Write,
)
from leto.raft.config import Config
from leto.raft.configuration import Configuration, ConfigurationChange, Member, MemberRole
from leto.raft.entries import (
    Command,
    Entry,
    HardState,
    Payload,
    Restored,
    SnapshotMark,
    SnapshotPart,
)
from leto.raft.events import (
    Applied,
    ChangeRequested,
    CommandsProposed,
    Event,
    MessageReceived,
    Proposal,
    ReadRequested,
    SnapshotChunkRead,
    SnapshotRequested,
    SnapshotRestored,
    SnapshotTaken,
    TimerFired,
    WriteFailed,
    Written,
)
from leto.raft.messages import Message
from leto.raft.node import Node
from leto.raft.status import Status
from leto.raft.types import EntryId, Index, Micros, NodeId, RequestId, Term

if TYPE_CHECKING:
    from leto.raft.traces import Record

ActionT = TypeVar("ActionT", bound=Action)
MessageT = TypeVar("MessageT", bound=Message)


def member(number: int, role: MemberRole = MemberRole.VOTER) -> Member:
    """The member with that id, with a name and an address to match."""
    return Member(
        node_id=NodeId(number), name=f"id{number}", address=f"host{number}:15379", role=role
    )


def entry(index: Index, term: Term, payload: Payload | bytes = b"x") -> Entry:
    """An entry; bytes make a command of it."""
    content = Command(payload) if isinstance(payload, bytes) else payload
    return Entry(EntryId(term, index), content)


def entries(*terms: Term, after: Index = 0) -> tuple[Entry, ...]:
    """Entries of these terms, one after the other."""
    return tuple(entry(index, term) for index, term in enumerate(terms, after + 1))


@attrs.define
class Disk:
    """What has become durable, and so what a restart finds."""

    hard_state: HardState
    snapshot: SnapshotMark | None
    log: list[Entry]
    contents: dict[EntryId, bytes] = attrs.field(factory=dict[EntryId, bytes])
    receiving: EntryId | None = None  # of which the content may be a part only

    @property
    def part(self) -> SnapshotPart | None:
        """What has arrived of a leader's snapshot that is not named."""
        if self.receiving is None:
            return None
        received = self.contents[self.receiving]
        return SnapshotPart(
            last_included=self.receiving, size_bytes=len(received), checksum=zlib.crc32(received)
        )

    def perform(self, write: Write) -> None:
        """Make the write durable."""
        self.hard_state = write.hard_state or self.hard_state
        if write.truncate_from is not None:
            self.log = [e for e in self.log if e.id.index < write.truncate_from]
        self.log.extend(write.entries)
        if write.chunk is not None:
            kept = self.contents.get(write.chunk.last_included, b"")[: write.chunk.offset]
            self.contents[write.chunk.last_included] = kept + write.chunk.data
            self.receiving = write.chunk.last_included
        if write.snapshot is not None:
            self.snapshot = write.snapshot
            self.receiving = None
            before = write.snapshot.before_log.index
            self.log = [e for e in self.log if e.id.index > before]


class Host:
    """One node that has started, and what it has ordered so far."""

    def __init__(
        self,
        restored: Restored,
        config: Config,
        *,
        seed: int = 0,
        now: Micros = 0,
        traced: bool = False,
    ) -> None:
        self.id = restored.node_id
        self.incarnation = restored.incarnation
        self.config = config
        self.traced = traced
        self.node = Node(config, restored, random.Random(seed), traced=traced)
        self.disk = Disk(restored.hard_state, restored.snapshot, list(restored.entries))
        self.now = now
        self.outbox: list[Send] = []
        self.writes: list[Write] = []
        self.applies: list[Apply] = []
        self.takes: list[TakeSnapshot] = []
        self.restores: list[RestoreSnapshot] = []
        self.chunk_reads: list[ReadSnapshotChunk] = []
        self.compactions: list[Compact] = []
        self.applied: list[Entry] = []
        self.answers: dict[RequestId, Outcome] = {}
        self.records: list[Record] = []  # empty unless it is traced
        self.disk_is_stuck = False
        self._asked: set[RequestId] = set()
        self._request_ids = count(1)
        self.handle(TimerFired())

    @property
    def status(self) -> Status:
        return self.node.status

    @property
    def role(self) -> RoleName:
        return self.status.role

    def plays(self, role: RoleName) -> bool:
        """Whether it has that role now; a method, since type checkers take properties for fixed."""
        return self.status.role is role

    @property
    def term(self) -> Term:
        return self.status.current_term

    @property
    def snapshot(self) -> SnapshotMark:
        """The snapshot that counts."""
        assert self.status.snapshot is not None
        return self.status.snapshot

    @property
    def deadline(self) -> Micros:
        assert self.node.deadline is not None
        return self.node.deadline

    # --- events ---------------------------------------------------------------------

    def handle(self, event: Event, *, after: Micros = 0) -> Sequence[Action]:
        """Tell the node, and note what it orders."""
        self.now += after
        actions = self.node.handle(event, self.now)
        for action in actions:
            self._note(action)
        return actions

    def receive(self, sender: int, message: Message, *, after: Micros = 0) -> Sequence[Action]:
        return self.handle(MessageReceived(NodeId(sender), message), after=after)

    def tick(self) -> Sequence[Action]:
        """Let the node's deadline come."""
        self.now = max(self.now, self.deadline)
        return self.handle(TimerFired())

    def written(self, *, writes: int | None = None) -> Sequence[Action]:
        """Make the oldest writes durable, all of them unless told."""
        done = self.writes[:writes]
        del self.writes[:writes]
        for write in done:
            self.disk.perform(write)
        return self.handle(Written(done[-1].seq))

    def apply(self) -> Sequence[Action]:
        """Perform the outstanding Apply."""
        (order,) = self.applies
        self.applies.clear()
        self.applied.extend(order.entries)
        return self.handle(Applied(order.entries[-1].id.index))

    def take(self, content: bytes | None = None) -> Sequence[Action]:
        """Write the snapshot that was ordered."""
        order = self.takes.pop(0)
        content = self.content() if content is None else content
        self.disk.contents[order.last_included] = content
        return self.handle(
            SnapshotTaken(
                last_included=order.last_included,
                size_bytes=len(content),
                checksum=zlib.crc32(content),
            )
        )

    def restore(self) -> Sequence[Action]:
        """Restore the snapshot that was ordered."""
        snapshot = self.restores.pop(0).snapshot
        assert snapshot.checksum == zlib.crc32(self.disk.contents[snapshot.last_included])
        return self.handle(SnapshotRestored(snapshot.last_included))

    def read_chunk(self) -> Sequence[Action]:
        """Read the piece of a snapshot that was ordered first."""
        order = self.chunk_reads.pop(0)
        content = self.disk.contents[order.last_included]
        data = content[order.offset : order.offset + order.size_bytes]
        return self.handle(
            SnapshotChunkRead(transfer=order.transfer, offset=order.offset, data=data)
        )

    def fail(self) -> Sequence[Action]:
        """Let a write fail."""
        return self.handle(WriteFailed("no space left on device"))

    def work(self) -> bool:
        """Do one thing that was ordered, messages excepted. Whether there was any."""
        todo: list[tuple[bool, Callable[[], object]]] = [
            (bool(self.writes) and not self.disk_is_stuck, partial(self.written, writes=1)),
            (bool(self.applies), self.apply),
            (bool(self.takes), self.take),
            (bool(self.restores), self.restore),
            (bool(self.chunk_reads), self.read_chunk),
        ]
        for is_due, do in todo:
            if is_due:
                do()
                return True
        return False

    def work_all(self) -> None:
        """Do all that was ordered, messages excepted."""
        while self.work():
            pass

    # --- requests -------------------------------------------------------------------

    def propose(self, *commands: bytes) -> RequestId:
        """Propose commands; returns the request id of the last."""
        proposals = tuple(Proposal(self.new_request(), command) for command in commands)
        self.handle(CommandsProposed(proposals))
        return proposals[-1].request_id

    def read(self) -> RequestId:
        request_id = self.new_request()
        self.handle(ReadRequested(request_id))
        return request_id

    def change(self, *changes: ConfigurationChange) -> RequestId:
        request_id = self.new_request()
        self.handle(ChangeRequested(request_id, changes))
        return request_id

    def request_snapshot(self) -> RequestId:
        request_id = self.new_request()
        self.handle(SnapshotRequested(request_id))
        return request_id

    def ask(self, request: Callable[[RequestId], Event]) -> RequestId:
        """Any other request, given its id."""
        request_id = self.new_request()
        self.handle(request(request_id))
        return request_id

    def content(self) -> bytes:
        """What the state machine holds: the commands applied, one after the other."""
        payloads = (e.payload for e in self.applied)
        return b"".join(p.data for p in payloads if isinstance(p, Command))

    # --- what came out --------------------------------------------------------------

    def sent(self, kind: type[MessageT], to: int | None = None) -> list[MessageT]:
        """The messages of a kind that wait to be delivered."""
        return [
            send.message
            for send in self.outbox
            if isinstance(send.message, kind) and to in (None, send.to)
        ]

    def take_sent(self, kind: type[MessageT], to: int | None = None) -> list[MessageT]:
        """The same, and nothing waits any more."""
        found = self.sent(kind, to)
        self.outbox.clear()
        return found

    @property
    def restored(self) -> Restored:
        """What a new life of the node begins with."""
        return Restored(
            node_id=self.id,
            incarnation=self.incarnation + 1,
            hard_state=self.disk.hard_state,
            snapshot=self.disk.snapshot,
            entries=tuple(self.disk.log),
            part=self.disk.part,
        )

    def restarted(self) -> "Host":
        """A new life of the node, from what its disk holds."""
        host = Host(
            self.restored,
            self.config,
            seed=self.incarnation + 1,
            now=self.now,
            traced=self.traced,
        )
        host.disk.contents, host.disk.receiving = self.disk.contents, self.disk.receiving
        return host

    def new_request(self) -> RequestId:
        """An id that was not used yet."""
        request_id = next(self._request_ids)
        self._asked.add(request_id)
        return request_id

    def _note(self, action: Action) -> None:
        match action:
            case Send():
                self.outbox.append(action)
            case Write():
                self.writes.append(action)
            case Apply():
                assert not self.applies, "one Apply at a time"
                self.applies.append(action)
            case TakeSnapshot():
                self.takes.append(action)
            case RestoreSnapshot():
                self.restores.append(action)
            case ReadSnapshotChunk():
                self.chunk_reads.append(action)
            case Compact():
                self.compactions.append(action)
            case Answer(request_id=request_id, outcome=outcome):
                assert request_id in self._asked, f"nobody asked {request_id}"
                assert request_id not in self.answers, f"{request_id} is answered twice"
                self.answers[request_id] = outcome
            case Trace(record=record):
                self.records.append(record)
            case _:
                pass


class Cluster:
    """A few hosts that hear each other, but for those that are cut off."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self.hosts = {host.id: host for host in hosts}
        self.cut_off: set[int] = set()

    def __getitem__(self, number: int) -> Host:
        return self.hosts[NodeId(number)]

    def deliver(self) -> bool:
        """Deliver what waits now. Whether anything did."""
        now = max(host.now for host in self.hosts.values())
        letters = [(host, send) for host in self.hosts.values() for send in host.outbox]
        for host in self.hosts.values():
            host.outbox = []
            host.now = now
        for host, send in letters:
            receiver = self.hosts.get(send.to)
            if receiver is not None and not {host.id, send.to} & self.cut_off:
                receiver.receive(host.id, send.message)
        return bool(letters)

    def settle(self) -> None:
        """Deliver and perform everything until nothing is left; no time passes."""
        for _ in range(1000):
            if not any([*(host.work() for host in self.hosts.values()), self.deliver()]):
                return
        raise AssertionError("the cluster talks for ever")

    def elect(self, number: int) -> Host:
        """Let that host's patience end, and let it win."""
        host = self[number]
        others = [other for other in self.hosts.values() if other is not host]
        passed = host.deadline + host.config.election_timeout_max_us
        for other in others:
            other.now = max(other.now, passed)
        host.now = max(host.now, passed)
        host.tick()
        self.settle()
        assert host.role is RoleName.LEADER
        return host

    def beat(self, number: int) -> None:
        """Let the leader's next heartbeat come, and let everything settle."""
        self[number].tick()
        self.settle()


class Make:
    """What a test starts from."""

    member = staticmethod(member)
    entry = staticmethod(entry)
    entries = staticmethod(entries)

    @staticmethod
    def configuration(*numbers: int, **roles: Iterable[int]) -> Configuration:
        """Voters, and by keyword the members of other roles: `learner=[4]`."""
        others = [
            member(number, MemberRole(role))
            for role, of_role in roles.items()
            for number in of_role
        ]
        return Configuration((*map(member, numbers), *others))

    @staticmethod
    def host(
        number: int = 1,
        *,
        voters: Sequence[int] = (1, 2, 3),
        configuration: Configuration | None = None,
        term: Term = 0,
        voted_for: int | None = None,
        log: tuple[Entry, ...] = (),
        snapshot: SnapshotMark | None = None,
        blank: bool = False,
        config: Config | None = None,
        traced: bool = False,
    ) -> Host:
        """One of three voters unless told, with an empty log unless told."""
        founding = SnapshotMark(configuration=configuration or Make.configuration(*voters))
        return Host(
            Restored(
                node_id=NodeId(number),
                incarnation=1,
                hard_state=HardState(
                    max(term, log[-1].id.term if log else 0),
                    None if voted_for is None else NodeId(voted_for),
                ),
                snapshot=None if blank else snapshot or founding,
                entries=log,
            ),
            config or Config(),
            seed=number,
            traced=traced,
        )

    @staticmethod
    def cluster(
        *numbers: int,
        configuration: Configuration | None = None,
        config: Config | None = None,
        blank: Sequence[int] = (),
        traced: bool = False,
    ) -> Cluster:
        """Founders of one cluster of three voters, unless told otherwise; `blank` ones beside."""
        founders = numbers or (1, 2, 3)
        configuration = configuration or Make.configuration(*founders)
        host = partial(Make.host, configuration=configuration, config=config, traced=traced)
        return Cluster([*map(host, founders), *(host(number, blank=True) for number in blank)])

    @staticmethod
    def leader(
        *, config: Config | None = None, log: tuple[Entry, ...] = (), voters: Sequence[int] = (1,)
    ) -> Host:
        """A lone voter that leads, its no-op committed and applied."""
        host = Make.host(config=config, log=log, voters=voters)
        host.work_all()  # it campaigned at once, being alone
        assert host.status.is_ready
        return host
