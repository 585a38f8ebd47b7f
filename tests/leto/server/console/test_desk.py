"""The node's front desk."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.kv import COMMANDS
from leto.raft.actions import Outcome, Refusal, Refused, SnapshotDone, Unknown
from leto.raft.types import EntryId
from leto.resp import OK, ErrorReply, Reply
from leto.server import ReadMode
from leto.server.clients import errors
from leto.server.console.desk import snapshot_reply

if TYPE_CHECKING:
    from tests.leto.server.conftest import World

ORDERS = ["JOIN 127.0.0.1:1 x", "LEAVE x", "SNAPSHOT"]


@pytest.mark.parametrize("command", [*ORDERS, "GET a", "SET a b", "PING"])
def test_a_booting_node_is_loading(world: "World", command: str) -> None:
    machine = world.machine()
    machine.start_with_held_disk()

    assert errors.LOADING == world.client(machine).ask(command)


@pytest.mark.parametrize("command", [*ORDERS, "GET a", "SET a b"])
def test_a_stopping_node_says_so(world: "World", command: str) -> None:
    machine = world.founded()
    client = world.client(machine)
    machine.holds_disk = True
    client.send("SET a b")
    machine.ask_to_stop()

    client.send(command)
    machine.release_disk()

    assert [OK, errors.STOPPING] == client.received()


def test_without_a_leader_leave_names_who_is_missing(world: "World") -> None:
    machines = world.cluster()
    machines[0].kill()
    machines[1].kill()
    world.run(2_000)

    reply = world.client(machines[2]).ask("LEAVE id1")

    assert isinstance(reply, ErrorReply)
    assert "no leader is known, not applied; no link to" in reply.message
    assert "id1" in reply.message


def test_info_role_and_snapshot_are_answered_by_a_follower(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[1])

    assert isinstance(client.ask("INFO"), bytes)
    assert isinstance(client.ask("ROLE"), tuple)
    assert OK == client.ask("SNAPSHOT")


@pytest.mark.parametrize(
    "outcome,reply",
    [
        (SnapshotDone(EntryId(1, 1)), OK),
        (Refused(Refusal.NOTHING_APPLIED), ErrorReply("ERR nothing new to snapshot")),
        (
            Refused(Refusal.SNAPSHOT_PENDING),
            ErrorReply("ERR another snapshot is in progress"),
        ),
        (Unknown(), errors.SNAPSHOT_GOES_ON),
    ],
)
def test_snapshot_outcomes(outcome: Outcome, reply: Reply) -> None:
    assert reply == snapshot_reply(outcome)


def test_role_is_answered_and_leave_carried_out(world: "World") -> None:
    client = world.client(world.cluster()[0])

    role = client.ask("ROLE")

    assert isinstance(role, tuple)
    assert b"master" == role[0]
    assert OK == client.ask("LEAVE id3")


def test_join_reaches_the_leaders_membership(world: "World") -> None:
    reply = world.client(world.founded()).ask("JOIN 127.0.0.1:999 id2")

    assert isinstance(reply, ErrorReply)
    assert "cannot reach 127.0.0.1:999" in reply.message


def test_a_node_that_reads_locally_answers_every_read_from_here(world: "World") -> None:
    machine = world.machine(2, join=1, reads=ReadMode.LOCAL)
    machine.start()

    client = world.client(machine)
    client.send("GET a")

    assert [None] == client.received()


def test_a_command_that_nobody_serves_is_our_mistake(world: "World") -> None:
    machine = world.founded()
    world.client(machine)
    connection = next(iter(machine.node.status.clients._connections.values()))
    command = attrs.evolve(COMMANDS[-1], name="nobodys")

    with pytest.raises(AssertionError, match="nobody serves: nobodys"):
        machine.node._desk.serve(connection, command, (b"NOBODYS",))


def test_what_an_operator_orders_is_done_where_it_can_be(world: "World") -> None:
    machines = world.cluster()
    leader, follower = world.client(machines[0]), world.client(machines[1])

    assert OK == leader.ask("RAFT PRIORITY id3 7")
    assert ErrorReply("not leader 127.0.0.1:1379") == follower.ask("RAFT PRIORITY id3 7")
    assert isinstance(follower.ask("RAFT HELP"), tuple)
    assert isinstance(follower.ask("RAFT RECOVER LOST id9"), ErrorReply)
