"""A cluster of whole servers on simulated machines, and the clients around it.

Responsible for the machines: starting, killing, cutting the power, wiping; for
running clients; and for watching servers (`process.Witness`). The first
machine's server founds the cluster, the others are told to join it, as an operator
would. Who does what to the cluster is elsewhere: `nemesis`, `operator`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Member, MemberRole
from leto.raft.types import NodeId
from leto.server import Server, Settings
from leto.server.program import ObjectMachine
from leto.server.world import Fact, Order, Port, Stop, StopRequested
from leto_sim.checkers.folds import Folds
from leto_sim.checkers.panel import Panel
from leto_sim.descriptions import DOWN, PAUSED, describe_standing
from leto_sim.journal import Journal, Lanes
from leto_sim.parts import Parts
from leto_sim.randomness import stream
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.damage import Wound, check_noticed
from leto_sim.server_level.diary import Diary
from leto_sim.server_level.disk import DiskLane
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.fold import FoldedMachine
from leto_sim.server_level.newer import NewerServer
from leto_sim.server_level.own_machine import CommandPromises, FoldedOwnMachine, OwnMachine
from leto_sim.server_level.passages import Passages
from leto_sim.server_level.platter import ServerPlatter
from leto_sim.server_level.process import HostClock, Process, Program, Witness
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.resp_client import Errand, Manners, RespClient, Wire
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.streams import StreamNetwork
from leto_sim.server_level.watch import ServerLife
from leto_sim.server_level.watched_streams import NetworkLog, WatchedStreams
from leto_sim.view.recording import Recording

CLIENT_PORT: Final = 5379
PEER_PORT: Final = 15379
_STARTING = "."


@attrs.define(eq=False)
class Machine:
    """A machine: a name, an address, a disk, a clock and, while it runs, a server."""

    name: str
    host: str
    clock: HostClock
    join: str | None  # whom its server is told to join
    is_newer: bool  # its server speaks the next minor version of the wire
    directory: SimulatedDirectory
    disk: ServerPlatter
    peer_port: int = PEER_PORT  # where its server listens to others from its next start on
    process: Process | None = None
    life: ServerLife | None = None  # that of the process
    lives: int = 0
    may_stop: bool = False  # of itself: it was asked to, or its disk has failed
    lost_id: NodeId | None = None  # who lived here before the disk was lost
    is_gone: bool = False  # its disk is lost, and a quorum with it, or given up: it stays down
    is_stranger: bool = False  # that one has not left the cluster yet
    starts_to_fail: int = 0  # so many more lives cannot read the disk
    wounds: list[Wound] = attrs.field(factory=list[Wound])  # of the disk

    @property
    def is_damaged(self) -> bool:
        """Whether its disk no longer holds what was synced."""
        return any(wound.is_open_in(self.directory) for wound in self.wounds)

    @property
    def client_address(self) -> str:
        """Where clients find its server."""
        return f"{self.host}:{CLIENT_PORT}"

    @property
    def peer_address(self) -> str:
        """Where the other servers are to find it."""
        return f"{self.host}:{self.peer_port}"

    @property
    def takes_part(self) -> bool:
        """Whether its server runs and has started to speak the protocol."""
        process, life = self.process, self.life
        return process is not None and not process.is_paused and life is not None and life.has_begun

    @property
    def node_id(self) -> NodeId | None:
        """Who its server is, if the disk says so."""
        return self.disk.node_id


class ServerCluster:
    """The machines, the network between them, the clients, and the checkers that watch."""

    def __init__(
        self,
        scenario: ServerScenario,
        parts: Parts | None = None,
        *,
        traced: bool = False,
        promises: Promises | None = None,
    ) -> None:
        self.scenario = scenario
        self._parts = parts  # without a user's, keys and values are replicated
        self.scheduler = Scheduler()
        self.journal = Journal(traced=traced)
        self.panel = Panel()
        fold = FoldedMachine if parts is None else partial(FoldedOwnMachine, parts)
        self.panel.folds = Folds(self.panel.safety, fold, command_at=0)
        usual = Promises if parts is None else CommandPromises
        self.promises = usual() if promises is None else promises
        network = WatchedStreams if traced else StreamNetwork
        self.network = network(self.scheduler, scenario.seed, scenario.weather)
        self.disk_timing = scenario.disk
        self.on_stop: Callable[[Machine, Stop], None] = _ignore_stop
        self.clients: dict[str, Process] = {}
        self.diary = Diary(self.scheduler, self.journal, self.lanes)
        self.machines = [self._new_machine(number) for number in range(scenario.nodes)]
        self._by_name = {machine.name: machine for machine in self.machines}
        for machine in self.machines:
            self.start(machine)

    def record(self, recording: Recording) -> None:
        """Have what travels between the servers written down, from now on."""
        machines = {machine.host: machine.name for machine in self.machines}
        clients = {process.sockets.host: name for name, process in self.clients.items()}
        self.diary.passages = Passages(recording, self.journal, machines)
        assert isinstance(self.network, WatchedStreams), "only a traced run is recorded"
        self.network.log = NetworkLog(recording, machines | clients)

    # --- machines ------------------------------------------------------------------------

    @property
    def addresses(self) -> Sequence[str]:
        """Where clients find the servers."""
        return [machine.client_address for machine in self.machines]

    @property
    def runs_own_machine(self) -> bool:
        """Whether a user's machine is replicated."""
        return self._parts is not None

    @property
    def leader(self) -> ServerLife | None:
        """Who leads the latest term that has a living leader."""
        lives = [machine.life for machine in self.machines if machine.takes_part]
        leading = [life for life in lives if life and life.status.role is RoleName.LEADER]
        return max(leading, key=lambda life: life.status.current_term, default=None)

    @property
    def is_whole(self) -> bool:
        """Whether every machine's server is a voter, found where it is, and nothing is changing."""
        leader = self.leader
        if leader is None or not leader.status.is_ready:
            return False
        committed = leader.status.committed_configuration
        voters = {
            (member.node_id, member.address.rpartition(":")[2])
            for member in committed.members
            if _votes(member)
        }
        everybody = {(machine.node_id, str(machine.peer_port)) for machine in self.machines}
        return committed == leader.status.configuration and voters == everybody

    def name_of(self, node_id: NodeId) -> str:
        """What people call that node."""
        names = (machine.name for machine in self.machines if machine.node_id == node_id)
        return next(names, str(node_id))

    def machine_of(self, life: ServerLife) -> Machine:
        """Where that server runs."""
        return self._by_name[life.name]

    def start(self, machine: Machine) -> None:
        """Start the server from what the disk holds, unless it runs."""
        if machine.process is not None or machine.is_gone:
            return
        self.network.restore_power(machine.host)
        machine.lives += 1
        machine.may_stop = machine.starts_to_fail > 0
        own_machine = None if self._parts is None else OwnMachine(machine.name, self._parts)
        life = ServerLife(
            machine.name, machine.disk, self.panel, self.promises, self.scenario.limits, own_machine
        )
        life.replaces = machine.lost_id
        names = (machine.name, machine.lives)
        server = Server(
            self._settings(machine),
            stream(self.scenario.seed, "server", *names),
            life.applies,
            None if own_machine is None else ObjectMachine(own_machine),
        )
        life.runs(server)
        program = NewerServer(server) if machine.is_newer else server
        witness = _ServerWitness(self, machine, life)
        process = self._new_process(machine.name, machine.host, program, machine.clock, witness)
        process.lane = DiskLane(
            machine.directory,
            self.scheduler,
            stream(self.scenario.seed, "disk", *names),
            self.disk_timing,
            process.tell,
        )
        process.lane.cannot_read = machine.starts_to_fail > 0
        machine.starts_to_fail = max(0, machine.starts_to_fail - 1)
        process.listen(Port.CLIENT, machine.client_address)
        process.listen(Port.PEER, machine.peer_address)
        machine.process, machine.life = process, life
        self.remark(f"{machine.name} starts")
        process.start(machine.directory.listing())

    def kill(self, machine: Machine) -> None:
        """Kill the process; the operating system lives on."""
        process = self._end_life(machine)
        if process is not None:
            process.kill()
            self.remark(f"{machine.name} is killed")

    def cut_power(self, machine: Machine) -> None:
        """Take from the machine what its disk has not synced."""
        process = self._end_life(machine)
        if process is None:
            self.network.cut_power(None, machine.host)
        else:
            process.lose_power()
        machine.directory.cut_power(stream(self.scenario.seed, "cut", machine.name, machine.lives))
        self.remark(f"{machine.name} loses its power")

    def wipe(self, machine: Machine, join: str) -> None:
        """Give the machine an empty disk, and tell its server whom to join."""
        self.cut_power(machine)
        machine.lost_id = machine.node_id
        machine.directory = SimulatedDirectory()
        machine.disk = ServerPlatter(machine.name, machine.directory)
        machine.wounds.clear()
        machine.join = join
        self.remark(f"{machine.name} loses its disk")

    def give_up(self, machine: Machine) -> None:
        """The machine is lost with its disk, or must never be started from it again."""
        self.cut_power(machine)
        machine.is_gone = True

    def replace_gone(self, machine: Machine, join: str) -> None:
        """The machine comes back with an empty disk."""
        self.wipe(machine, join)
        machine.is_gone = False
        self.start(machine)

    def move(self, machine: Machine) -> None:
        """From its next start on the server listens to others elsewhere."""
        machine.peer_port += 1
        self.remark(f"{machine.name} is to be at {machine.peer_address}")

    def request_stop(self, machine: Machine) -> None:
        """Ask the server to stop in good order."""
        if machine.process is not None:
            machine.process.tell(StopRequested("the operator wants it"))

    # --- clients -------------------------------------------------------------------------

    def run_client(
        self,
        name: str,
        addresses: Sequence[str],
        errands: Callable[[], Sequence[Errand]],
        manners: Manners,
        wire: Wire | None = None,
    ) -> RespClient:
        """Start a client on a host of its own."""
        number = len(self.clients) + 1
        rng = stream(self.scenario.seed, "client", name)
        client = RespClient(addresses, errands, rng, manners, wire)
        process = self._new_process(name, f"10.0.1.{number}", client, HostClock(), self.diary)
        self.clients[name] = process
        process.start()
        return client

    def handled(self, machine: Machine, life: ServerLife) -> None:
        """A server has dealt with an event: has it noticed what befell its disk?"""
        if machine.wounds and life.has_begun:
            check_noticed(
                machine.name,
                machine.lives,
                life.status,
                machine.disk,
                machine.directory,
                machine.wounds,
            )

    def stopped(self, machine: Machine, stop: Stop) -> None:
        """A server has ended its own process."""
        self._end_life(machine)
        self.on_stop(machine, stop)

    # --- the journal ---------------------------------------------------------------------

    def remark(self, text: str, shown: str = "") -> None:
        """Note something that no process was told; show it in better words, perhaps."""
        self.diary.remark(text, shown)

    def lanes(self) -> Lanes:
        """How every server stands."""
        return tuple((machine.name, _standing(machine)) for machine in self.machines)

    def break_off(self) -> None:
        """The run ends in the middle of an event."""
        self.diary.break_off()

    # --- inside --------------------------------------------------------------------------

    def _new_machine(self, number: int) -> Machine:
        name, host = f"id{number + 1}", f"10.0.0.{number + 1}"
        clocks = self.scenario.clocks
        clock = attrs.evolve(clocks[number]) if number < len(clocks) else HostClock()
        directory = SimulatedDirectory()
        join = None if number == 0 else f"10.0.0.1:{CLIENT_PORT}"
        disk = ServerPlatter(name, directory)
        is_newer = bool(self.scenario.newer >> number & 1)
        return Machine(name, host, clock, join, is_newer, directory, disk)

    def _settings(self, machine: Machine) -> Settings:
        host = machine.host if self.scenario.names_hosts else ""
        return Settings(
            name=machine.name,
            listen=f"{host}:{CLIENT_PORT}",
            peer_bind=f"{host}:{machine.peer_port}",
            join=machine.join,
            reads=self.scenario.reads,
            limits=self.scenario.limits,
            raft=self.scenario.config,
        )

    def _new_process(
        self, name: str, host: str, program: Program, clock: HostClock, witness: Witness
    ) -> Process:
        rng = stream(self.scenario.seed, "process", name)
        return Process(name, host, program, clock, self.scheduler, self.network, witness, rng)

    def _end_life(self, machine: Machine) -> Process | None:
        process, life = machine.process, machine.life
        machine.process = machine.life = None
        if life is not None:
            life.ended()
        return process


class _ServerWitness:
    """Watches one life of a server: for the journal, and for the checkers."""

    def __init__(self, cluster: ServerCluster, machine: Machine, life: ServerLife) -> None:
        self._cluster = cluster
        self._diary = cluster.diary
        self._scheduler = cluster.scheduler
        self._machine = machine
        self._life = life

    def told(self, process: Process, fact: Fact) -> None:
        """The server is about to be told something: an event begins."""
        self._diary.told(process, fact)
        self._life.told(fact, self._scheduler.now)

    def ordered(self, process: Process, order: Order) -> None:
        """The server orders something."""
        self._diary.ordered(process, order)
        self._life.ordered(order, self._scheduler.now)

    def handled(self, process: Process) -> None:
        """The event is over."""
        self._life.handled(self._scheduler.now)
        self._cluster.handled(self._machine, self._life)
        self._diary.handled(process)

    def stopped(self, process: Process, stop: Stop) -> None:
        """The server has ended its own process."""
        self._diary.stopped(process, stop)
        self._cluster.stopped(self._machine, stop)


def _votes(member: Member) -> bool:
    return member.role is MemberRole.VOTER


def _standing(machine: Machine) -> str:
    life = machine.life
    if machine.process is None or life is None:
        return DOWN
    mark = PAUSED if machine.process.is_paused else ""
    if not life.has_begun:
        return mark + _STARTING
    return mark + describe_standing(life.status.role, life.status.current_term)


def _ignore_stop(machine: Machine, stop: Stop) -> None:
    """Nobody has said yet what is to be done then."""
    del machine, stop
