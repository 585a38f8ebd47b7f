"""A cluster of nodes on simulated machines.

Responsible for the machines: founding, starting, crashing, wiping; for delivering
messages to whoever lives there now; and for what an onlooker can tell of the whole.
Who does what to it is elsewhere: `nemesis`, `clients`, `administrator`.
"""

import zlib
from collections.abc import Callable

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.entries import SnapshotMark
from leto.raft.events import MessageReceived
from leto.raft.messages import Message
from leto.raft.types import NodeId, RequestId
from leto_sim.checkers.folds import Folds
from leto_sim.checkers.panel import Panel
from leto_sim.descriptions import DOWN, PAUSED, describe_standing
from leto_sim.journal import Journal, Lanes
from leto_sim.node_level.datagrams import Datagrams
from leto_sim.node_level.process import Process, Trap
from leto_sim.node_level.scenario import Scenario
from leto_sim.node_level.watched_datagrams import Log, WatchedDatagrams
from leto_sim.parts import REGISTERS, Parts
from leto_sim.platter import Platter
from leto_sim.randomness import stream
from leto_sim.scheduler import Scheduler
from leto_sim.sometimes import Situation
from leto_sim.view.recording import Recording

_NODE_ID_BITS = 64
_NO_TRAP: Trap = ("", lambda: None)
START_AGAIN_US = 50_000
"""After so long whatever looks after a process starts it again."""


@attrs.define(eq=False)
class Host:
    """A machine: a name, a disk and, while it runs, a process."""

    name: str
    node_id: NodeId
    platter: Platter
    process: Process | None = None
    incarnation: int = 0
    is_gone: bool = False  # its disk is lost, or it was retired: it never starts again
    is_corrupt: bool = False  # something on its disk that was synced is damaged
    starts_to_fail: int = 0  # its disk cannot be read

    @property
    def alive(self) -> Process | None:
        """Its process, unless that has ended (as it does by itself on a failed disk)."""
        return None if self.process is None or self.process.is_over else self.process

    @property
    def has_lost_data(self) -> bool:
        """Whether what it once held will never be found again."""
        return self.is_gone or self.is_corrupt


class Cluster:
    """The machines, the network between them, and the checkers that watch."""

    def __init__(
        self, scenario: Scenario, parts: Parts = REGISTERS, *, traced: bool = False
    ) -> None:
        self.scenario = scenario
        self.parts = parts
        self.seed = scenario.seed
        self.scheduler = Scheduler()
        self.journal = Journal(traced=traced)
        self.panel = Panel(trusts_clocks=not scenario.breaks_clock_bound, config=scenario.config)
        self.panel.folds = Folds(self.panel.safety, parts.machine, parts.workload.header_bytes)
        network = WatchedDatagrams if traced else Datagrams
        self.network = network(self.scheduler, self.seed, scenario.weather, self._deliver)
        self.hosts: list[Host] = []
        self.disk_speed = scenario.disk
        self.core: frozenset[NodeId] = frozenset()  # in the end: whom clients still ask
        self.on_elected: Callable[[Process], None] | None = None
        self.on_refusal: Callable[[Host], None] | None = None
        self._hosts_by_id: dict[NodeId, Host] = {}
        self._unheard: set[NodeId] = set()
        self.traps: dict[NodeId, Trap] = {}
        self._requests = 0
        self._node_ids = stream(self.seed, "node ids")
        self._found()

    # --- machines -----------------------------------------------------------------------

    @property
    def alive(self) -> list[Process]:
        """The processes that live, paused or not: nobody can tell from outside."""
        # Asked by every client at every try.
        return [
            process
            for host in self.hosts
            if (process := host.process) is not None and not process.is_over
        ]

    @property
    def running(self) -> list[Process]:
        """The processes that live and are not paused."""
        return [process for process in self.alive if not process.is_paused]

    @property
    def leader(self) -> Process | None:
        """Who leads the latest term that has a living leader."""
        leading = [process for process in self.running if process.status.role is RoleName.LEADER]
        return max(leading, key=lambda process: process.status.current_term, default=None)

    def process_of(self, node_id: NodeId) -> Process | None:
        """The process of that node, if it lives."""
        host = self._hosts_by_id.get(node_id)
        return None if host is None else host.alive

    def host_of(self, node_id: NodeId) -> Host | None:
        """The machine of that node."""
        return self._hosts_by_id.get(node_id)

    def start(self, host: Host) -> None:
        """Starts the node from what its disk holds, unless it runs."""
        if host.alive is not None or host.is_gone or not self._can_boot(host):
            return
        self._unheard.discard(host.node_id)
        host.incarnation += 1
        host.process = Process(
            self,
            name=host.name,
            config=self.scenario.config,
            restored=host.platter.restored(host.node_id, host.incarnation),
            platter=host.platter,
            disk_speed=self.disk_speed,
            machine_us=self.scenario.machine_us,
            clock_drift=self.scenario.clock_drift,
            parts=self.parts,
        )
        self.remark(f"{host.name} starts")

    def _can_boot(self, host: Host) -> bool:
        """Whether the disk can be read, and holds together (what the checksums tell)."""
        if host.is_corrupt:
            self.remark(f"{host.name} refuses to start: what was synced is damaged")
            self.panel.lookout.sometimes.occurred(Situation.DAMAGE_NOTICED)
            if self.on_refusal is not None:
                self.on_refusal(host)
        elif host.starts_to_fail:
            host.starts_to_fail -= 1
            self.remark(f"{host.name} cannot read its disk")
            self.panel.lookout.sometimes.occurred(Situation.DISK_UNREADABLE)
            self.scheduler.after(START_AGAIN_US, self.start, host)
        else:
            return True
        return False

    def crash(self, host: Host) -> None:
        """Cuts the power."""
        process, host.process = host.process, None
        if process is not None:
            process.end()
            self.remark(f"{host.name} crashes")
            if self.scenario.tells_deaths:
                self._tell_death(host)

    def silence(self, host: Host) -> None:
        """Nothing arrives any more that the node has said, until it starts anew."""
        self._unheard.add(host.node_id)

    def hear_again(self, host: Host) -> None:
        """Undoes `silence`."""
        self._unheard.discard(host.node_id)

    def set_trap(self, host: Host, message: str, spring: Callable[[], None]) -> None:
        """Calls that as soon as the node has sent a message of that name."""
        self.traps[host.node_id] = (message, spring)

    def take_traps_away(self, host: Host) -> None:
        """Undoes `set_trap`."""
        self.traps.pop(host.node_id, None)

    def wipe(self, host: Host) -> None:
        """Destroys the disk: the node is gone for good."""
        self.crash(host)
        host.is_gone = True
        self.panel.disk_lost(host.node_id)
        self.remark(f"{host.name} loses its disk")

    def retire(self, host: Host) -> None:
        """Switches the machine off for good; its disk stays as it is."""
        self.crash(host)
        host.is_gone = True

    def add_blank_host(self, name: str | None = None) -> Host:
        """A new machine with a blank node, which starts at once."""
        host = self._new_host(name or f"id{len(self.hosts) + 1}", Platter())
        self.start(host)
        return host

    def new_request_id(self) -> RequestId:
        """A number that no request had before."""
        self._requests += 1
        return self._requests

    # --- what processes need (`process.World`) --------------------------------------------

    def try_trap(self, source: NodeId, message: Message) -> None:
        """The node has sent a message, maybe what somebody has set a trap for."""
        name, spring = self.traps.get(source, _NO_TRAP)
        if type(message).__name__ == name:
            del self.traps[source]
            self.scheduler.after(0, spring)

    def elected(self, process: Process) -> None:
        """A node has become leader."""
        if self.on_elected is not None:
            self.on_elected(process)

    def lanes(self) -> Lanes:
        """How every node stands, but for those that are gone."""
        return tuple((host.name, _standing(host)) for host in self.hosts if not host.is_gone)

    def name_of(self, node_id: NodeId) -> str:
        """What people call that node."""
        host = self._hosts_by_id.get(node_id)
        return host.name if host is not None else str(node_id)

    def record(self, recording: Recording) -> None:
        """Have every message of a run that has not begun yet written down."""
        assert isinstance(self.network, WatchedDatagrams), "only a traced run is recorded"
        self.network.log = Log(recording, self.journal, self.name_of, self._is_held)

    def taken_in(self, process: Process, event: MessageReceived) -> None:
        """Whoever writes down messages wants to know when each is handled."""
        if isinstance(self.network, WatchedDatagrams):
            self.network.taken_in(event.sender, process.node_id, event.message)

    def _is_held(self, node_id: NodeId) -> bool:
        host = self._hosts_by_id.get(node_id)
        return host is not None and host.alive is not None and host.alive.holds_back

    def remark(self, text: str, shown: str = "") -> None:
        """Notes in the journal something that no node was told; perhaps in better words."""
        now = self.scheduler.now
        self.journal.note(now, b"world", (text.encode(),))
        self.journal.trace(now, self.lanes, lambda: f"* {shown or text}")

    def _deliver(self, source: NodeId, target: NodeId, message: Message) -> None:
        host = self._hosts_by_id.get(target)
        if host is None or host.process is None or source in self._unheard:
            return
        host.process.receive(source, message)  # who has ended hears nothing

    def _tell_death(self, dead: Host) -> None:
        """A process that dies takes its links with it, which the other ends notice."""
        delay_us = 2 * self.scenario.weather.delay_least_us
        for host in self.hosts:
            if host is not dead and self.network.reaches(dead.node_id, host.node_id):
                self.scheduler.after(delay_us, self._notice_death, host, dead)

    def _notice_death(self, host: Host, dead: Host) -> None:
        # The dial that proves it is refused only while nobody listens there.
        if host.alive is not None and dead.alive is None:
            host.alive.learn_of_death(dead.node_id)

    # --- founding ------------------------------------------------------------------------

    def _found(self) -> None:
        names = [f"id{number + 1}" for number in range(self.scenario.nodes)]
        node_ids = [self._new_node_id() for _ in names]
        members = [
            self._founder(number, node_id, name)
            for number, (node_id, name) in enumerate(zip(node_ids, names, strict=True))
        ]
        configuration = Configuration(tuple(members), lease_us=self.scenario.lease_us)
        content = self.parts.machine().snapshot()
        founding = SnapshotMark(
            configuration=configuration, size_bytes=len(content), checksum=zlib.crc32(content)
        )
        for name, node_id in zip(names, node_ids, strict=True):
            self.start(self._new_host(name, Platter(founding, content), node_id))

    def _founder(self, number: int, node_id: NodeId, name: str) -> Member:
        scenario = self.scenario
        is_voter = number < scenario.nodes - scenario.learners
        role = MemberRole.VOTER if is_voter else MemberRole.LEARNER
        is_told = number < len(scenario.priorities)
        priority = scenario.priorities[number] if is_told else 1
        return attrs.evolve(member(node_id, name, role), priority=priority)

    def _new_host(self, name: str, platter: Platter, node_id: NodeId | None = None) -> Host:
        host = Host(name, node_id if node_id is not None else self._new_node_id(), platter)
        self.hosts.append(host)
        self._hosts_by_id[host.node_id] = host
        return host

    def _new_node_id(self) -> NodeId:
        return NodeId(self._node_ids.getrandbits(_NODE_ID_BITS))


def member(node_id: NodeId, name: str, role: MemberRole = MemberRole.VOTER) -> Member:
    """A member as the simulator's configurations have it."""
    return Member(node_id=node_id, name=name, address=f"{name}:{node_id}", role=role)


def _standing(host: Host) -> str:
    process = host.alive
    if process is None:
        return DOWN
    status = process.status
    mark = PAUSED if process.is_paused else ""
    return mark + describe_standing(status.role, status.current_term)
