"""Lets faults happen to whole servers, and undoes them.

Responsible for performing a plan of faults, and for healing everything when the
storm is over.
"""

from collections.abc import Sequence
from enum import Enum
from random import Random
from typing import Final, assert_never

from leto.raft.types import Micros
from leto.server.world import DiskRoomMeasured
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
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.disk import DiskTiming
from leto_sim.server_level.faults import (
    CutPower,
    DamageDisk,
    FillDisk,
    JumpClock,
    MoveServer,
    PlannedServerFault,
    ResetStreams,
    ServerFault,
    StopServer,
    TypeCommand,
    VictimsFault,
)
from leto_sim.server_level.operator import ServerOperator, is_heard_of
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.process import Process
from leto_sim.sometimes import Situation

Path = tuple[str, str]

_ROOM: Final = DiskRoomMeasured(1 << 40)


class Damage(Enum):
    """How a machine outside the core stays."""

    DOWN = "down"
    PAUSED = "paused"
    DEAF = "deaf"  # its clients reach it, and it reaches others, which it does not hear
    MUTE = "mute"
    CUT_OFF = "cut off"


class ServerNemesis:
    """Performs a plan."""

    def __init__(self, cluster: ServerCluster, operator: ServerOperator) -> None:
        self._cluster = cluster
        self._operator = operator
        self._scheduler = cluster.scheduler
        self._is_over = False
        self._cuts: list[tuple[Path, ...]] = []
        for planned in cluster.scenario.plan:
            self._scheduler.at(planned.at_us, self._strike, planned)

    def heal(self) -> None:
        """End every fault: what is down starts, what is cut is mended."""
        self._heal(self._cluster.machines)
        self._cluster.remark("everything is healed")

    def heal_core(self, core: Sequence[Machine], rng: Random) -> None:
        """End every fault that concerns the core alone; break whatever is outside of it."""
        self._heal(core)
        for machine in self._cluster.machines:
            if machine not in core:
                self._break(machine, core, rng.choice(list(Damage)))
        self._cluster.panel.lookout.sometimes.occurred(Situation.CORE_ALONE_HEALED)
        self._cluster.remark(f"healed: {', '.join(machine.name for machine in core)}")

    def _heal(self, machines: Sequence[Machine]) -> None:
        self._is_over = True
        for paths in self._cuts:
            self._mend_paths(paths)
        self._cuts.clear()
        self._cluster.network.weather = StreamWeather()
        # With the slowest disks every term might end by one that seems to hang, and log time
        # alone might fill a narrow window.
        self._cluster.disk_timing = DiskTiming()
        for machine in machines:
            machine.starts_to_fail = 0
            if machine.process is not None:
                if machine.process.lane is not None:
                    machine.process.lane.cannot_read = False
                    machine.process.lane.timing = self._cluster.disk_timing
                machine.process.resume()
            # It may have learnt of its disk's failure only now, and have ended.
            if machine.process is not None:
                _make_room(machine.process)
            elif not machine.is_stranger:  # those are the operator's
                self._cluster.start(machine)

    def _break(self, machine: Machine, core: Sequence[Machine], damage: Damage) -> None:
        """What goes on for ever, as far as the core can tell."""
        self._cluster.remark(f"{machine.name} stays {damage.value}")
        to_it = [(other.host, machine.host) for other in core]
        from_it = [(machine.host, other.host) for other in core]
        match damage:
            case Damage.DOWN:
                self._cluster.kill(machine)
            case Damage.PAUSED:
                if machine.process is not None:
                    machine.process.pause()
            case Damage.DEAF:
                self._block(to_it)
            case Damage.MUTE:
                self._block(from_it)
            case Damage.CUT_OFF:
                self._block(to_it + from_it)
            case _:
                assert_never(damage)

    def _strike(self, planned: PlannedServerFault) -> None:
        if not self._is_over:
            self._cluster.remark(str(planned.fault), describe_fault(planned.fault))
            self.perform(planned.fault)

    def perform(self, fault: ServerFault) -> None:
        """Let it happen now; what it undoes later it undoes by itself."""
        match fault:
            case CutLinks():
                self._cut(fault)
            case TypeCommand(words=words):
                self._type(words)
            case LoseQuorum(victims=victims, best_first=best_first):
                machines = [m for victim in victims if (m := self._machine(victim)) is not None]
                self._operator.lose_quorum(machines, best_first=best_first)
            case _:
                machine = self._machine(fault.victim)
                if machine is not None:
                    self._befall(machine, fault)

    def _type(self, words: Sequence[str]) -> None:
        everybody = [machine.client_address for machine in self._cluster.machines]
        typed = tuple(word.encode() for word in words)
        self._operator.ask(everybody, typed, is_heard_of, lambda _: None)

    def _befall(self, machine: Machine, fault: VictimsFault) -> None:
        match fault:
            case Crash(down_us=down_us):
                self._take_down(machine, down_us, with_power=False)
            case CutPower(down_us=down_us):
                self._take_down(machine, down_us, with_power=True)
            case StopServer():
                machine.may_stop = True
                self._cluster.request_stop(machine)
            case MoveServer(down_us=down_us):
                if self._operator.move_server(machine):
                    self._take_down(machine, down_us, with_power=False)
            case Pause(for_us=for_us):
                self._pause(machine, for_us)
            case ResetStreams():
                self._reset(machine)
            case StallDisk(for_us=for_us):
                if machine.process is not None and machine.process.lane is not None:
                    machine.process.lane.stall(for_us)
            case FailDisk():
                if machine.process is not None and machine.process.lane is not None:
                    machine.may_stop = True
                    machine.process.lane.fail()
            case FailReads(starts=starts):
                self._fail_reads(machine, starts)
            case DamageDisk(damage=damage, dies=dies):
                self._operator.damage_disk(machine, damage)
                if dies:
                    self._take_down(machine, 0, with_power=False)
            case ForceInVain():
                self._operator.recover_in_vain(machine)
            case LoseDisk():
                self._operator.lose_disk(machine)
            case RemoveNode():
                self._operator.remove_node(machine)
            case JumpClock(by_ms=by_ms):
                machine.clock.unix_offset_ms += by_ms
            case TakeSnapshotNow():
                address = machine.client_address
                self._operator.ask([address], (b"SNAPSHOT",), is_heard_of, lambda _: None)
            case FillDisk():
                self._fill_disk(machine, fault)
            case _:
                assert_never(fault)

    def _machine(self, victim: Victim) -> Machine | None:
        if victim == LEADER:
            leader = self._cluster.leader
            return None if leader is None else self._cluster.machine_of(leader)
        return self._cluster.machines[victim % len(self._cluster.machines)]

    def _take_down(self, machine: Machine, down_us: Micros, *, with_power: bool) -> None:
        if machine.process is None:
            return  # it is down already, and somebody will start it
        if with_power:
            self._cluster.cut_power(machine)
        else:
            self._cluster.kill(machine)
        self._scheduler.after(down_us, self._cluster.start, machine)

    def _pause(self, machine: Machine, for_us: Micros) -> None:
        if machine.process is not None:
            machine.process.pause()
            self._scheduler.after(for_us, machine.process.resume)

    def _fill_disk(self, machine: Machine, fault: FillDisk) -> None:
        process = machine.process
        if process is not None and process.lane is not None:
            process.lane.is_full |= fault.to_the_brim
            process.tell(DiskRoomMeasured(0))
            self._scheduler.after(fault.for_us, _make_room, process)

    def _fail_reads(self, machine: Machine, starts: int) -> None:
        machine.starts_to_fail += starts
        if machine.process is not None and machine.process.lane is not None:
            machine.may_stop = True
            machine.process.lane.cannot_read = True

    def _reset(self, machine: Machine) -> None:
        others = [other.host for other in self._cluster.machines if other is not machine]
        others += [process.sockets.host for process in self._cluster.clients.values()]
        for other in others:
            self._cluster.network.reset(machine.host, other)

    def _cut(self, fault: CutLinks) -> None:
        left, right = self._side(fault.left), self._side(fault.right)
        paths = [(a, b) for a in left for b in right]
        if not fault.one_way:
            paths += [(b, a) for a, b in paths]
        self._scheduler.after(fault.for_us, self._mend, self._block(paths))

    def _block(self, paths: Sequence[Path]) -> tuple[Path, ...]:
        cut = tuple(paths)
        for source, target in cut:
            self._cluster.network.block(source, target)
        self._cuts.append(cut)
        return cut

    def _mend(self, cut: tuple[Path, ...]) -> None:
        if not self._is_over:
            self._cuts.remove(cut)
            self._mend_paths(cut)

    def _mend_paths(self, paths: tuple[Path, ...]) -> None:
        for source, target in paths:
            self._cluster.network.unblock(source, target)

    def _side(self, mask: int) -> list[str]:
        hosts = [machine.host for machine in self._cluster.machines]
        hosts += [process.sockets.host for process in self._cluster.clients.values()]
        return [host for number, host in enumerate(hosts) if mask >> number & 1]


def _make_room(process: Process) -> None:
    if process.lane is not None:
        process.lane.is_full = False
    process.tell(_ROOM)
