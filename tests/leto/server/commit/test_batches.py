"""Group commit."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Refusal, Refused, Unknown
from leto.raft.config import Config
from leto.raft.entries import Command
from leto.resp import OK, ErrorReply
from leto.server import Limits
from leto.server.clients import errors
from leto.server.clients.slots import ReadSlot, WriteSlot
from leto.server.commit.batches import FORMAT_VERSION, HEADER, Batches, refusal

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World

PATIENT = Config(election_timeout_min_us=10_000_000, election_timeout_max_us=20_000_000)


def commands(machine: "Machine") -> list[bytes]:
    """The requests of each batch that was applied."""
    return [
        entry.payload.data[HEADER.size :]
        for entry in machine.applied
        if isinstance(entry.payload, Command)
    ]


def test_a_pipeline_is_one_entry(world: "World") -> None:
    machine = world.founded()

    world.client(machine).send(*["SET a b"] * 100)

    (batch,) = commands(machine)
    assert 100 == batch.count(b"SET")


def test_while_two_writes_are_under_way_the_batch_grows(world: "World") -> None:
    machine = world.founded()
    clients = [world.client(machine) for _ in range(20)]
    machine.holds_disk = True

    for client in clients:
        client.send("INCR n")
    assert 2 == len(machine.jobs)
    machine.release_disk()

    assert [1, 1, 18] == [batch.count(b"INCR") for batch in commands(machine)]
    assert list(range(1, 21)) == [client.received()[0] for client in clients]


def test_a_full_batch_does_not_wait(world: "World") -> None:
    machine = world.founded(limits=Limits(batch_commands_max=3))
    client = world.client(machine)
    machine.holds_disk = True

    for _ in range(11):
        client.send("INCR n")
    machine.release_disk()

    assert [1, 1, 3, 3, 3] == [batch.count(b"INCR") for batch in commands(machine)]


def test_a_batch_of_large_values_does_not_wait(world: "World") -> None:
    machine = world.founded(limits=Limits(batch_bytes_max=1_000))
    client = world.client(machine)
    machine.holds_disk = True

    for _ in range(4):
        client.send("SET a " + "x" * 600)
    machine.release_disk()

    assert [1, 1, 2] == [batch.count(b"SET") for batch in commands(machine)]


def test_a_batch_has_its_format_and_its_time(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a b")

    (entry,) = [e for e in machine.applied if isinstance(e.payload, Command)]
    assert isinstance(entry.payload, Command)

    version, stamp_ms = HEADER.unpack_from(entry.payload.data)
    assert FORMAT_VERSION == version
    assert world.unix_ms - 1_000 <= stamp_ms <= world.unix_ms


def test_what_waits_when_leadership_is_lost_is_certainly_not_applied(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    reader = world.client(machines[0])
    machines[0].holds_disk = True
    client.send("INCR n")
    client.send("INCR n")
    client.send("INCR n", "INCR n")
    reader.send("GET n")
    for other in machines[1:]:
        other.kill()

    world.run(1_000)

    unknown = ErrorReply("UNKNOWN the write may still be applied")
    replies = client.received()
    world.run(4_000)
    replies += client.received()
    assert [unknown, unknown, errors.NO_LEADER, errors.NO_LEADER] == replies


def test_what_waits_for_four_seconds_is_withdrawn_and_never_applied(world: "World") -> None:
    machine = world.founded(raft=PATIENT)
    client, later = world.client(machine), world.client(machine)
    machine.holds_disk = True
    client.send("SET a 1")
    client.send("SET b 1")
    client.send("SET c 1", "GET c", "SET c 2")
    world.run(1_000)
    later.send("SET d 1")

    world.run(3_001)
    machine.release_disk()

    unknown, refused = errors.UNKNOWN, errors.NOT_PROPOSED
    assert [unknown, unknown, refused, errors.NO_READ, refused] == client.received()
    assert [OK] == later.received()
    assert [b"1", b"1", None, b"1"] == [later.ask(f"GET {key}") for key in "abcd"]


def test_a_read_stays_behind_its_connections_write_when_others_lose_patience(
    world: "World",
) -> None:
    machine = world.founded(raft=PATIENT)
    others = [world.client(machine) for _ in range(3)]
    later = world.client(machine)
    machine.holds_disk = True
    for other in others:
        other.send("SET a 1")
    world.run(1_000)
    later.send("SET b 1", "GET b")

    world.run(3_001)
    machine.release_disk()

    assert [OK, b"1"] == later.received()


def test_too_much_uncommitted_is_refused_as_busy(world: "World") -> None:
    raft = attrs.evolve(world.quick, uncommitted_bytes_max=2_000)
    machine = world.founded(raft=raft, limits=Limits(batch_bytes_max=1_000))
    client = world.client(machine)
    machine.holds_disk = True

    for _ in range(5):
        client.send("SET a " + "x" * 1_500)
    machine.release_disk()

    replies = client.received()
    assert OK == replies[0]
    assert errors.TOO_MUCH in replies


@pytest.mark.parametrize(
    "reason,text",
    [
        (Refusal.NOT_LEADER, "CLUSTERDOWN no leader is known, not applied"),
        (Refusal.TOO_MUCH_UNCOMMITTED, errors.TOO_MUCH.message),
        (Refusal.DISK_FULL, errors.DISK_FULL.message),
        (Refusal.DISKS_FULL, errors.DISKS_FULL.message),
        (Refusal.FAILED, "CLUSTERDOWN this node's disk has failed, not applied"),
    ],
)
def test_a_refusal_says_that_nothing_was_applied(reason: Refusal, text: str) -> None:
    assert ErrorReply(text) == refusal(reason)


def test_a_refused_batch_refuses_its_writes_and_leaves_its_reads_to_their_own_leave(
    world: "World",
) -> None:
    machine = world.founded()
    client = world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))
    batches = Batches(Limits())
    read = ReadSlot(connection, [(b"GET", b"a")], since=0, is_local=False)
    write = WriteSlot(connection, [(b"SET", b"a", b"1")], since=0)
    connection.open_reads.append(read)
    batches.add(write, b"")

    batches.propose(1, lambda _, then: then(Refused(Refusal.TOO_MUCH_UNCOMMITTED)))

    assert read.encoded is None
    assert write.encoded is not None
    assert write.encoded.startswith(b"-BUSY")
    assert not batches.has_waiting
    assert [] == client.received()


def test_a_batch_whose_fate_is_open_is_unknown(world: "World") -> None:
    machine = world.founded()
    world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))
    batches = Batches(Limits())
    write = WriteSlot(connection, [(b"SET", b"a", b"1")], since=0)
    batches.add(write, b"")

    batches.propose(1, lambda _, then: then(Unknown()))

    assert b"-UNKNOWN the write may still be applied\r\n" == write.encoded


def test_a_read_before_a_write_of_open_fate_is_refused(world: "World") -> None:
    machine = world.founded()
    world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))
    batches = Batches(Limits())
    read = ReadSlot(connection, [(b"GET", b"a")], since=0, is_local=False)
    connection.open_reads.append(read)
    batches.add(WriteSlot(connection, [(b"SET", b"a", b"1")], since=0), b"")

    batches.propose(1, lambda _, then: then(Unknown()))

    assert b"-CLUSTERDOWN no leader has confirmed the read in time\r\n" == read.encoded


def test_the_newest_stamp_is_known_while_its_batch_is_under_way(world: "World") -> None:
    machine = world.founded()
    batches = machine.node._batches
    assert 0 == batches.newest_stamp_ms
    machine.holds_disk = True

    world.client(machine).send("SET a b")

    assert world.unix_ms == batches.newest_stamp_ms
    machine.release_disk()
    assert 0 == batches.newest_stamp_ms
