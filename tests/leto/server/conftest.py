"""Whole nodes in a small world: files are dicts, streams are queues, time stands unless asked.

A `Machine` is one computer with one `Server`; a `World` holds machines and clients. Every order
is performed at once and what follows from it is told at once, so `settle` ends in a
world in which nothing happens before time passes; `run` lets it pass.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypedDict, Unpack

import attrs
import pytest

from leto.raft.actions import RoleName
from leto.raft.config import Config
from leto.raft.configuration import Member
from leto.raft.status import Status
from leto.resp import Reply, ReplyParser, encode_request
from leto.server import Limits, ReadMode, Server, Settings
from leto.server.console.survey import Consensus
from leto.server.live_node import LiveNode
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Delete,
    Dial,
    DialFailed,
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    Fact,
    FileFound,
    Log,
    Order,
    PauseReading,
    Port,
    ReadAt,
    Rename,
    ResumeReading,
    Started,
    Step,
    Stop,
    StopRequested,
    SyncDirectory,
    SyncFile,
    Transmit,
    Truncate,
    WriteAt,
)

if TYPE_CHECKING:
    from leto.raft.entries import Entry
    from leto.server.machine import Machine as StateMachine

NOBODY = ConnectionId(0)

QUICK = Config(
    election_timeout_min_us=200_000, election_timeout_max_us=400_000, heartbeat_interval_us=50_000
)
"""An idle second is a long time."""


class Given(TypedDict, total=False):
    """Settings that a test may give."""

    listen: str
    peer_bind: str
    advertise: str | None
    reads: ReadMode
    limits: Limits
    raft: Config


@attrs.define(eq=False)
class End:
    """One end of a stream: a machine's connection, or a client."""

    machine: "Machine | None" = None
    connection: ConnectionId = NOBODY
    client: "Client | None" = None
    other: "End | None" = None

    def receive(self, data: bytes) -> None:
        if self.machine is not None:
            self.machine.tell(BytesReceived(self.connection, data))
        elif self.client is not None:
            self.client.parser.feed(data)

    def close(self, reason: str) -> None:
        if self.machine is not None:
            self.machine.ends.pop(self.connection, None)
            self.machine.tell(ConnectionClosed(self.connection, reason))
        elif self.client is not None:
            self.client.is_closed = True


class Client:
    """Somebody with a Redis client."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.parser = ReplyParser()
        self.end = End(client=self)
        self.is_closed = False

    def send(self, *commands: str | bytes) -> None:
        """Send commands, each spelled with spaces, in one piece."""
        self.send_raw(b"".join(encode_request(_words(command)) for command in commands))

    def send_raw(self, data: bytes) -> None:
        assert self.end.other is not None
        self.end.other.receive(data)
        self.world.settle()

    def received(self) -> list[Reply]:
        """The replies that have come since the last time."""
        return list(self.parser.take(1 << 20))

    def ask(self, command: str | bytes, within_ms: int = 5_000) -> Reply:
        """Send one command and wait for its reply."""
        self.send(command)
        for _ in range(within_ms):
            replies = self.received()
            if replies:
                assert len(replies) == 1
                return replies[0]
            self.world.run(1)
        raise AssertionError(f"no reply to {command!r}")

    def hang_up(self) -> None:
        assert self.end.other is not None
        self.end.other.close("the client hung up")
        self.world.settle()


def _words(command: str | bytes) -> list[bytes]:
    return (command.encode() if isinstance(command, str) else command).split(b" ")


class Machine:
    """A computer: its files, and the process on it, if any."""

    def __init__(self, world: "World", settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self.files: dict[str, bytearray] = {}
        self.ends: dict[ConnectionId, End] = {}
        self.server: Server | None = None
        self.stop: Stop | None = None
        self.logs: list[Log] = []
        self.applied: list[Entry] = []  # in this life
        self.jobs: list[DiskJob] = []
        self.holds_disk = False
        self.is_observed = True
        self.unreachable = False
        self.is_frozen = False  # the process does not move; its connections stay
        self.content: StateMachine | None = None  # what the server is given, unless keys
        self.dials_reset = 0  # so many of its next dials are reset, not refused
        self.paused: set[ConnectionId] = set()
        self.orders: list[Order] = []
        self.largest_slice = 0  # of commands that were applied in one turn
        self._number = len(world.machines)
        self._connections = 0
        self._lives = 0

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def node(self) -> Server:
        assert self.server is not None, f"{self.name} is not running"
        return self.server

    @property
    def has_ended(self) -> bool:
        return self.stop is not None

    @property
    def exit_code(self) -> int | None:
        return self.stop.exit_code if self.stop is not None else None

    @property
    def consensus(self) -> Consensus:
        consensus = self.node.status.consensus
        assert consensus is not None, f"{self.name} is booting"
        return consensus

    @property
    def node_at_work(self) -> LiveNode:
        node = self.node._node
        assert node is not None, f"{self.name} is booting"
        return node

    @property
    def raft(self) -> Status:
        return self.consensus.raft

    @property
    def role(self) -> RoleName:
        return self.raft.role

    @property
    def members(self) -> dict[str, Member]:
        """The voters that are committed, by name."""
        members = self.raft.committed_configuration.members
        return {member.name: member for member in members if member.is_voter}

    def start(self) -> None:
        self._lives += 1
        rng = random.Random(f"{self.world.seed} {self._number} {self._lives}")
        observer = self.applied.extend if self.is_observed else None
        self.server, self.stop = Server(self.settings, rng, observer, self.content), None
        self.applied.clear()
        files = tuple(FileFound(name, len(self.files[name])) for name in sorted(self.files))
        self.tell(Started(files))
        self.world.settle()

    def start_with_held_disk(self) -> None:
        self.holds_disk = True
        self.start()

    def do_one_job(self) -> None:
        """Do the oldest job that is held."""
        self._do(self.jobs.pop(0))
        self.world.settle()

    def is_loading_snapshot(self) -> bool:
        consensus = self.node.status.consensus
        return consensus is not None and consensus.storage.is_restoring

    def kill(self) -> None:
        """The process is gone; its files stay."""
        self.server = None
        self.jobs.clear()
        ends, self.ends = self.ends, {}
        for end in ends.values():
            if end.other is not None:
                end.other.close("reset")
        self.world.settle()

    def cut_off(self) -> None:
        """No peer reaches it any more, nor does it reach one; its clients do."""
        self.unreachable = True
        for end in list(self.ends.values()):
            if end.other is not None and end.other.machine is not None:
                end.other.close("reset")
                end.close("reset")
        self.world.settle()

    def ask_to_stop(self) -> None:
        self.tell(StopRequested("SIGTERM"))
        self.world.settle()

    def tell(self, fact: Fact) -> None:
        self.world.queue.append((self, self.server, fact))

    def handle(self, fact: Fact) -> None:
        if self.server is None or self.is_frozen:
            return
        world = self.world
        before = self._commands_applied()
        for order in self.server.handle(fact, world.now_us, world.unix_ms):
            self.orders.append(order)
            self._perform(order)
        self.largest_slice = max(self.largest_slice, self._commands_applied() - before)

    def _commands_applied(self) -> int:
        return self.server.status.applier.commands_applied if self.server is not None else 0

    def release_disk(self) -> None:
        """Do the jobs that were held, and hold no more."""
        self.holds_disk = False
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            self._do(job)
        self.world.settle()

    def fail_disk(self, reason: str = "input/output error") -> None:
        """The oldest job that is held fails."""
        job = self.jobs[0]
        self.jobs.clear()
        self.tell(DiskJobFailed(job.job, reason))
        self.world.settle()

    def accept(self, port: Port, other: End, local: str, remote: str) -> None:
        end = self.new_end(other)
        self.tell(ConnectionAccepted(end.connection, port, local, remote))

    def new_end(self, other: End) -> End:
        self._connections += 1
        end = End(machine=self, connection=ConnectionId(self._connections), other=other)
        other.other = end
        self.ends[end.connection] = end
        return end

    def messages(self, event: str) -> list[dict[str, str | int]]:
        """The fields of every log line of that event."""
        return [dict(log.fields) for log in self.logs if log.event == event]

    def _perform(self, order: Order) -> None:
        match order:
            case DiskJob():
                if self.holds_disk:
                    self.jobs.append(order)
                else:
                    self._do(order)
            case Transmit(connection=connection, data=data):
                end = self.ends.get(connection)
                if end is not None and end.other is not None:
                    end.other.receive(data)
            case Close(connection=connection):
                end = self.ends.pop(connection, None)
                if end is not None and end.other is not None:
                    end.other.close("closed by the other side")
                    self.tell(ConnectionClosed(connection, "closed by us"))
            case Dial():
                self._dial(order)
            case Log():
                self.logs.append(order)
            case Stop():
                self.stop = order
                self.kill()
            case PauseReading(connection=connection):
                self.paused.add(connection)
            case ResumeReading(connection=connection):
                self.paused.discard(connection)

    def _dial(self, order: Dial) -> None:
        if self.dials_reset:
            self.dials_reset -= 1
            self.tell(DialFailed(order.dial, "connection reset by peer", refused=False))
            return
        found = self.world.listening(order.address)
        if found is None or self.unreachable or found[0].unreachable:
            self.tell(DialFailed(order.dial, "connection refused", refused=True))
            return
        machine, port = found
        host = order.address.rpartition(":")[0]
        end = self.new_end(End())
        self.tell(ConnectionDialled(order.dial, end.connection, f"{host}:50000", order.address))
        machine.accept(port, end, order.address, f"{host}:50000")

    def _do(self, job: DiskJob) -> None:
        data = [read for step in job.steps if (read := self._do_step(step)) is not None]
        self.tell(DiskJobDone(job.job, tuple(data)))

    def _do_step(self, step: Step) -> bytes | None:
        match step:
            case WriteAt(file=file, offset=offset, data=data):
                content = self.files.setdefault(file, bytearray())
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data
            case ReadAt(file=file, offset=offset, size_bytes=size_bytes):
                return bytes(self.files[file][offset : offset + size_bytes])
            case Rename(file=file, to=to):
                self.files[to] = self.files.pop(file)
            case Delete(file=file):
                self.files.pop(file, None)
            case Truncate(file=file, size_bytes=size_bytes):
                del self.files[file][size_bytes:]
            case SyncFile() | SyncDirectory():
                pass
        return None


class World:
    """Machines, clients, and the time."""

    quick = QUICK

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.now_us = 1_000_000
        self.unix_ms = 1_700_000_000_000
        self.machines: list[Machine] = []
        self.queue: deque[tuple[Machine, Server | None, Fact]] = deque()

    def machine(
        self, number: int = 1, *, join: int | None = None, **settings: Unpack[Given]
    ) -> Machine:
        """A new machine with a node of that number, not started; `join` names another one."""
        given: Given = {"listen": f":{number}379", "peer_bind": f":{number}5379", "raft": QUICK}
        given.update(settings)
        target = None if join is None else f"127.0.0.1:{join}379"
        machine = Machine(self, Settings(name=f"id{number}", join=target, **given))
        self.machines.append(machine)
        return machine

    def founded(self, number: int = 1, **settings: Unpack[Given]) -> Machine:
        """A cluster of one that leads itself."""
        machine = self.machine(number, **settings)
        machine.start()
        self.run_until(lambda: machine.raft.is_ready)
        return machine

    def cluster(self, count: int = 3, **settings: Unpack[Given]) -> list[Machine]:
        """Nodes of which the first founded the cluster and the others joined."""
        machines = [self.founded(1, **settings)]
        for number in range(2, count + 1):
            joiner = self.machine(number, join=1, **settings)
            machines.append(joiner)
            joiner.start()
            self.run_until(lambda: len(machines[0].members) == len(machines))
        self.run(500)
        return machines

    def client(self, machine: Machine, to: Port = Port.CLIENT) -> Client:
        """Connect to a node's client port, or to the other one."""
        client = Client(self)
        port = machine.settings.listen_address.port
        machine.accept(to, client.end, f"127.0.0.1:{port}", "127.0.0.1:40000")
        self.settle()
        return client

    def listening(self, address: str) -> tuple[Machine, Port] | None:
        number = int(address.rpartition(":")[2])
        for machine in self.machines:
            if machine.server is not None and machine.stop is None:
                if machine.settings.peer_bind_address.port == number:
                    return machine, Port.PEER
                if machine.settings.listen_address.port == number:
                    return machine, Port.CLIENT
        return None

    def settle(self) -> None:
        """Until nothing happens any more unless time passes."""
        for _ in range(1_000_000):
            while self.queue:
                machine, server, fact = self.queue.popleft()
                if server is machine.server:  # not for a process that is gone
                    machine.handle(fact)
            due = [m for m in self.machines if self._is_due(m)]
            if not due:
                return
            for machine in due:
                machine.handle(ClockTicked())
        raise AssertionError("it never becomes quiet")

    def run(self, milliseconds: int) -> None:
        """Let time pass."""
        until = self.now_us + milliseconds * 1000
        self.settle()
        while True:
            deadlines = [
                deadline
                for machine in self.machines
                if machine.server is not None
                and not machine.is_frozen
                and (deadline := machine.server.deadline) is not None
            ]
            at = min([until, *deadlines])
            self.unix_ms += (at // 1000) - (self.now_us // 1000)
            self.now_us = max(self.now_us, at)
            self.settle()
            if at >= until:
                return

    def run_until(self, is_so: Callable[[], bool], within_ms: int = 20_000) -> None:
        """Let time pass until something is so."""
        for _ in range(within_ms // 10):
            if is_so():
                return
            self.run(10)
        raise AssertionError("it has not come to that")

    def leader(self, among: Iterable[Machine] | None = None) -> Machine:
        """Wait until one of them leads and may serve."""
        machines = list(self.machines if among is None else among)

        def leaders() -> list[Machine]:
            return [m for m in machines if m.server is not None and _is_ready(m)]

        self.run_until(lambda: bool(leaders()))
        return leaders()[0]

    def _is_due(self, machine: Machine) -> bool:
        if machine.server is None or machine.is_frozen:
            return False
        deadline = machine.server.deadline
        return deadline is not None and deadline <= self.now_us


def _is_ready(machine: Machine) -> bool:
    raft = machine.node.status.raft
    return raft is not None and raft.is_ready


@pytest.fixture
def world() -> World:
    """A world without machines."""
    return World()


@pytest.fixture
def rng() -> random.Random:
    """Dice."""
    return random.Random(1)


@pytest.fixture
def new_world() -> type[World]:
    """For tests that need more than one."""
    return World
