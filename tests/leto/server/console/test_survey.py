"""What may be seen of a node from outside."""

from typing import TYPE_CHECKING

from leto.server import Server, Settings

if TYPE_CHECKING:
    import random

    from tests.leto.server.conftest import World


def test_a_node_that_has_not_started_shows_nothing_yet(rng: "random.Random") -> None:
    status = Server(Settings(name="id1"), rng).status

    assert status.raft is None
    assert status.node_id is None
    assert status.leader_address is None
    assert status.is_loading
    assert 0 == status.uptime_us


def test_a_live_node_shows_its_core_and_its_time(world: "World") -> None:
    machine = world.founded()
    world.run(700)
    world.client(machine).ask("PING")

    status = machine.node.status

    assert status.raft is not None
    assert status.node_id == status.raft.node_id
    assert not status.is_loading
    assert status.uptime_us >= 700_000


def test_every_member_sees_where_clients_find_the_leader(world: "World") -> None:
    leader, follower, _ = world.cluster()

    assert "127.0.0.1:1379" == leader.node.status.leader_address
    assert "127.0.0.1:1379" == follower.node.status.leader_address


def test_nobody_sees_a_leader_where_none_is_known(world: "World") -> None:
    leader, follower, other = world.cluster()

    leader.kill()
    other.kill()
    world.run(5_000)

    assert follower.node.status.leader_address is None
