"""Only what is synced, and vouched for, is damaged; and a wound is known until it is gone."""

from random import Random

import pytest

from leto.raft.types import NodeId
from leto.server.world import Delete, Rename, SyncDirectory, SyncFile, WriteAt
from leto.wal import ClusterJoined, Identity, Position, Record, SegmentHead, segment_name
from leto.wal.frames import encode_frame
from leto.wire.values import ClusterId
from leto_sim.clock import MS, SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.damage import DiskDamage, Wound, check_noticed, inflict
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.operator import ServerOperator, is_carried_out
from leto_sim.server_level.platter import ServerPlatter
from leto_sim.server_level.scenario import ServerScenario

HEAD = SegmentHead(identity=Identity(NodeId(7), "id1"), incarnation=1)
FILE = segment_name(1)


class Log:
    """Three frames, of which the last knows how far the log was synced."""

    def __init__(self) -> None:
        self.directory = SimulatedDirectory()
        self.disk = ServerPlatter("id1", self.directory)
        self.size_bytes = 0
        self._sequence = 0
        self.directory.perform(WriteAt("other", 0, b"something else" * 100))
        self.directory.perform(SyncFile("other"))
        self.append(HEAD, Position(0, 0))
        self.append(ClusterJoined(ClusterId(1)), Position(0, 0))

    def append(self, record: Record, synced: Position) -> None:
        self._sequence += 1
        data = encode_frame(1, self._sequence, synced, record)
        self.directory.perform(WriteAt(FILE, self.size_bytes, data))
        self.directory.perform(SyncFile(FILE))
        self.directory.perform(SyncDirectory())
        self.size_bytes += len(data)
        self.disk.catch_up(lambda _: None)

    def inflict(self, damage: DiskDamage, seed: int) -> Wound | None:
        return inflict(damage, self.directory, self.disk, Random(seed))


def test_what_nobody_vouches_for_is_spared() -> None:
    log = Log()

    assert None is log.inflict(DiskDamage.FLIPPED, 1)


@pytest.mark.parametrize("damage", list(DiskDamage))
def test_damage_lies_before_the_mark(damage: DiskDamage) -> None:
    marks: list[tuple[int, int]] = []
    for seed in range(20):
        log = Log()
        limit = log.size_bytes
        log.append(ClusterJoined(ClusterId(2)), Position(1, limit))
        before = log.directory.read(FILE)

        wound = log.inflict(damage, seed)

        if wound is not None:
            marks.append((wound.offset + len(wound.after), limit))
            after = log.directory.read(FILE)
            assert after != before
            assert after[limit:] == before[limit:]
            assert wound.is_open_in(log.directory)

    assert marks
    assert all(end <= limit for end, limit in marks)


def test_a_wound_is_gone_with_its_file() -> None:
    log = Log()
    log.append(ClusterJoined(ClusterId(2)), Position(1, log.size_bytes))
    wound = log.inflict(DiskDamage.FLIPPED, 1)
    assert wound is not None

    log.directory.perform(Delete(FILE))
    was_open = wound.is_open_in(log.directory)  # the deletion is not durable yet
    log.directory.perform(SyncDirectory())

    assert was_open
    assert not wound.is_open_in(log.directory)


def test_a_wound_is_gone_when_it_is_written_over() -> None:
    log = Log()
    log.append(ClusterJoined(ClusterId(2)), Position(1, log.size_bytes))
    wound = log.inflict(DiskDamage.FLIPPED, 1)
    assert wound is not None

    log.directory.perform(WriteAt(FILE, wound.offset, wound.before))
    log.directory.perform(SyncFile(FILE))

    assert not wound.is_open_in(log.directory)


def test_snapshots_and_older_segments_are_damaged_too() -> None:
    cluster = ServerCluster(ServerScenario(seed=1, nodes=1))
    operator, machine = ServerOperator(cluster), cluster.machines[0]
    for command in ((b"SET", b"k", b"v"), (b"SNAPSHOT",)):
        done = list[object]()
        operator.ask(cluster.addresses, command, is_carried_out, done.append)
        while not done:
            assert cluster.scheduler.now < 20 * SECOND
            cluster.scheduler.step()
    cluster.kill(machine)
    cluster.start(machine)
    end = cluster.scheduler.now + 500 * MS
    while cluster.scheduler.now < end:
        cluster.scheduler.step()

    wounded = {
        wound.name
        for seed in range(30)
        if (wound := inflict(DiskDamage.FLIPPED, machine.directory, machine.disk, Random(seed)))
    }

    names = sorted(wounded)
    assert 2 == sum(name.startswith("wal-") for name in names)
    assert 1 == sum(name.endswith(".snapshot") for name in names)


def test_who_restores_a_damaged_snapshot_is_found_out() -> None:
    cluster = ServerCluster(ServerScenario(seed=1, nodes=1))
    operator, machine = ServerOperator(cluster), cluster.machines[0]
    for command in ((b"SET", b"k", b"v"), (b"SNAPSHOT",)):
        done = list[object]()
        operator.ask(cluster.addresses, command, is_carried_out, done.append)
        while not done:
            cluster.scheduler.step()
    wounds = [
        wound
        for seed in range(10)
        if (wound := inflict(DiskDamage.LOST, machine.directory, machine.disk, Random(seed)))
    ]
    assert machine.life is not None
    disk, directory, status = machine.disk, machine.directory, machine.life.status

    check_noticed("id1", 0, status, disk, directory, wounds)  # it ran already
    with pytest.raises(PropertyViolated, match=r"id1 has restored \d+ bytes of snapshot-"):
        check_noticed("id1", 1, status, disk, directory, wounds)


def test_a_wound_tells_where_it_is() -> None:
    log = Log()
    log.append(ClusterJoined(ClusterId(2)), Position(1, log.size_bytes))

    wound = log.inflict(DiskDamage.FLIPPED, 1)

    assert wound is not None
    assert f"1 bytes of {FILE} at offset {wound.offset}" == str(wound)


def test_damage_reaches_what_a_power_cut_would_bring_back() -> None:
    directory = SimulatedDirectory()
    directory.perform(WriteAt("f", 0, b"abcdef"))
    directory.perform(SyncFile("f"))
    directory.perform(Rename("f", "g"))
    directory.perform(SyncDirectory())
    directory.perform(WriteAt("g", 6, b"gh"))

    directory.durable_files()["g"].damage(1, b"X")

    assert b"aXcdefgh" == directory.read("g")
    assert b"aXcdef" == directory.durable_files()["g"].synced()
