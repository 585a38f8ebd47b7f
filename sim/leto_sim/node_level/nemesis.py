"""Lets faults happen, and undoes them.

Responsible for performing a plan of faults on a cluster, and for healing everything
when the storm is over.
"""

from collections.abc import Iterable
from typing import assert_never

import attrs

from leto.raft.actions import Outcome
from leto.raft.events import SnapshotRequested, TransferRequested
from leto.raft.types import Micros, NodeId
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.datagrams import CALM, Link
from leto_sim.node_level.faults import (
    LEADER,
    AddNode,
    Ambush,
    Crash,
    CutLinks,
    Direction,
    FailDisk,
    Fault,
    FillDisk,
    Isolate,
    LoseDisk,
    Pause,
    PlannedFault,
    RemoveNode,
    StallDisk,
    Storm,
    TakeSnapshotNow,
    TransferLeadership,
    Victim,
)
from leto_sim.node_level.process import Process


class Nemesis:
    """Performs a plan."""

    def __init__(self, cluster: Cluster, administrator: Administrator) -> None:
        self._cluster = cluster
        self._administrator = administrator
        self._scheduler = cluster.scheduler
        self._is_over = False
        self._cuts: list[tuple[Link, ...]] = []
        self._ambushes: list[Ambush] = []
        cluster.on_elected = self._spring_ambush
        for planned in cluster.scenario.plan:
            self._scheduler.at(planned.at_us, self._strike, planned)

    def heal(self) -> None:
        """Ends every fault: what is down starts, what is cut is mended."""
        self._is_over = True
        for links in self._cuts:
            self._cluster.network.mend(links)
        self._cluster.network.weather = CALM
        for host in self._cluster.hosts:
            if host.alive is not None:
                host.alive.disk.mend()
                host.alive.tell_disk_room(has_room=True)
                host.alive.resume()
            self._cluster.start(host)
        self._cluster.remark("everything is healed")

    def _strike(self, planned: PlannedFault) -> None:
        if not self._is_over:
            self._cluster.remark(str(planned.fault))
            self.perform(planned.fault)

    def perform(self, fault: Fault) -> None:
        """Lets a fault happen now."""
        match fault:
            case Storm():
                self._begin_storm(fault)
            case CutLinks():
                self._cut(fault)
            case Ambush():
                self._ambushes += [fault] * fault.leaders
            case AddNode():
                self._administrator.add_node()
            case _:
                host = self._host(fault.victim)
                if host is not None:
                    self._perform_on(host, fault)

    def _perform_on(
        self,
        host: Host,
        fault: Crash
        | Pause
        | Isolate
        | StallDisk
        | FailDisk
        | FillDisk
        | LoseDisk
        | TakeSnapshotNow
        | TransferLeadership
        | RemoveNode,
    ) -> None:
        match fault:
            case Crash(down_us=down_us):
                self._cluster.crash(host)
                self._scheduler.after(down_us, self._cluster.start, host)
            case Pause(for_us=for_us):
                self._pause(host, for_us)
            case Isolate():
                self._isolate(host, fault)
            case StallDisk(for_us=for_us):
                if host.alive is not None:
                    host.alive.disk.stall_until(self._scheduler.now + for_us)
            case FailDisk(down_us=down_us):
                if host.alive is not None:
                    host.alive.disk.fail()
                    self._scheduler.after(down_us, self._restart_once_over, host, down_us)
            case FillDisk(for_us=for_us):
                if host.alive is not None:
                    host.alive.tell_disk_room(has_room=False)
                    self._scheduler.after(for_us, self._empty_disk, host.alive)
            case LoseDisk(at_once=at_once):
                self._administrator.lose_disk(host, at_once=at_once)
            case TakeSnapshotNow():
                self._request_snapshot(host)
            case TransferLeadership(victim=victim):
                self._request_transfer(None if victim == LEADER else host.node_id)
            case RemoveNode():
                self._administrator.remove_node(host)
            case _:
                assert_never(fault)

    def _host(self, victim: Victim) -> Host | None:
        if victim == LEADER:
            leader = self._cluster.leader
            return None if leader is None else self._cluster.host_of(leader.node_id)
        hosts = [host for host in self._cluster.hosts if not host.is_gone]
        return hosts[victim % len(hosts)]

    def _restart_once_over(self, host: Host, down_us: Micros) -> None:
        """The disk fails with its next sync, whenever that is."""
        if host.alive is None:
            self._cluster.start(host)
        elif not self._is_over:
            self._scheduler.after(down_us + 1, self._restart_once_over, host, down_us)

    def _spring_ambush(self, elected: Process) -> None:
        host = self._cluster.host_of(elected.node_id)
        if self._ambushes and not self._is_over and host is not None:
            ambush = self._ambushes.pop(0)
            self._cluster.remark(f"{host.name} falls into {ambush}")
            if ambush.unheard:
                self._cluster.silence(host)
            self._scheduler.after(ambush.delay_us, self._cluster.crash, host)
            self._scheduler.after(ambush.delay_us + ambush.down_us, self._cluster.start, host)

    def _pause(self, host: Host, for_us: Micros) -> None:
        if host.alive is not None:
            host.alive.pause()
            self._scheduler.after(for_us, self._resume, host.alive)

    def _resume(self, process: Process) -> None:
        if not process.is_over:
            process.resume()

    def _empty_disk(self, process: Process) -> None:
        process.tell_disk_room(has_room=True)

    def _begin_storm(self, storm: Storm) -> None:
        network = self._cluster.network
        network.weather = attrs.evolve(
            self._cluster.scenario.weather,
            loss=storm.loss,
            duplication=storm.duplication,
            delay_tail_us=storm.delay_tail_us,
        )
        self._scheduler.after(storm.for_us, self._end_storm)

    def _end_storm(self) -> None:
        if not self._is_over:
            self._cluster.network.weather = self._cluster.scenario.weather

    def _cut(self, fault: CutLinks) -> None:
        left, right = self._side(fault.left), self._side(fault.right)
        links = [(a.node_id, b.node_id) for a in left for b in right]
        if not fault.one_way:
            links += [(target, source) for source, target in links]
        self._cut_links(links, fault.for_us)

    def _isolate(self, host: Host, fault: Isolate) -> None:
        others = [other for other in self._cluster.hosts if other is not host]
        to_it = [(other.node_id, host.node_id) for other in others]
        from_it = [(host.node_id, other.node_id) for other in others]
        links = {
            Direction.TO_IT: to_it,
            Direction.FROM_IT: from_it,
            Direction.BOTH: to_it + from_it,
        }
        self._cut_links(links[fault.direction], fault.for_us)

    def _cut_links(self, links: Iterable[Link], for_us: Micros) -> None:
        cut = tuple(links)
        self._cluster.network.cut(cut)
        self._cuts.append(cut)
        self._scheduler.after(for_us, self._mend, cut)

    def _mend(self, cut: tuple[Link, ...]) -> None:
        if not self._is_over:
            self._cuts.remove(cut)
            self._cluster.network.mend(cut)

    def _side(self, mask: int) -> list[Host]:
        return [host for number, host in enumerate(self._cluster.hosts) if mask >> number & 1]

    def _request_snapshot(self, host: Host) -> None:
        if host.alive is not None:
            request_id = self._cluster.new_request_id()
            host.alive.request(SnapshotRequested(request_id), {request_id: _ignore})

    def _request_transfer(self, to: NodeId | None) -> None:
        leader = self._cluster.leader
        if leader is not None:
            request_id = self._cluster.new_request_id()
            leader.request(TransferRequested(request_id, to), {request_id: _ignore})


def _ignore(_: Outcome | None) -> None:
    """Nobody here cares how it went."""
