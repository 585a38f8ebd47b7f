"""From what the directory holds to a node that may start."""

from typing import TYPE_CHECKING

from leto.resp import OK

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_another_name_than_the_directorys_is_refused_with_both_remedies(world: "World") -> None:
    machine = world.founded(1)
    machine.kill()
    other = world.machine(2)
    other.files = machine.files

    other.start()

    assert other.stop is not None
    assert 4 == other.stop.exit_code
    assert "belongs to node 'id1', not to 'id2'" in other.stop.message
    assert "-id id1" in other.stop.message
    assert "-raftdir" in other.stop.message


def test_a_damaged_log_is_refused_with_file_offset_and_remedy(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    for n in range(10):
        assert OK == client.ask(f"SET a {n}")
    machine.kill()
    (name,) = machine.files
    machine.files[name][200] ^= 1

    machine.start()

    assert machine.stop is not None
    assert 4 == machine.stop.exit_code
    assert name in machine.stop.message
    assert "offset" in machine.stop.message
    assert "LEAVE" in machine.stop.message


def test_a_torn_tail_is_dropped_and_said(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a b")
    machine.kill()
    (name,) = machine.files
    machine.files[name].extend(b"\x17" * 50)

    machine.start()
    world.leader()

    assert b"b" == world.client(machine).ask("GET a")
    assert 1 == len(machine.messages("unsynced tail dropped"))


def test_a_large_log_is_read_in_pieces(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    for n in range(6):
        assert OK == client.ask(f"SET k{n} " + "x" * 200_000)
    machine.kill()
    before = len(machine.orders)

    machine.start()
    world.leader()

    assert b"x" * 200_000 == world.client(machine).ask("GET k5")
    assert len(machine.orders) - before > 5


def test_a_directory_that_cannot_be_read_ends_the_node(world: "World") -> None:
    machine = world.founded()
    machine.kill()
    machine.start_with_held_disk()

    machine.fail_disk("permission denied")

    assert machine.stop is not None
    assert 4 == machine.stop.exit_code
    assert "permission denied" in machine.stop.message


def test_the_node_does_not_start_before_its_life_is_durable(world: "World") -> None:
    machine = world.machine()

    machine.start_with_held_disk()
    world.run(2_000)

    assert machine.node.status.raft is None
    machine.release_disk()
    world.leader()
    assert machine.raft.is_ready


def test_the_kind_of_start_is_said(world: "World") -> None:
    founder, joiner = world.cluster(2)
    founder.kill()
    founder.start()

    assert 1 == len(founder.messages("node founded"))
    assert 1 == len(founder.messages("node restored"))
    assert 1 == len(joiner.messages("node blank"))


def test_a_blank_node_without_join_says_what_is_missing(world: "World") -> None:
    blank = world.machine(2, join=1)
    blank.start()
    blank.kill()
    bare = world.machine(2)
    bare.files = blank.files

    bare.start()

    assert bare.stop is not None
    assert "has not joined a cluster yet: say which with -join" in bare.stop.message


def test_join_is_ignored_aloud_when_the_log_knows_the_cluster(world: "World") -> None:
    _, joiner = world.cluster(2)
    joiner.kill()

    joiner.start()

    assert 1 == len(joiner.messages("-join ignored: the log knows the cluster"))
