"""A cluster of cores as its users see it (`leto_sim.cluster_view`).

Responsible for doing what a user does by name to hosts, links and members.
"""

from collections.abc import Iterable, Sequence

from leto.machine import StateMachine
from leto.raft.actions import Outcome
from leto.raft.events import SnapshotRequested, TransferRequested
from leto.raft.status import Status
from leto.raft.types import Micros
from leto_sim.cluster_view import ClusterView, NodeDown, NodeView, pairs_between
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.datagrams import Link
from leto_sim.node_level.process import Process


class HostView(NodeView):
    """The node of a host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def name(self) -> str:
        """The host's."""
        return self._host.name

    @property
    def is_running(self) -> bool:
        """Who lives takes part at once."""
        return self._host.alive is not None

    @property
    def is_paused(self) -> bool:
        """Only who lives can be."""
        return self._host.alive is not None and self._host.alive.is_paused

    @property
    def lives(self) -> int:
        """Each is an incarnation."""
        return self._host.incarnation

    @property
    def machine(self) -> StateMachine:
        """That of this life."""
        return self._process.machine

    @property
    def _status(self) -> Status:
        return self._process.status

    @property
    def _process(self) -> Process:
        if self._host.alive is None:
            raise NodeDown(f"{self.name} does not run")
        return self._host.alive


class NodeLevelView(ClusterView):
    """All nodes, the links between them, and what may be done to both."""

    def __init__(self, cluster: Cluster, administrator: Administrator) -> None:
        self._cluster = cluster
        self._administrator = administrator
        self._cuts: list[tuple[Link, ...]] = []

    # --- looking ------------------------------------------------------------------------

    @property
    def now_us(self) -> Micros:
        """Virtual time since the beginning."""
        return self._cluster.scheduler.now

    @property
    def events(self) -> int:
        """How many events have happened."""
        return self._cluster.journal.events

    @property
    def nodes(self) -> Sequence[HostView]:
        """Every node that is not gone for good, running or not."""
        return [HostView(host) for host in self._cluster.hosts if not host.is_gone]

    @property
    def leader(self) -> HostView | None:
        """Who leads the latest term that has a leader."""
        leader = self._cluster.leader
        return None if leader is None else self.node(leader.name)

    @property
    def commits(self) -> int:
        """How many entries are committed."""
        return self._cluster.panel.commits

    def node(self, name: str) -> HostView:
        """The node of that name.

        Raises:
            KeyError: there is none, or it is gone for good.
        """
        return HostView(self._host(name))

    # --- nodes --------------------------------------------------------------------------

    def crash(self, name: str) -> None:
        """Cuts its power: what its disk has not synced may be lost."""
        self._cluster.crash(self._host(name))

    def start(self, name: str) -> None:
        """Starts it from its disk, unless it runs."""
        self._cluster.start(self._host(name))

    def pause(self, name: str) -> None:
        """It gets no processor; what happens meanwhile waits for it."""
        if process := self._host(name).alive:
            process.pause()

    def resume(self, name: str) -> None:
        """It goes on, late."""
        if process := self._host(name).alive:
            process.resume()

    def fail_disk(self, name: str) -> None:
        """Its next sync fails, and silences it: `start` it again."""
        if process := self._host(name).alive:
            process.disk.fail()

    def stall_disk(self, name: str, for_us: Micros) -> None:
        """Its disk syncs nothing for a while."""
        if process := self._host(name).alive:
            process.disk.stall_until(self.now_us + for_us)

    def fill_disk(self, name: str, *, is_full: bool = True) -> None:
        """Its disk has no room for commands any more, or has room again."""
        if process := self._host(name).alive:
            process.tell_disk_room(has_room=not is_full)

    def take_snapshot(self, name: str) -> None:
        """Somebody asks it for a snapshot."""
        if process := self._host(name).alive:
            number = self._cluster.new_request_id()
            process.request(SnapshotRequested(number), {number: _ignore})

    # --- links --------------------------------------------------------------------------

    def cut(self, source: str, target: str, *, one_way: bool = False) -> None:
        """Nothing arrives that the one sends to the other, nor back unless `one_way`."""
        links = [(self._host(source).node_id, self._host(target).node_id)]
        self._cut(links if one_way else [*links, (links[0][1], links[0][0])])

    def partition(self, *groups: Iterable[str]) -> None:
        """Nothing arrives between different groups. Who is in none talks to all."""
        self._cut(
            [
                (self._host(source).node_id, self._host(target).node_id)
                for source, target in pairs_between(groups)
            ]
        )

    def mend_links(self) -> None:
        """Undoes every `cut`, `isolate` and `partition`."""
        while self._cuts:
            links = self._cuts.pop()
            self._cluster.network.mend(links)
            self._cluster.remark(f"mended: {self._named(links)}")

    def heal(self) -> None:
        """Mends links and disks, resumes who is paused, starts who is down."""
        self.mend_links()
        for node in self.nodes:
            host = self._host(node.name)
            if host.alive is not None:
                host.alive.disk.mend()
                host.alive.tell_disk_room(has_room=True)
                host.alive.resume()
            self._cluster.start(host)

    # --- members ------------------------------------------------------------------------

    @property
    def is_changing(self) -> bool:
        """Whether a membership change is under way."""
        return not self._administrator.is_idle

    def add_node(self) -> None:
        """Has a blank node join, unless nobody leads or another change is under way."""
        self._administrator.add_node()

    def remove_node(self, name: str) -> None:
        """Removes it, unless too few voters would be left, or another change is under way."""
        self._administrator.remove_node(self._host(name))

    def lose_disk(self, name: str) -> None:
        """Its data is gone, and a stranger takes its name; not where that costs what was
        acknowledged.
        """
        self._administrator.lose_disk(self._host(name), at_once=False)

    def transfer_leadership(self, to: str | None = None) -> None:
        """Asks the leader, if there is one, to hand over: to whom it likes, if not to a name."""
        leader = self._cluster.leader
        if leader is not None:
            number = self._cluster.new_request_id()
            target = None if to is None else self._host(to).node_id
            leader.request(TransferRequested(number, target), {number: _ignore})

    def _host(self, name: str) -> Host:
        for host in self._cluster.hosts:
            if host.name == name and not host.is_gone:
                return host
        raise KeyError(f"no node {name}; there are {', '.join(node.name for node in self.nodes)}")

    def _cut(self, links: Sequence[Link]) -> None:
        self._cluster.network.cut(links)
        self._cuts.append(tuple(links))
        self._cluster.remark(f"cut: {self._named(links)}")

    def _named(self, links: Iterable[Link]) -> str:
        name_of = self._cluster.name_of
        return ", ".join(f"{name_of(source)}>{name_of(target)}" for source, target in links)


def _ignore(_: Outcome | None) -> None:
    """Nobody here cares how it went."""
