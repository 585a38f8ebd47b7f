"""The leader's time, and the entries by which it passes everywhere."""

from typing import TYPE_CHECKING

from leto.raft.entries import Command
from leto.resp import OK
from leto.server.commit.batches import HEADER

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World


def time_entries(machine: "Machine") -> int:
    return sum(
        isinstance(entry.payload, Command) and len(entry.payload.data) == HEADER.size
        for entry in machine.applied
    )


def test_an_idle_node_writes_nothing(world: "World") -> None:
    machine = world.founded()
    last = machine.raft.last_log

    world.run(5_000)

    assert last == machine.raft.last_log


def test_a_key_that_falls_due_costs_one_entry(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a 1 PX 100")

    world.run(99)
    assert 0 == time_entries(machine)
    world.run(2)

    assert 1 == time_entries(machine)
    assert 0 == machine.node.status.machine.key_count
    world.run(2_000)
    assert 1 == time_entries(machine)


def test_time_entries_are_at_most_twenty_a_second(world: "World") -> None:
    machine = world.founded()
    world.client(machine).send(*[f"SET k{n} v PX {100 + n}" for n in range(1_000)])

    world.run(1_200)

    assert 15 <= time_entries(machine) <= 24
    assert 0 == machine.node.status.machine.key_count


def test_no_time_entry_follows_one_that_is_not_applied_yet(world: "World") -> None:
    machine = world.founded()
    world.client(machine).send(*[f"SET k{n} v PX {100 + 10 * n}" for n in range(10)])
    world.settle()
    last = machine.raft.last_log
    machine.holds_disk = True

    world.run(150)

    assert last.index + 1 == machine.raft.last_log.index


def test_a_wall_clock_that_jumps_ahead_expires_nothing_early(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    assert OK == client.ask("SET a 1 PX 1000")

    world.unix_ms += 3_600_000
    world.run(900)

    assert b"1" == client.ask("GET a")
    world.run(200)
    assert client.ask("GET a") is None


def test_a_leader_whose_wall_clock_is_behind_goes_on_from_the_last_stamp(world: "World") -> None:
    machines = world.cluster()
    world.unix_ms += 3_600_000
    machines[0].kill()
    leader = world.leader(machines[1:])
    assert OK == world.client(leader).ask("SET a 1 PX 100")
    world.unix_ms -= 3_600_000
    machines[0].start()
    world.run(50)
    leader.kill()

    next_leader = world.leader()
    world.run(300)

    assert world.client(next_leader).ask("GET a") is None


def test_time_to_live_goes_down_on_every_node_while_nobody_writes(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a 1 PX 10000")
    world.run(3_000)

    left = [world.client(machine).ask("PTTL a") for machine in machines]

    assert all(isinstance(ms, int) and 6_900 <= ms <= 7_050 for ms in left)


def test_time_passes_by_the_word_of_the_leader_alone(world: "World") -> None:
    leader, follower, _ = world.cluster()

    assert leader.node._parts.timekeeper.is_leading
    assert not follower.node._parts.timekeeper.is_leading


def test_a_reader_after_a_restart_is_told_how_long_a_key_has_still_to_live(
    world: "World",
) -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a 1 PX 100000")
    machines[1].kill()
    world.run(60_000)

    machines[1].start()
    world.run(1_000)

    left_ms = world.client(machines[1]).ask("PTTL a")
    assert isinstance(left_ms, int)
    assert 38_000 < left_ms < 39_100
    assert OK == world.client(machines[0]).ask("SET b 1")
    world.run(1_000)
    left_ms = world.client(machines[1]).ask("PTTL a")
    assert isinstance(left_ms, int)
    assert 37_000 < left_ms < 38_100


def test_a_wall_clock_that_was_set_back_makes_no_time_run_back(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a 1 PX 100000")
    machines[1].kill()
    machines[1].start()

    world.unix_ms -= 1_000_000

    left_ms = world.client(machines[1]).ask("PTTL a")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= 100_000
