"""Nobody waits longer than four seconds for an answer."""

from typing import TYPE_CHECKING

import pytest

from leto.raft.config import Config
from leto.server import Limits
from leto.server.clients import errors
from leto.server.clients.slots import Slot
from leto.server.commit.batches import Batches
from leto.server.commit.patience import Patience

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


PATIENT = Config(election_timeout_min_us=10_000_000, election_timeout_max_us=20_000_000)
"""With it a leader whose disk hangs leads for longer than a client waits."""


def test_a_slot_is_answered_when_its_time_is_up(world: "World") -> None:
    machine = world.founded(raft=PATIENT)
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a b", "SNAPSHOT")

    world.run(3_999)
    assert [] == client.received()
    world.run(2)

    assert [errors.UNKNOWN, errors.SNAPSHOT_GOES_ON] == client.received()


def test_what_was_not_proposed_is_called_so(world: "World") -> None:
    machine = world.founded(raft=PATIENT)
    client = world.client(machine)
    machine.holds_disk = True
    for _ in range(3):
        client.send("SET a b")

    world.run(4_001)

    assert [errors.UNKNOWN, errors.UNKNOWN, errors.NOT_PROPOSED] == client.received()


def test_a_membership_order_is_answered_too(world: "World") -> None:
    machine = world.founded(limits=Limits(reply_within_us=1_000_000))
    client = world.client(machine)
    machine.holds_disk = True
    machine.unreachable = True

    client.send("LEAVE id1", "LEAVE id2")

    assert 2 == len(client.received())


def test_nothing_owed_needs_no_deadline(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    patience = machine.node._patience

    assert not patience.is_owing
    machine.holds_disk = True
    client.send("SET a b")
    assert patience.deadline == world.now_us + 4_000_000
    machine.release_disk()

    assert patience.deadline is None


def test_a_slot_of_no_known_kind_is_our_mistake(world: "World") -> None:
    machine = world.founded()
    world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))
    patience = Patience(1_000, Batches(Limits()))
    patience.owe(Slot(connection, [(b"GET", b"a")], since=0))

    with pytest.raises(AssertionError, match="no known kind"):
        patience.end(0)


def test_a_read_that_no_leader_confirms_is_called_so(world: "World") -> None:
    machines = world.cluster()
    for machine in machines[:2]:
        machine.kill()
    client = world.client(machines[2])
    client.send("GET a")

    world.run(4_001)

    assert [errors.NO_READ] == client.received()
