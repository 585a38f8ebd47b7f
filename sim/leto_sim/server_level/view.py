"""A cluster of whole servers as its user sees it (`leto_sim.cluster_view`).

Responsible for doing what a user does by name to machines and their links. What an operator
would do is done by the servers' own commands (`operator`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from leto.machine import StateMachine
from leto.raft.status import Status
from leto.raft.types import Micros
from leto.server.world import DiskRoomMeasured
from leto_sim.cluster_view import ClusterView, NodeDown, NodeView, pairs_between
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.operator import ServerOperator, is_heard_of
from leto_sim.server_level.watch import ServerLife

_ROOM: Final = 1 << 40


class MachineView(NodeView):
    """The node on a machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def name(self) -> str:
        """The machine's."""
        return self._machine.name

    @property
    def is_running(self) -> bool:
        """Whether the server has read its disk, too."""
        life = self._machine.life
        return self._machine.process is not None and life is not None and life.has_begun

    @property
    def is_paused(self) -> bool:
        """Only who lives can be."""
        process = self._machine.process
        return process is not None and process.is_paused

    @property
    def lives(self) -> int:
        """Each is a process."""
        return self._machine.lives

    @property
    def machine(self) -> StateMachine:
        """That of this life."""
        own = self._life.own_machine
        assert own is not None, "without a machine of yours there are only keys and values"
        return own.machine

    @property
    def _status(self) -> Status:
        return self._life.status

    @property
    def _life(self) -> ServerLife:
        life = self._machine.life
        if life is None or not life.has_begun:
            raise NodeDown(f"{self.name} does not run")
        return life


class ServerLevelView(ClusterView):
    """The machines, and what may be done to them."""

    def __init__(self, cluster: ServerCluster, operator: ServerOperator) -> None:
        self._cluster = cluster
        self._operator = operator
        self._cuts: list[tuple[str, str]] = []  # hosts

    # --- looking ------------------------------------------------------------------------

    @property
    def now_us(self) -> Micros:
        """The world's."""
        return self._cluster.scheduler.now

    @property
    def events(self) -> int:
        """Facts that servers and clients were told."""
        return self._cluster.journal.events

    @property
    def nodes(self) -> Sequence[MachineView]:
        """One on each machine."""
        return [MachineView(machine) for machine in self._cluster.machines]

    @property
    def leader(self) -> MachineView | None:
        """Not one that is paused."""
        leader = self._cluster.leader
        return None if leader is None else self.node(leader.name)

    @property
    def commits(self) -> int:
        """Batches of commands, and what the protocol itself needs."""
        return self._cluster.panel.commits

    def node(self, name: str) -> MachineView:
        """That on the machine of that name."""
        return MachineView(self._machine(name))

    # --- nodes --------------------------------------------------------------------------

    def crash(self, name: str) -> None:
        """The machine loses its power."""
        machine = self._machine(name)
        if machine.process is not None:
            self._cluster.cut_power(machine)

    def start(self, name: str) -> None:
        """From what its files hold."""
        self._cluster.start(self._machine(name))

    def pause(self, name: str) -> None:
        """Its connections stay open."""
        if process := self._machine(name).process:
            process.pause()

    def resume(self, name: str) -> None:
        """It learns of everything at once."""
        if process := self._machine(name).process:
            process.resume()

    def fail_disk(self, name: str) -> None:
        """The server ends, and somebody starts it again."""
        machine = self._machine(name)
        if machine.process is not None and machine.process.lane is not None:
            machine.may_stop = True
            machine.process.lane.fail()

    def stall_disk(self, name: str, for_us: Micros) -> None:
        """Every step on its disk waits."""
        machine = self._machine(name)
        if machine.process is not None and machine.process.lane is not None:
            machine.process.lane.stall(for_us)

    def fill_disk(self, name: str, *, is_full: bool = True) -> None:
        """There is still room in the server's reserve."""
        if process := self._machine(name).process:
            process.tell(DiskRoomMeasured(0 if is_full else _ROOM))

    def take_snapshot(self, name: str) -> None:
        """By SNAPSHOT."""
        self._operator.ask(
            [self._machine(name).client_address], (b"SNAPSHOT",), is_heard_of, lambda _: None
        )

    # --- links --------------------------------------------------------------------------

    def cut(self, source: str, target: str, *, one_way: bool = False) -> None:
        """Connections stall, and are not told."""
        self._cut([(source, target)] if one_way else [(source, target), (target, source)])

    def partition(self, *groups: Iterable[str]) -> None:
        """The same, between groups."""
        self._cut(pairs_between(groups))

    def mend_links(self) -> None:
        """What was sent meanwhile may arrive."""
        while self._cuts:
            self._cluster.network.unblock(*self._cuts.pop())

    def heal(self) -> None:
        """All of it."""
        self.mend_links()
        for machine in self._cluster.machines:
            if machine.process is not None:
                machine.process.resume()
            if machine.process is not None:
                machine.process.tell(DiskRoomMeasured(_ROOM))
            elif not machine.is_stranger:  # those are the operator's
                self._cluster.start(machine)

    # --- members ------------------------------------------------------------------------

    @property
    def is_changing(self) -> bool:
        """Whether not every machine's node is a voter."""
        return not self._operator.is_idle

    def add_node(self) -> None:
        """There is one on each machine."""

    def remove_node(self, name: str) -> None:
        """By LEAVE; then it comes back, blank, and joins."""
        self._operator.remove_node(self._machine(name))

    def lose_disk(self, name: str) -> None:
        """An operator replaces it as the documentation says."""
        self._operator.lose_disk(self._machine(name))

    def transfer_leadership(self, to: str | None = None) -> None:
        """By RAFT TRANSFER."""
        words = (b"RAFT", b"TRANSFER") if to is None else (b"RAFT", b"TRANSFER", to.encode())
        self._operator.ask(self._cluster.addresses, words, is_heard_of, lambda _: None)

    # --- inside -------------------------------------------------------------------------

    def _machine(self, name: str) -> Machine:
        for machine in self._cluster.machines:
            if machine.name == name:
                return machine
        names = ", ".join(machine.name for machine in self._cluster.machines)
        raise KeyError(f"no node {name}; there are {names}")

    def _cut(self, pairs: Iterable[tuple[str, str]]) -> None:
        for source, target in pairs:
            hosts = self._machine(source).host, self._machine(target).host
            self._cluster.network.block(*hosts)
            self._cuts.append(hosts)
            self._cluster.remark(f"cut: {source}>{target}")
