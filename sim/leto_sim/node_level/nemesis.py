"""Lets faults happen, and undoes them.

Responsible for performing a plan of faults on a cluster, and for the end of the
storm, when everything is healed or only so much that a quorum can go on. What happens
to links is `leto_sim.node_level.partitions`.
"""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import TypeAlias, assert_never

from leto.raft.actions import Outcome, RoleName
from leto.raft.events import ReadPolicy, ReadRequested, SnapshotRequested, TransferRequested
from leto.raft.types import Micros, NodeId
from leto_sim.clock import NEVER, TRUE_RATE
from leto_sim.fault_words import describe_fault
from leto_sim.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    ForceInVain,
    LoseDisk,
    LoseQuorum,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
    Victim,
)
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.core import ids_of
from leto_sim.node_level.faults import (
    AddNode,
    AdvanceClock,
    Ambush,
    AskInVain,
    AskLeaders,
    Blunder,
    ClogLinks,
    CorruptDisk,
    CrashWhenSending,
    CrashWhileWriting,
    CutOffWhenSending,
    CutRing,
    Direction,
    DriftClock,
    Fault,
    FillDisk,
    FlapLinks,
    Freeze,
    Isolate,
    Oust,
    PlannedFault,
    Reshape,
    Revolt,
    SetLease,
    SlowDown,
    SlowLinks,
    StopClock,
    Storm,
    Strand,
    Swizzle,
    TakeSnapshotWhileBusy,
    TransferLeadership,
)
from leto_sim.node_level.partitions import Partitions
from leto_sim.node_level.process import Process
from leto_sim.sometimes import Situation

_ProcessFault: TypeAlias = (
    Pause | SlowDown | AdvanceClock | StopClock | DriftClock | StallDisk | FailDisk | FillDisk
)

_SHARE_OF_BROKEN_LINKS = 0.7
_SHARE_OF_BROKEN_WITH_ROOM = 0.7
_SHARE_OF_FULL_LEADERS = 0.5  # of those who lead, and are not in the core
_AT_ONCE_US: Micros = 1
_STEADY = 10  # times the mean tail of a sync are an election timeout, once all is healed


class Nemesis:
    """Performs a plan."""

    def __init__(self, cluster: Cluster, administrator: Administrator) -> None:
        self._cluster = cluster
        self._administrator = administrator
        self._scheduler = cluster.scheduler
        self._partitions = Partitions(cluster, self._pick)
        self._is_over = False
        self._ambushes: list[Ambush] = []
        self._questions: list[AskLeaders] = []  # for leaders to be elected
        self._clocks_err_again_at: Micros = 0
        cluster.on_elected = self._meet_leader
        for planned in cluster.scenario.plan:
            self._scheduler.at(planned.at_us, self._strike, planned)

    def heal(self) -> None:
        """Ends every fault: what is down starts, what is cut is mended."""
        self._end()
        self._partitions.heal(lambda _: True)
        for host in self._cluster.hosts:
            self._heal(host)
        self._cluster.remark("everything is healed")

    def heal_core(self, core: Collection[Host], rng: Random) -> None:
        """Heals these machines and the links between them; the others stay broken for ever."""
        self._end()
        ids = ids_of(core)
        self._partitions.heal(ids.__contains__)
        for host in self._cluster.hosts:
            if host in core:
                self._heal(host)
            elif not host.is_gone:
                self._break(host, ids, rng)
        self._occurred(Situation.CORE_ALONE_HEALED)
        self._cluster.remark(f"only {', '.join(sorted(host.name for host in core))} are healed")

    def _end(self) -> None:
        """No more faults; and no disk that is well takes an election timeout for a sync.

        Who leads would step down each time, and who follows fall silent.
        """
        self._is_over = True
        election_us = self._cluster.scenario.config.election_timeout_min_us
        self._cluster.disk_speed = self._cluster.scenario.disk.steadied(election_us // _STEADY)

    def _break(self, host: Host, core: Collection[NodeId], rng: Random) -> None:
        """Leaves a machine as it is, or in a way in which it may be a nuisance."""
        process = host.alive
        if process is not None:
            process.tell_disk_room(has_room=rng.random() < _SHARE_OF_BROKEN_WITH_ROOM)
            if process is self._cluster.leader and rng.random() < _SHARE_OF_FULL_LEADERS:
                # Nothing else: who leads with a full disk is to hand over.
                process.tell_disk_room(has_room=False)
                return
        others = [other for other in core if rng.random() < _SHARE_OF_BROKEN_LINKS]
        to_it, from_it = rng.choice(((True, True), (True, False), (False, True), (False, False)))
        links = [(other, host.node_id) for other in others if to_it]
        self._cluster.network.cut(links + [(host.node_id, other) for other in others if from_it])
        match rng.choice(("as it is", "down", "paused", "slow", "without a disk", "timeless")):
            case "down":
                self._cluster.crash(host)
            case "paused" if process is not None:
                process.pause()
            case "slow" if process is not None:
                process.slow_down(self._cluster.scenario.config.heartbeat_interval_us)
            case "without a disk" if process is not None:
                process.disk.stall_until(NEVER)
            case "timeless" if process is not None and not self._clocks_are_trusted:
                self._run_clock(process, 0)
            case _:
                pass

    def _heal(self, host: Host) -> None:
        process = host.alive
        host.starts_to_fail = 0
        if process is None:
            self._cluster.start(host)
            return
        self._cluster.take_traps_away(host)
        self._cluster.hear_again(host)
        process.disk.mend()
        process.disk.speed = self._cluster.disk_speed
        process.tell_disk_room(has_room=True)
        process.slow_down(0)
        process.resume()
        process.clock.run_at(TRUE_RATE, self._scheduler.now)
        process.clock_has_changed()
        # What it has missed may be the end of its disk.
        self._cluster.start(host)

    def _strike(self, planned: PlannedFault) -> None:
        if not self._is_over:
            self._cluster.remark(str(planned.fault), describe_fault(planned.fault))
            self.perform(planned.fault)

    def perform(self, fault: Fault) -> None:
        """Lets a fault happen now."""
        match fault:
            case (
                CutLinks()
                | CutRing()
                | FlapLinks()
                | Swizzle()
                | ClogLinks()
                | SlowLinks()
                | Storm()
            ):
                if isinstance(fault, ClogLinks):
                    self._occurred(Situation.LINKS_CLOGGED)
                self._partitions.perform(fault)
            case Ambush():
                self._ambushes += [fault] * fault.leaders
            case Oust(for_us=for_us):
                self._oust(for_us)
            case AskInVain(for_us=for_us):
                self._ask_in_vain(for_us)
            case LoseQuorum():
                self._administrator.lose_quorum(fault, self._pick)
            case Strand(for_us=for_us):
                self._strand(for_us)
            case Revolt():
                self._revolt(fault)
            case Freeze(left=left, for_us=for_us):
                self._freeze(self._side(left), for_us)
            case AskLeaders(elections=0):
                self._ask_leaders(fault, fault.times)
            case AskLeaders(elections=elections):
                self._questions += [fault] * elections
            case AddNode():
                self._administrator.add_node()
            case Reshape():
                self._administrator.reshape(fault, self._pick)
            case SetLease(lease_us=lease_us):
                self._administrator.set_lease(lease_us)
            case Blunder(impossible=impossible):
                self._administrator.blunder(impossible)
            case _:
                host = self._pick(fault.victim)
                if host is not None:
                    self._perform_on(host, fault)

    def _perform_on(
        self,
        host: Host,
        fault: Crash
        | CrashWhileWriting
        | CrashWhenSending
        | Isolate
        | CutOffWhenSending
        | LoseDisk
        | CorruptDisk
        | FailReads
        | ForceInVain
        | TakeSnapshotNow
        | TakeSnapshotWhileBusy
        | TransferLeadership
        | RemoveNode
        | _ProcessFault,
    ) -> None:
        match fault:
            case Crash(down_us=down_us):
                self._crash(host, down_us)
            case Isolate():
                self._partitions.isolate(host, fault)
            case CutOffWhenSending(victim=victim, message=message, for_us=for_us):
                isolation = Isolate(victim, Direction.BOTH, for_us)
                self._cluster.set_trap(host, message, lambda: self._cut_off(host, isolation))
            case LoseDisk(at_once=at_once):
                self._administrator.lose_disk(host, at_once=at_once)
            case CorruptDisk():
                self._administrator.corrupt_disk(host)
            case FailReads(starts=starts):
                host.starts_to_fail += starts
            case TransferLeadership(victim=victim):
                self._request_transfer(None if victim == LEADER else host.node_id)
            case RemoveNode():
                self._administrator.remove_node(host)
            case _:
                if host.alive is not None:
                    self._perform_on_process(host, host.alive, fault)

    def _perform_on_process(
        self,
        host: Host,
        process: Process,
        fault: CrashWhileWriting
        | CrashWhenSending
        | ForceInVain
        | TakeSnapshotNow
        | TakeSnapshotWhileBusy
        | _ProcessFault,
    ) -> None:
        match fault:
            case CrashWhileWriting(down_us=down_us):
                process.disk.set_trap(lambda: self._crash_writer(host, process, down_us))
            case CrashWhenSending(message=message, down_us=down_us):
                self._cluster.set_trap(
                    host, message, lambda: self._crash_life(host, process, down_us)
                )
            case Pause(for_us=for_us):
                process.pause()
                self._later(for_us, process.resume)
            case SlowDown(event_us=event_us, for_us=for_us):
                process.slow_down(event_us)
                self._later(for_us, lambda: process.slow_down(0))
            case AdvanceClock() | StopClock() | DriftClock():
                self._disturb_clock(process, fault)
            case StallDisk(for_us=for_us):
                process.disk.stall_until(self._scheduler.now + for_us)
            case FailDisk(down_us=down_us):
                process.disk.fail()
                self._scheduler.after(down_us, self._restart_once_over, host, down_us)
            case FillDisk(for_us=for_us):
                process.tell_disk_room(has_room=False)
                self._scheduler.after(for_us, self._empty_disk, process)
            case ForceInVain():
                self._administrator.force_in_vain(process)
            case TakeSnapshotNow():
                self._request_snapshot(process)
            case TakeSnapshotWhileBusy():
                process.replica.set_trap(
                    lambda: self._scheduler.after(0, self._request_snapshot, process)
                )
            case _:
                assert_never(fault)

    def _pick(self, victim: Victim) -> Host | None:
        if victim == LEADER:
            leader = self._cluster.leader
            return None if leader is None else self._cluster.host_of(leader.node_id)
        hosts = [host for host in self._cluster.hosts if not host.is_gone]
        return hosts[victim % len(hosts)]

    def _later(self, after_us: Micros, act: Callable[[], None]) -> None:
        self._scheduler.after(after_us, self._unless_over, act)

    def _unless_over(self, act: Callable[[], None]) -> None:
        if not self._is_over:
            act()

    # --- processes -----------------------------------------------------------------------

    def _crash(self, host: Host, down_us: Micros) -> None:
        self._cluster.crash(host)
        self._later(down_us, lambda: self._cluster.start(host))

    def _crash_life(self, host: Host, process: Process, down_us: Micros) -> None:
        """The trap was set for this life of it, not for another."""
        if host.alive is process and not self._is_over:
            self._crash(host, down_us)

    def _crash_writer(self, host: Host, process: Process, down_us: Micros) -> None:
        self._occurred(Situation.CRASHED_WHILE_WRITING)
        self._crash_life(host, process, down_us)

    def _occurred(self, situation: Situation) -> None:
        self._cluster.panel.lookout.sometimes.occurred(situation)

    def _oust(self, for_us: Micros) -> None:
        host = self._pick(LEADER)
        if host is not None:
            self._perform_on(host, CutOffWhenSending(LEADER, "TimeoutNow", for_us))
            self._request_transfer(None)

    def _ask_in_vain(self, for_us: Micros) -> None:
        host = self._pick(LEADER)
        if host is not None:
            self._cluster.set_trap(host, "TimeoutNow", lambda: self._freeze_heir(host, for_us))
            self._request_transfer(None)

    def _freeze_heir(self, leader: Host, for_us: Micros) -> None:
        heir = None if leader.alive is None else leader.alive.status.transfer_target
        host = None if heir is None else self._cluster.host_of(heir)
        if host is not None and not self._is_over:
            self._perform_on(host, Pause(0, for_us))

    def _strand(self, for_us: Micros) -> None:
        host = self._pick(LEADER)
        if host is not None and host.alive is not None:
            self._partitions.isolate(host, Isolate(LEADER, Direction.BOTH, for_us))
            if not self._clocks_are_trusted:
                self._disturb_clock(host.alive, StopClock(LEADER, for_us))

    def _revolt(self, fault: Revolt) -> None:
        leader = self._pick(LEADER)
        if leader is None:
            return
        self._partitions.isolate(leader, Isolate(LEADER, Direction.BOTH, fault.for_us))
        for host in self._side(fault.left):
            if host is not leader and host.alive is not None:
                self._crash(host, _AT_ONCE_US)

    def _freeze(self, hosts: Sequence[Host], for_us: Micros) -> None:
        processes = [host.alive for host in hosts if host.alive is not None]
        for process in processes:
            process.pause()

        def go_on() -> None:
            for process in processes:
                process.resume()

        self._later(for_us, go_on)

    def _side(self, mask: int) -> Sequence[Host]:
        hosts = [host for host in self._cluster.hosts if not host.is_gone]
        return [host for number, host in enumerate(hosts) if mask >> number & 1]

    def _cut_off(self, host: Host, isolation: Isolate) -> None:
        if not self._is_over:
            self._partitions.isolate(host, isolation)

    def _restart_once_over(self, host: Host, down_us: Micros) -> None:
        """The disk fails with its next sync, whenever that is."""
        if self._is_over:
            return
        if host.alive is None:
            self._cluster.start(host)
        else:
            self._scheduler.after(down_us + 1, self._restart_once_over, host, down_us)

    def _meet_leader(self, elected: Process) -> None:
        if self._questions:
            fault = self._questions.pop(0)
            self._later(0, lambda: self._ask_leaders(fault, fault.times))
        host = self._cluster.host_of(elected.node_id)
        if self._ambushes and not self._is_over and host is not None:
            ambush = self._ambushes.pop(0)
            self._cluster.remark(f"{host.name} falls into {ambush}")
            if ambush.unheard:
                self._cluster.silence(host)
            self._later(ambush.delay_us, lambda: self._crash(host, ambush.down_us))

    def _empty_disk(self, process: Process) -> None:
        if not self._is_over:
            process.tell_disk_room(has_room=True)

    # --- clocks --------------------------------------------------------------------------

    @property
    def _clocks_are_trusted(self) -> bool:
        """Whether leases rest on them, and are to hold."""
        scenario = self._cluster.scenario
        return bool(scenario.lease_us) and not scenario.breaks_clock_bound

    def _disturb_clock(
        self, process: Process, fault: AdvanceClock | StopClock | DriftClock
    ) -> None:
        scenario, now = self._cluster.scenario, self._scheduler.now
        if self._clocks_are_trusted:
            # What is assumed of clocks is assumed of all of them together: one errs at a time.
            if now < self._clocks_err_again_at:
                return
            self._clocks_err_again_at = now + 3 * scenario.lease_us
        clock = process.clock
        rate = clock.rate
        match fault:
            case AdvanceClock(by_us=by_us):
                clock.advance(by_us)
            case StopClock(for_us=for_us):
                self._occurred(Situation.CLOCK_STOPPED)
                self._run_clock(process, 0)
                self._later(for_us, lambda: self._run_clock(process, rate or TRUE_RATE))
            case DriftClock(rate=wrong, for_us=for_us):
                self._run_clock(process, wrong)
                self._later(for_us, lambda: self._run_clock(process, rate or TRUE_RATE))
        process.clock_has_changed()

    def _run_clock(self, process: Process, rate: int) -> None:
        process.clock.run_at(rate, self._scheduler.now)
        process.clock_has_changed()

    # --- requests ------------------------------------------------------------------------

    def _request_snapshot(self, process: Process) -> None:
        if not self._is_over and not process.is_over:
            request_id = self._cluster.new_request_id()
            process.request(SnapshotRequested(request_id), {request_id: _ignore})

    def _ask_leaders(self, fault: AskLeaders, times: int) -> None:
        policy = ReadPolicy.LEASE if fault.by_lease else ReadPolicy.INDEX
        for process in self._cluster.running:
            if process.status.role is RoleName.LEADER:
                request_id = self._cluster.new_request_id()
                process.request(ReadRequested(request_id, policy), {request_id: _ignore})
        if times > 1:
            self._later(fault.every_us, lambda: self._ask_leaders(fault, times - 1))

    def _request_transfer(self, to: NodeId | None) -> None:
        leader = self._cluster.leader
        if leader is not None:
            request_id = self._cluster.new_request_id()
            leader.request(TransferRequested(request_id, to), {request_id: _ignore})


def _ignore(_: Outcome | None) -> None:
    """Nobody here cares how it went."""
