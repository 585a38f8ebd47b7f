"""The disk as the core sees it: writes, snapshots out and in."""

from typing import TYPE_CHECKING
from zlib import crc32

import attrs

from leto.kv import KeyValueMachine
from leto.raft.actions import RestoreSnapshot
from leto.raft.configuration import Configuration
from leto.raft.entries import SnapshotMark
from leto.raft.events import Event, SnapshotRestored
from leto.raft.types import EntryId, NodeId
from leto.resp import OK, ErrorReply
from leto.server import Limits
from leto.server.disk.disk_lane import DiskLane
from leto.server.disk.storage import Storage
from leto.server.turn import Turn
from leto.server.world import DiskJob, WriteAt
from leto.wal import Identity, Recovered, create_log

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World

SMALL = Limits(snapshot_chunk_bytes=2_000)


def snapshots(machine: "Machine") -> list[str]:
    return sorted(name for name in machine.files if name.startswith("snapshot"))


def fill(world: "World", machine: "Machine", count: int = 200) -> None:
    client = world.client(machine)
    for first in range(0, count, 100):
        client.send(*[f"SET key:{n} {n:0100d}" for n in range(first, first + 100)])
    world.run(10)
    assert [OK] * count == client.received()


def test_snapshot_is_answered_when_it_is_durable_and_named(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)

    assert OK == world.client(machine).ask("SNAPSHOT")

    (name,) = snapshots(machine)
    assert name.endswith(".snapshot")
    mark = machine.raft.snapshot
    assert mark is not None
    assert len(machine.files[name]) == mark.size_bytes > 20_000


def test_a_restart_reads_the_snapshot_and_what_follows(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)
    client = world.client(machine)
    assert OK == client.ask("SNAPSHOT")
    assert OK == client.ask("SET key:0 after")

    machine.kill()
    machine.start()
    world.leader()

    client = world.client(machine)
    assert b"after" == client.ask("GET key:0")
    assert f"{199:0100d}".encode() == client.ask("GET key:199")
    assert 200 == client.ask("DBSIZE")


def test_clients_are_served_while_a_snapshot_is_written(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)
    client, other = world.client(machine), world.client(machine)

    client.send("SNAPSHOT")
    served = 0
    while not (replies := client.received()):
        assert OK == other.ask(f"SET other {served}")
        served += 1
        world.run(1)

    assert [OK] == replies
    assert served > 10


def test_two_chunks_at_most_are_under_way(world: "World") -> None:
    machine = world.founded(limits=attrs.evolve(SMALL, snapshot_chunk_interval_us=0))
    fill(world, machine)
    machine.holds_disk = True

    world.client(machine).send("SNAPSHOT")
    world.run(100)

    def is_chunk(job: DiskJob) -> bool:
        return any(isinstance(s, WriteAt) and s.file.startswith("snap") for s in job.steps)

    assert 2 == sum(is_chunk(job) for job in machine.jobs)
    machine.release_disk()
    world.run(1_000)
    assert 1 == len(snapshots(machine))


def test_a_snapshot_that_takes_long_is_still_being_written(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)
    client = world.client(machine)
    machine.holds_disk = True

    client.send("SNAPSHOT")
    world.run(4_100)

    assert [ErrorReply("UNKNOWN the snapshot is still being written")] == client.received()


def test_a_later_snapshot_replaces_the_earlier_one(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a 1")
    assert OK == client.ask("SNAPSHOT")
    (first,) = snapshots(machine)
    assert OK == client.ask("SET a 2")

    assert OK == client.ask("SNAPSHOT")

    (second,) = snapshots(machine)
    assert first != second


def test_a_node_that_was_away_for_too_long_gets_the_snapshot(world: "World") -> None:
    raft = attrs.evolve(
        world.quick, trailing_entries=0, trailing_bytes=0, snapshot_chunk_bytes=5_000
    )
    machines = world.cluster(raft=raft)
    machines[2].kill()
    fill(world, machines[0])
    client = world.client(machines[0])
    assert OK == client.ask("SNAPSHOT")

    machines[2].start()
    world.run(2_000)

    assert 1 == len(snapshots(machines[2]))
    late = world.client(machines[2])
    assert f"{7:0100d}".encode() == late.ask("GET key:7")
    assert OK == client.ask("SET key:7 new")
    assert b"new" == late.ask("GET key:7")
    machines[2].kill()
    machines[2].start()
    world.run(1_000)
    assert b"new" == world.client(machines[2]).ask("GET key:7")


def killed_while_receiving(world: "World") -> "Machine":
    """A follower that holds 8,000 bytes of a snapshot in chunks of 2,000, when it is killed."""
    raft = attrs.evolve(
        world.quick, trailing_entries=0, trailing_bytes=0, snapshot_chunk_bytes=2_000
    )
    leader, _, follower = world.cluster(raft=raft)
    follower.kill()
    fill(world, leader)
    assert OK == world.client(leader).ask("SNAPSHOT")
    follower.start_with_held_disk()
    while 8_000 not in received(follower):
        if follower.jobs:
            follower.do_one_job()
        else:
            world.run(1)
    follower.kill()
    follower.release_disk()
    follower.orders.clear()
    return follower


def test_a_receiver_that_was_killed_goes_on_where_it_was(world: "World") -> None:
    follower = killed_while_receiving(world)

    follower.start()
    world.run(3_000)

    offsets = received(follower)
    assert list(range(6_000, offsets[-1] + 1, 2_000)) == offsets
    assert f"{7:0100d}".encode() == world.client(follower).ask("GET key:7")


def test_a_part_that_has_rotted_is_found_out_and_received_anew(world: "World") -> None:
    follower = killed_while_receiving(world)
    (part,) = (name for name in follower.files if name.endswith(".received.partial"))
    follower.files[part][100] ^= 1

    follower.start()
    world.run(5_000)

    offsets = received(follower)
    assert [6_000, 0] == [offset for offset in offsets if offset in (0, 6_000)][:2]
    assert f"{7:0100d}".encode() == world.client(follower).ask("GET key:7")


def received(machine: "Machine") -> list[int]:
    """The offsets at which it has kept chunks of a leader's snapshot, in all its lives."""
    steps = (step for order in machine.orders if isinstance(order, DiskJob) for step in order.steps)
    return [
        step.offset
        for step in steps
        if isinstance(step, WriteAt) and step.file.endswith(".received.partial")
    ]


def test_nobody_reads_a_state_machine_that_is_being_restored(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)
    assert OK == world.client(machine).ask("SNAPSHOT")
    machine.kill()
    machine.start_with_held_disk()
    while not machine.is_loading_snapshot():
        machine.do_one_job()

    client = world.client(machine)
    client.send("GET key:1", "SET a b")

    loading = ErrorReply("LOADING Leto is loading the dataset in memory")
    assert loading == client.received()[0]


def test_a_damaged_snapshot_ends_the_node_with_file_and_remedy(world: "World") -> None:
    machine = world.founded()
    fill(world, machine)
    assert OK == world.client(machine).ask("SNAPSHOT")
    machine.kill()
    (name,) = snapshots(machine)
    machine.files[name][100] ^= 1

    machine.start()
    world.run(100)

    assert machine.stop is not None
    assert 4 == machine.stop.exit_code
    assert name in machine.stop.message
    assert "LEAVE" in machine.stop.message


def test_a_snapshot_found_damaged_when_it_is_sent_ends_the_node(world: "World") -> None:
    raft = attrs.evolve(
        world.quick, trailing_entries=0, trailing_bytes=0, snapshot_chunk_bytes=5_000
    )
    machines = world.cluster(raft=raft)
    machines[2].kill()
    fill(world, machines[0])
    assert OK == world.client(machines[0]).ask("SNAPSHOT")
    (name,) = snapshots(machines[0])
    machines[0].files[name][7_000] ^= 1

    machines[2].start()
    world.run(2_000)

    assert machines[0].stop is not None
    assert 4 == machines[0].stop.exit_code
    assert f"{name} at offset " in machines[0].stop.message
    assert "LEAVE" in machines[0].stop.message


def test_nothing_new_to_snapshot_is_said(world: "World") -> None:
    machine = world.machine(2, join=1)
    machine.start()

    reply = world.client(machine).ask("SNAPSHOT")

    assert ErrorReply("ERR nothing new to snapshot") == reply


def test_the_log_is_compacted_behind_a_snapshot(world: "World") -> None:
    raft = attrs.evolve(world.quick, trailing_entries=0, trailing_bytes=0)
    machine = world.founded(raft=raft)
    fill(world, machine)
    before = machine.raft.first_index

    assert OK == world.client(machine).ask("SNAPSHOT")

    assert before < machine.raft.first_index


def test_a_snapshot_that_is_being_written_is_seen(world: "World") -> None:
    machine = world.founded(limits=SMALL)
    fill(world, machine)
    machine.holds_disk = True

    world.client(machine).send("SNAPSHOT")
    assert machine.consensus.storage.is_taking
    machine.release_disk()
    world.run(1_000)

    assert not machine.consensus.storage.is_taking


class Restoring:
    """Storage that restores what its mark names but no state machine wrote."""

    def __init__(self, content: bytes) -> None:
        self.turn = Turn()
        self.lane = DiskLane(self.turn)
        self.corrupt: list[str] = []
        self.told: list[Event] = []
        self.machine = KeyValueMachine()
        owner = Identity(NodeId(1), "id1")
        self.storage = Storage(
            self.lane,
            create_log(Recovered(), owner).log,
            self.machine,
            turn=self.turn,
            limits=Limits(),
            tell=self.told.append,
            corrupt=self.corrupt.append,
        )
        mark = SnapshotMark(
            last_included=EntryId(1, 5),
            configuration=Configuration(),
            size_bytes=len(content),
            checksum=crc32(content),
        )
        self.storage.restore_snapshot(RestoreSnapshot(mark))
        self.lane.done(1, (content,))
        self.storage.work()


def test_a_large_piece_is_restored_over_several_turns() -> None:
    machine = KeyValueMachine()
    for number in range(3_000):
        machine.apply((b"SET", b"key:%d" % number, bytes(20)), 1)

    restoring = Restoring(b"".join(machine.snapshot()))
    turns = 1
    while restoring.storage.is_restoring:
        assert restoring.turn.now == restoring.storage.work_at
        restoring.storage.work()
        turns += 1

    assert turns >= 3
    assert restoring.storage.work_at is None
    assert machine.key_count == restoring.machine.key_count
    assert [SnapshotRestored(EntryId(1, 5))] == restoring.told


def test_content_that_no_state_machine_wrote_is_corrupt_though_its_checksum_is_right() -> None:
    restoring = Restoring(b"this is no snapshot" * 5)

    (text,) = restoring.corrupt
    assert text.startswith("snapshot-5-1.snapshot: ")
    assert restoring.storage.is_restoring


def test_content_that_ends_too_early_is_corrupt() -> None:
    whole = b"".join(KeyValueMachine().snapshot())

    restoring = Restoring(whole[:-1])

    (text,) = restoring.corrupt
    assert text.startswith("snapshot-5-1.snapshot: ")
