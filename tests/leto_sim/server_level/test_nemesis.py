"""Each fault befalls its victim, and the calm undoes it."""

from collections.abc import Callable

import attrs
import pytest

from leto.raft import Config
from leto.raft.types import EntryId
from leto.server import Server
from leto_sim.clock import MS, SECOND
from leto_sim.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
)
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.damage import DiskDamage
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
)
from leto_sim.server_level.nemesis import ServerNemesis
from leto_sim.server_level.operator import ServerOperator, is_carried_out
from leto_sim.server_level.process import Process
from leto_sim.server_level.scenario import ServerScenario

STRIKES_AT = SECOND


class Stage:
    """Three servers, and one fault after a second."""

    def __init__(self, fault: ServerFault, nodes: int = 3) -> None:
        config = Config(
            election_timeout_min_us=100 * MS,
            election_timeout_max_us=200 * MS,
            heartbeat_interval_us=25 * MS,
        )
        plan = (PlannedServerFault(STRIKES_AT, fault),)
        self.remarks: list[str] = []
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes, config=config, plan=plan))
        self.cluster.remark = self._overhear  # type: ignore[method-assign]
        self.operator = ServerOperator(self.cluster)
        self.nemesis = ServerNemesis(self.cluster, self.operator)

    def _overhear(self, text: str, shown: str = "") -> None:
        self.remarks.append(text)

    def run_until(self, time_us: int) -> None:
        scheduler = self.cluster.scheduler
        while scheduler.next_time is not None and scheduler.next_time <= time_us:
            scheduler.step()

    def run_until_true(self, is_reached: Callable[[], bool]) -> None:
        end = self.cluster.scheduler.now + 10 * SECOND
        while not is_reached():
            assert self.cluster.scheduler.now < end, "it takes too long"
            self.cluster.scheduler.step()

    def strike(self) -> None:
        self.run_until(STRIKES_AT - 1)
        assert self.cluster.is_whole
        self.run_until(STRIKES_AT + 1)

    def machine(self, number: int = 1) -> Machine:
        return self.cluster.machines[number]


@pytest.mark.parametrize("fault", [Crash(1, 300 * MS), CutPower(1, 300 * MS)])
def test_server_that_died_starts_again_later(fault: ServerFault) -> None:
    stage = Stage(fault)

    stage.strike()
    was_down = stage.machine().process is None
    stage.run_until_true(lambda: stage.cluster.is_whole and stage.machine().takes_part)

    assert was_down
    assert 2 == stage.machine().lives


def test_server_that_has_moved_is_found_where_it_is() -> None:
    stage = Stage(MoveServer(1, 300 * MS))
    before = stage.machine().peer_address

    stage.strike()
    was_down = stage.machine().process is None
    stage.run_until_true(lambda: stage.operator.is_idle)

    leader = stage.cluster.leader
    assert was_down
    assert leader is not None
    addresses = [m.address for m in leader.status.committed_configuration.members]
    assert stage.machine().peer_address in addresses
    assert before not in addresses


def test_a_server_that_cannot_move_now_stays_up() -> None:
    stage = Stage(MoveServer(1, 300 * MS))
    assert not stage.operator.move_server(stage.machine(2))  # the cluster has not formed

    stage.strike()
    second = stage.operator.move_server(stage.machine(2))

    assert not second
    assert stage.machine(2).process is not None
    assert not stage.operator.changes_nothing


def test_machine_that_is_down_cannot_die() -> None:
    stage = Stage(Crash(1, 300 * MS))
    stage.run_until(STRIKES_AT - 1)
    stage.cluster.cut_power(stage.machine())
    stage.cluster.cut_power(stage.machine())

    stage.run_until(STRIKES_AT + 400 * MS)

    assert stage.machine().process is None


def test_leader_is_whoever_leads_then() -> None:
    stage = Stage(Crash(LEADER, 300 * MS))
    stage.run_until(STRIKES_AT - 1)
    leader = stage.cluster.leader
    assert leader is not None

    stage.run_until(STRIKES_AT + 1)

    assert stage.cluster.machine_of(leader).process is None


def test_nobody_leads_a_cluster_without_leader() -> None:
    stage = Stage(Crash(LEADER, 300 * MS))
    stage.run_until(STRIKES_AT - 1)
    for machine in stage.cluster.machines:
        stage.cluster.kill(machine)

    stage.run_until(STRIKES_AT + 1)

    assert [str(Crash(LEADER, 300 * MS))] == stage.remarks[-1:]


def test_server_stops_in_good_order_and_is_started_again() -> None:
    stage = Stage(StopServer(1, 0))

    stage.strike()
    stage.run_until_true(lambda: stage.machine().lives == 2 and stage.cluster.is_whole)

    assert any(text.startswith("id2 exits 0") for text in stage.remarks)


def test_paused_server_goes_on_later() -> None:
    stage = Stage(Pause(1, 300 * MS))

    stage.strike()
    process = stage.machine().process
    assert process is not None
    was_paused = process.is_paused
    stage.run_until(STRIKES_AT + 300 * MS)

    assert was_paused
    assert not process.is_paused


def test_reset_streams_are_opened_again() -> None:
    stage = Stage(ResetStreams(1))

    stage.strike()
    ends = [end for machine in stage.cluster.machines if machine.process
            for end in machine.process.sockets.ends]  # fmt: skip
    stage.run_until_true(lambda: stage.cluster.is_whole)
    stage.run_until(STRIKES_AT + 3 * SECOND)

    assert ends
    assert stage.cluster.is_whole


@pytest.mark.parametrize("one_way", [False, True])
def test_cut_links_are_mended_later(one_way: bool) -> None:  # noqa: FBT001
    stage = Stage(CutLinks(0b001, 0b110, one_way, 2 * SECOND))
    stage.strike()
    leader = stage.cluster.leader

    stage.run_until(STRIKES_AT + SECOND)
    leader_meanwhile = stage.cluster.leader
    stage.run_until_true(lambda: stage.cluster.is_whole)

    assert leader is not None
    assert leader_meanwhile is not None
    assert leader is not leader_meanwhile


@pytest.mark.parametrize("damage", list(DiskDamage))
def test_damaged_disk_is_replaced_when_it_is_noticed(damage: DiskDamage) -> None:
    stage = Stage(DamageDisk(1, damage, dies=True))

    stage.strike()
    was = stage.machine().node_id
    was_damaged = stage.machine().is_damaged
    stage.run_until_true(lambda: stage.machine().takes_part and stage.cluster.is_whole)

    assert was_damaged == (stage.machine().node_id != was)


def test_damaged_disk_of_a_running_server_is_not_noticed() -> None:
    stage = Stage(DamageDisk(1, DiskDamage.FLIPPED, dies=False))

    stage.strike()
    stage.run_until(STRIKES_AT + SECOND)

    assert stage.machine().is_damaged
    assert 1 == stage.machine().lives


def test_reads_fail_for_so_many_starts() -> None:
    stage = Stage(FailReads(1, 2))
    stage.strike()

    stage.cluster.kill(stage.machine())
    stage.cluster.start(stage.machine())
    stage.run_until_true(lambda: stage.cluster.is_whole and stage.machine().takes_part)

    assert 4 == stage.machine().lives
    errors = [text for text in stage.remarks if "input/output error" in text]
    assert 2 == len(errors)


def test_reads_succeed_once_everything_is_healed() -> None:
    stage = Stage(FailReads(1, 2))
    stage.strike()

    stage.nemesis.heal()
    stage.cluster.kill(stage.machine())
    stage.cluster.start(stage.machine())
    stage.run_until_true(lambda: stage.cluster.is_whole and stage.machine().takes_part)

    assert 2 == stage.machine().lives


def test_server_that_ends_as_it_goes_on_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(FailReads(1, 2))
    stage.strike()
    ending = stage.machine()

    def end(process: Process) -> None:
        if process is ending.process:
            stage.cluster.kill(ending)

    monkeypatch.setattr(Process, "resume", end)

    stage.nemesis.heal()

    assert ending.process is not None
    assert 2 == ending.lives


def test_no_disk_hangs_by_chance_once_everything_is_healed() -> None:
    stage = Stage(FailReads(1, 2))
    stage.cluster.scenario = attrs.evolve(
        stage.cluster.scenario, disk=DiskTiming(sync_tail_us=20 * MS)
    )
    stage.strike()

    stage.nemesis.heal()

    process = stage.machine().process
    assert process is not None
    assert process.lane is not None
    assert DiskTiming() == process.lane.timing == stage.cluster.disk_timing


def test_stalled_disk_holds_up_its_server_alone() -> None:
    stage = Stage(StallDisk(1, 300 * MS))

    stage.strike()
    stage.run_until_true(lambda: stage.cluster.is_whole)

    assert 1 == stage.machine().lives


def test_server_with_a_failed_disk_ends_and_is_started_again() -> None:
    stage = Stage(FailDisk(0, 0))

    stage.strike()
    stage.operator.ask(
        stage.cluster.addresses, (b"SET", b"k", b"v"), is_carried_out, lambda _: None
    )
    stage.run_until_true(lambda: stage.machine(0).lives == 2 and stage.cluster.is_whole)

    assert any("disk" in text for text in stage.remarks)


def test_lost_disk_makes_a_stranger() -> None:
    stage = Stage(LoseDisk(1))
    stage.run_until(STRIKES_AT - 1)
    node_id = stage.machine().node_id

    stage.strike()
    was_stranger = stage.machine().is_stranger
    stage.run_until_true(lambda: stage.operator.is_idle and stage.machine().lives > 1)

    assert was_stranger
    assert node_id != stage.machine().node_id
    assert "id2 has left" in stage.remarks


def test_removed_node_makes_room_for_another() -> None:
    stage = Stage(RemoveNode(1))

    stage.strike()
    stage.run_until_true(lambda: "id2 was removed" in stage.remarks and stage.cluster.is_whole)

    assert stage.machine().lost_id is not None


def test_clock_jumps() -> None:
    stage = Stage(JumpClock(1, -700))

    stage.strike()

    assert -700 == stage.machine().clock.unix_offset_ms


def test_snapshot_is_taken() -> None:
    stage = Stage(TakeSnapshotNow(1))

    stage.strike()
    stage.run_until_true(
        lambda: any(
            name.endswith(".snapshot") for name in stage.machine().directory.durable_files()
        )
    )

    assert stage.cluster.is_whole


def test_what_an_operator_types_reaches_the_server() -> None:
    stage = Stage(TypeCommand(("RAFT", "TRANSFER")))
    stage.run_until(STRIKES_AT - 1)
    leader = stage.cluster.leader
    assert leader is not None

    stage.run_until_true(lambda: stage.cluster.leader != leader)

    stage.run_until_true(lambda: stage.cluster.is_whole)


def has_room(machine: Machine) -> bool:
    assert machine.process is not None
    server = machine.process.program
    assert isinstance(server, Server)
    return server.status.room.has_room


def last_log(machine: Machine) -> EntryId:
    assert machine.process is not None
    server = machine.process.program
    assert isinstance(server, Server)
    assert server.status.raft is not None
    return server.status.raft.last_log


def test_a_disk_fills_up_and_has_room_again() -> None:
    stage = Stage(FillDisk(1, 300 * MS))

    stage.strike()

    assert not has_room(stage.machine())
    stage.run_until(STRIKES_AT + 301 * MS)
    assert has_room(stage.machine())


@pytest.mark.parametrize("to_the_brim", [False, True])
def test_calm_gives_every_disk_room(*, to_the_brim: bool) -> None:
    stage = Stage(FillDisk(1, 60 * SECOND, to_the_brim))
    stage.strike()

    stage.nemesis.heal()

    process = stage.machine().process
    assert process is not None
    assert process.lane is not None
    assert (True, False) == (has_room(stage.machine()), process.lane.is_full)


@pytest.mark.parametrize("victim", [1, LEADER])
@pytest.mark.parametrize("to_the_brim", [False, True])
def test_whoever_has_no_room_stays_up_and_comes_back(victim: int, *, to_the_brim: bool) -> None:
    stage = Stage(FillDisk(victim, 2 * SECOND, to_the_brim))
    stage.strike()
    lives = [machine.lives for machine in stage.cluster.machines]
    asked: list[bool] = []
    addresses = [machine.client_address for machine in stage.cluster.machines]

    stage.operator.ask(
        addresses, (b"SET", b"a", b"b"), is_carried_out, lambda _: asked.append(True)
    )
    stage.run_until_true(lambda: bool(asked))
    stage.run_until(STRIKES_AT + 5 * SECOND)

    assert lives == [machine.lives for machine in stage.cluster.machines]
    assert 1 == len({last_log(machine) for machine in stage.cluster.machines})


@pytest.mark.parametrize(
    "fault",
    [Pause(1, 1), StallDisk(1, 1), FailDisk(1, 1), StopServer(1, 1), FillDisk(1, 1)],
)
def test_what_is_down_is_left_alone(fault: ServerFault) -> None:
    stage = Stage(fault)
    stage.run_until(STRIKES_AT - 1)
    stage.cluster.kill(stage.machine())

    stage.run_until(STRIKES_AT + 10)

    assert stage.machine().process is None


def test_calm_undoes_everything() -> None:
    stage = Stage(CutLinks(0b001, 0b110, one_way=False, for_us=60 * SECOND))
    stage.strike()
    process = stage.machine(1).process
    assert process is not None
    process.pause()
    stage.cluster.cut_power(stage.machine(2))

    stage.nemesis.heal()
    stage.run_until_true(lambda: stage.cluster.is_whole)

    assert "everything is healed" in stage.remarks


def test_no_fault_strikes_in_the_calm() -> None:
    stage = Stage(Crash(1, 300 * MS))

    stage.nemesis.heal()
    stage.run_until(STRIKES_AT + 10)

    assert 1 == stage.machine().lives
