"""A node at work: what only the whole of it shows."""

from typing import TYPE_CHECKING

from leto.raft.entries import Entry
from leto.resp import OK

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_every_applied_entry_is_shown_to_the_observer_once_and_in_order(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    for n in range(5):
        assert OK == client.ask(f"SET a {n}")
    world.run(200)

    for machine in machines:
        assert all(isinstance(entry, Entry) for entry in machine.applied)
        indexes = [entry.id.index for entry in machine.applied]
        assert list(range(1, machine.raft.last_applied + 1)) == indexes


def test_roles_are_told_to_the_operator(world: "World") -> None:
    machines = world.cluster()
    machines[0].kill()
    leader = world.leader(machines[1:])
    world.run(500)

    assert leader.messages("leading")
    (other,) = [m for m in machines[1:] if m is not leader]
    assert leader.name == other.messages("following")[-1]["leader"]


def test_a_disk_that_fails_during_a_read_ends_the_node_too(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a b")
    machine.holds_disk = True
    world.client(machine).send("SNAPSHOT")

    machine.fail_disk()

    assert machine.stop is not None
    assert 1 == machine.stop.exit_code
