"""From log entries to the state machine."""

from typing import TYPE_CHECKING

import pytest

from leto.kv import KeyValueMachine
from leto.raft.entries import Command, Entry, Noop
from leto.raft.types import EntryId
from leto.resp import OK, encode_requests
from leto.server import Limits
from leto.server.commit.applier import Applier
from leto.server.commit.batches import HEADER, Batches

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


@pytest.fixture
def machine() -> KeyValueMachine:
    return KeyValueMachine()


@pytest.fixture
def applier(machine: KeyValueMachine) -> Applier:
    return Applier(machine, Batches(Limits()))


def batch(stamp_ms: int, *requests: tuple[bytes, ...], version: int = 1) -> Entry:
    data = HEADER.pack(version, stamp_ms) + encode_requests(requests)
    return Entry(EntryId(1, 1), Command(data))


def test_commands_are_read_from_bytes(machine: KeyValueMachine, applier: Applier) -> None:
    applier.apply(batch(5, (b"SET", b"a", b"1"), (b"INCR", b"a")))

    assert b"2" == machine.read((b"GET", b"a"), 5)
    assert 5 == machine.stamp_ms
    assert 2 == applier.commands_applied


def test_an_empty_batch_is_time_that_passes(machine: KeyValueMachine, applier: Applier) -> None:
    applier.apply(batch(5, (b"SET", b"a", b"1", b"PX", b"10")))

    applier.apply(batch(15))

    assert 0 == machine.key_count


def test_a_noop_changes_nothing(machine: KeyValueMachine, applier: Applier) -> None:
    applier.apply(Entry(EntryId(1, 1), Noop()))

    assert 0 == machine.stamp_ms


def test_a_batch_of_a_newer_format_is_not_guessed_at(applier: Applier) -> None:
    with pytest.raises(AssertionError, match="newer Leto"):
        applier.apply(batch(5, version=2))


def test_the_leader_and_its_followers_come_to_the_same_state(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    client.send("SET a 1 PX 5000", "INCR a", "GET a", "SET b x", "APPEND b y", "DEL c", "SET c d")
    world.run(500)

    assert [OK, 2, b"2", OK, 2, 0, OK] == client.received()
    contents = {b"".join(m.node.status.machine.snapshot(1 << 20)) for m in machines}
    assert 1 == len(contents)


def test_a_read_that_was_answered_meanwhile_is_not_done_again(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    machines[0].holds_disk = True

    client.send("GET a", "SET a 1")

    assert [None] == client.received()
    machines[0].release_disk()
    assert [OK] == client.received()
