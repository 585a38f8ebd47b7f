"""An operator at work on three nodes, with the clients that operators have."""

import subprocess
from typing import TYPE_CHECKING

import pytest
import redis

from leto.resp import OK
from leto_adapters.processes import NodeProcess, wait_until
from tests.support.real_nodes import start

if TYPE_CHECKING:
    from tests.support.real_nodes import NewNode

Nodes = tuple[NodeProcess, NodeProcess, NodeProcess]


@pytest.fixture
def nodes(new_node: "NewNode") -> Nodes:
    """Three nodes that serve, for a test that spoils them."""
    first = new_node("id1", "-reads", "lease")
    start(first)
    join = f"127.0.0.1:{first.port}"
    second, third = (new_node(name, "-reads=lease", "-join", join) for name in ("id2", "id3"))
    start(second)
    start(third)
    return first, second, third


def test_leadership_roles_and_priorities_are_changed(nodes: Nodes, redis_cli: str) -> None:
    first, second, third = nodes
    assert OK == first.ask("RAFT", "PRIORITY", "id2", "5")
    assert OK == first.ask("RAFT", "LEASE", "500")

    assert OK == first.ask("RAFT", "TRANSFER")  # to the one that is preferred

    assert wait_until(second.is_leading, within_s=5)
    client = redis.Redis(port=second.port)
    assert client.set("a", "b")
    assert b"b" == client.get("a")
    assert OK == second.ask("RAFT", "ROLE", "id3", "LEARNER")
    assert b"b" == third.ask("GET", "a")
    asked = (redis_cli, "-p", str(second.port), "RAFT", "TRANSFER", "id3")
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert "ERR 'id3' cannot lead: it is no voter" in told.stdout
    assert OK == second.ask("RAFT", "ROLE", "id3", "VOTER")
    assert wait_until(third.is_ready, within_s=10)


def test_a_member_is_given_another_address(nodes: Nodes, new_node: "NewNode") -> None:
    first, _, third = nodes
    assert 0 == third.stop()
    raftdir = third.flags[third.flags.index("-raftdir") + 1]
    moved = new_node("id3", raftdir=raftdir)
    moved.start()
    (peer_address,) = (flag[10:] for flag in moved.flags if flag.startswith("-raftbind="))

    assert wait_until(lambda: first.ask("JOIN", peer_address, "id3") == OK, within_s=20)

    assert f"address={peer_address},role=voter" in str(first.ask("INFO", "raft"))
    assert wait_until(moved.is_ready, within_s=10)
    assert OK == first.ask("SET", "a", "c")


def test_a_leader_that_is_stopped_leaves_no_gap(nodes: Nodes) -> None:
    first, second, third = nodes
    assert OK == first.ask("SET", "a", "b")

    assert 0 == first.stop()

    assert wait_until(lambda: second.is_leading() or third.is_leading(), within_s=5)
