"""A quorum is lost for good, disks and all, and an operator goes on without it."""

import shutil
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

import redis

from leto.resp import OK, ErrorReply
from leto_adapters.processes import NodeProcess, wait_until
from tests.support.real_nodes import start

if TYPE_CHECKING:
    from tests.support.real_nodes import NewNode


def cluster_of(new_node: "NewNode", count: int) -> list[NodeProcess]:
    first = new_node("id1")
    start(first)
    others = [
        new_node(f"id{number}", "-join", f"127.0.0.1:{first.port}")
        for number in range(2, count + 1)
    ]
    for node in others:
        start(node)
    return [first, *others]


def destroy(nodes: Sequence[NodeProcess]) -> None:
    """The machines burn down."""
    for node in nodes:
        node.kill()
        shutil.rmtree(node.flags[node.flags.index("-raftdir") + 1])


def is_recovered(survivor: NodeProcess, *lost: str) -> bool:
    return survivor.ask("RAFT", "RECOVER", "LOST", *lost) == OK


def test_one_of_three_goes_on_and_is_joined_by_another(new_node: "NewNode", redis_cli: str) -> None:
    *lost, survivor = cluster_of(new_node, 3)
    assert OK == lost[0].ask("SET", "a", "b")
    assert wait_until(lambda: survivor.ask("GET", "a") == b"b", within_s=5)
    early = survivor.ask("RAFT", "RECOVER", "LOST", "id1", "id2")
    destroy(lost)
    soon = survivor.ask("RAFT", "RECOVER", "LOST", "id1", "id2")
    unknown = survivor.ask("RAFT", "RECOVER", "LOST", "id1", "id7")

    assert wait_until(lambda: is_recovered(survivor, "id1", "id2"), within_s=20), (
        survivor.log.read_text()
    )

    for refusal in (early, soon):
        assert isinstance(refusal, ErrorReply)
        assert refusal.message.startswith("ERR a quorum seems to be alive")
    assert ErrorReply("ERR no such member 'id7'; nothing was changed") == unknown
    client = redis.Redis(port=survivor.port)
    assert b"b" == client.get("a")
    assert client.set("a", "c")
    asked = (redis_cli, "-p", str(survivor.port), "INFO", "raft")
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "configuration_is_forced:1" in told
    log = survivor.log.read_text()
    assert "RECOVERY: members are said to be lost for good" in log
    assert "RECOVERY: the survivors go on" in log
    new = new_node("id1", "-join", f"127.0.0.1:{survivor.port}")
    start(new)
    assert OK == survivor.ask("SET", "a", "d")
    assert wait_until(lambda: new.ask("GET", "a") == b"d", within_s=5)


def test_two_of_five_go_on_and_neither_is_forgotten(new_node: "NewNode") -> None:
    *lost, one, other = cluster_of(new_node, 5)
    assert OK == lost[0].ask("SET", "a", "b")
    assert wait_until(lambda: other.ask("GET", "a") == b"b", within_s=5)
    destroy(lost)

    assert wait_until(lambda: is_recovered(one, "id1", "id2", "id3"), within_s=30), (
        one.log.read_text() + other.log.read_text()
    )

    assert OK == one.ask("SET", "a", "c")
    assert wait_until(lambda: other.ask("GET", "a") == b"c", within_s=5)
    assert "RECOVERY: the configuration was forced" in other.log.read_text()
    alive = other.ask("RAFT", "RECOVER", "LOST", "id4")
    assert isinstance(alive, ErrorReply)
    assert alive.message.startswith("ERR a quorum seems to be alive")
