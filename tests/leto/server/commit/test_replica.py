"""The driver of the core."""

from typing import TYPE_CHECKING

import attrs

from leto.raft.actions import Trace
from leto.raft.traces.elections import ElectionTimedOut
from leto.resp import OK, ErrorReply
from leto.server import Limits

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_a_turn_applies_a_slice_and_the_next_one_is_due_at_once(world: "World") -> None:
    machines = world.cluster(limits=Limits(apply_bytes_per_call=1))
    machines[2].kill()
    client = world.client(machines[0])
    for n in range(30):
        assert OK == client.ask(f"SET a {n}")

    machines[2].start()
    world.run(1_000)

    replica = machines[2].node_at_work.replica
    assert machines[0].raft.last_applied == replica.status.last_applied
    assert machines[2].largest_slice == 1
    assert b"29" == world.client(machines[2]).ask("GET a")


def test_every_request_is_answered_once(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    client.send("SET a b", "GET a", "SNAPSHOT", "LEAVE id3")
    world.run(1_000)

    assert [OK, b"b", OK, OK] == client.received()
    assert {} == machines[0].node_at_work.replica._requests


def test_a_snapshot_is_taken_sent_restored_and_what_it_replaces_deleted(world: "World") -> None:
    raft = attrs.evolve(world.quick, trailing_entries=0, trailing_bytes=0)
    machines = world.cluster(raft=raft)
    machines[2].kill()
    client = world.client(machines[0])
    assert OK == client.ask("SET a b")
    assert OK == client.ask("SNAPSHOT")
    assert OK == client.ask("SET a c")
    assert OK == client.ask("SNAPSHOT")

    machines[2].start()
    world.run(1_000)

    assert b"c" == world.client(machines[2]).ask("GET a")
    assert 1 == sum(name.startswith("snapshot") for name in machines[0].files)


def test_a_core_whose_disk_failed_says_so(world: "World") -> None:
    machine = world.founded()
    machine.holds_disk = True
    world.client(machine).send("SET a b")

    machine.fail_disk("broken")

    assert machine.stop is not None
    assert "broken" in machine.stop.message


def test_what_nobody_listens_to_is_passed_over(world: "World") -> None:
    machine = world.founded()

    machine.node_at_work.replica._perform(Trace(1, ElectionTimedOut()))

    assert machine.stop is None


def test_an_operators_requests_are_answered_too(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    client.send("RAFT TRANSFER id2")
    world.run(1_000)
    assert OK == client.received()[0]
    reply = world.client(machines[0]).ask("RAFT RECOVER LOST id2 id3")

    assert isinstance(reply, ErrorReply)
    assert "a quorum seems to be alive" in reply.message
    assert {} == machines[0].node_at_work.replica._requests
