"""RAFT: what an operator may change of a cluster."""

from typing import TYPE_CHECKING

import pytest

from leto.raft.actions import (
    Committed,
    Outcome,
    Refusal,
    Refused,
    Transferred,
    Unknown,
)
from leto.raft.configuration import MemberRole
from leto.raft.types import EntryId, NodeId
from leto.resp import OK, ErrorReply, Reply, Simple
from leto.server import ReadMode
from leto.server.clients import errors
from leto.server.console import administration

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World

_SUBCOMMANDS = ("TRANSFER", "PRIORITY", "ROLE", "LEASE", "RECOVER", "HELP")


def test_help_names_every_subcommand(world: "World") -> None:
    reply = world.client(world.founded()).ask("RAFT HELP")

    assert isinstance(reply, tuple)
    lines = [line.text for line in reply if isinstance(line, Simple)]
    assert len(lines) == len(reply)
    assert all(any(line.startswith(name) for line in lines) for name in _SUBCOMMANDS)


@pytest.mark.parametrize(
    "command, error",
    [
        ("RAFT", "ERR wrong number of arguments for 'raft' command"),
        ("RAFT DANCE", "ERR unknown subcommand 'DANCE'. Try RAFT HELP."),
        ("RAFT HELP me", "ERR wrong number of arguments for 'raft|help' command"),
        ("RAFT transfer a b", "ERR wrong number of arguments for 'raft|transfer' command"),
        ("RAFT PRIORITY id1", "ERR wrong number of arguments for 'raft|priority' command"),
        ("RAFT PRIORITY id1 high", "ERR a priority is a number from 0 to 100"),
        ("RAFT PRIORITY id1 101", "ERR a priority is a number from 0 to 100"),
        ("RAFT PRIORITY id9 1", "ERR no such member 'id9'"),
        ("RAFT ROLE id1 KING", "ERR a role is VOTER or LEARNER, not 'KING'"),
        ("RAFT ROLE id9 VOTER", "ERR no such member 'id9'"),
        ("RAFT LEASE -1", "ERR a lease is a number of milliseconds, 0 for none"),
        ("RAFT LEASE 60001", "ERR a lease lasts from 0 to 60 seconds; nothing was changed"),
        ("RAFT TRANSFER id9", "ERR no such member 'id9'"),
        ("RAFT TRANSFER", "ERR no other member can lead; nothing was changed"),
        (
            "RAFT RECOVER id2",
            "ERR name the members that are lost for good: RAFT RECOVER LOST name",
        ),
        (
            "RAFT RECOVER LOST",
            "ERR name the members that are lost for good: RAFT RECOVER LOST name",
        ),
        ("RAFT RECOVER LOST id9", "ERR no such member 'id9'; nothing was changed"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(world: "World", command: str, error: str) -> None:
    assert ErrorReply(error) == world.client(world.founded()).ask(command)


def leader_of(world: "World", machines: "list[Machine]") -> str:
    return world.leader(machines).name


def test_leadership_goes_to_whom_it_is_given(world: "World") -> None:
    machines = world.cluster()

    assert OK == world.client(machines[0]).ask("RAFT TRANSFER id3")

    world.run(200)
    assert "id3" == leader_of(world, machines)
    assert ErrorReply("not leader 127.0.0.1:3379") == world.client(machines[0]).ask(
        "RAFT TRANSFER id1"
    )
    assert OK == world.client(machines[2]).ask("RAFT TRANSFER id3")
    assert OK == world.client(machines[2]).ask("RAFT TRANSFER")
    world.run(200)
    assert "id3" != leader_of(world, machines)


def test_a_member_of_priority_0_is_given_no_leadership(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    assert OK == client.ask("RAFT PRIORITY id3 0")

    assert 0 == machines[0].members["id3"].priority
    assert ErrorReply(
        "ERR 'id3' cannot lead: it is no voter, has priority 0, or lacks too much"
    ) == client.ask("RAFT TRANSFER id3")


def role_of(machine: "Machine", name: str) -> MemberRole:
    member = machine.raft.committed_configuration.named(name)
    assert member is not None
    return member.role


def test_a_voter_becomes_a_learner_and_a_voter_again(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    assert OK == client.ask("RAFT ROLE id3 learner")

    assert MemberRole.LEARNER is role_of(machines[0], "id3")
    assert OK == client.ask("RAFT ROLE id3 voter")
    world.run_until(lambda: role_of(machines[0], "id3") is MemberRole.VOTER)
    assert OK == client.ask("RAFT ROLE id3 voter")
    assert MemberRole.VOTER is role_of(machines[0], "id3")


def test_changes_that_come_together_are_made_one_after_the_other(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    client.send("RAFT PRIORITY id1 3", "RAFT PRIORITY id2 2", "RAFT LEASE 500", "RAFT LEASE 250")
    world.run(1_000)

    assert [OK, OK, OK, OK] == client.received()
    assert (3, 2) == tuple(machines[0].members[name].priority for name in ("id1", "id2"))
    assert machines[0].raft.configuration.lease_us in {250_000, 500_000}


@pytest.mark.parametrize("command", ["RAFT PRIORITY id1 3", "RAFT LEASE 100"])
def test_a_change_that_no_quorum_hears_of_may_still_be_made(world: "World", command: str) -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    for follower in machines[1:]:
        follower.is_frozen = True

    assert errors.CHANGE_UNKNOWN == client.ask(command)


def test_a_lease_lets_the_leader_answer_alone(world: "World") -> None:
    machines = world.cluster(reads=ReadMode.LEASE)
    client = world.client(machines[0])
    assert OK == client.ask("RAFT LEASE 150")
    assert OK == client.ask("SET a b")
    world.run(100)
    for follower in machines[1:]:
        follower.is_frozen = True

    client.send("GET a")

    assert [b"b"] == client.received()
    info = client.ask("INFO raft")
    assert isinstance(info, bytes)
    assert b"lease_ms:150\r\nreads:lease\r\n" in info


def test_without_a_lease_a_quorum_is_asked(world: "World") -> None:
    machines = world.cluster(reads=ReadMode.LEASE)
    client = world.client(machines[0])
    assert OK == client.ask("SET a b")
    for follower in machines[1:]:
        follower.is_frozen = True

    client.send("GET a")

    assert [] == client.received()


def test_while_a_quorum_lives_nobody_is_given_up(world: "World") -> None:
    machines = world.cluster()

    reply = world.client(machines[1]).ask("RAFT RECOVER LOST id3")

    assert isinstance(reply, ErrorReply)
    assert reply.message.startswith("ERR a quorum seems to be alive")


def test_a_survivor_goes_on_alone_when_it_is_told_to(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("SET a b")
    world.run(100)
    machines[0].kill()
    machines[1].kill()
    world.run(2_000)
    client = world.client(machines[2])
    lost_itself = client.ask("RAFT RECOVER LOST id3")

    assert OK == client.ask("RAFT RECOVER LOST id1 id2")

    assert b"b" == client.ask("GET a")
    assert OK == client.ask("SET a c")
    assert isinstance(lost_itself, ErrorReply)
    assert lost_itself.message.startswith("ERR this node is itself among the lost")
    assert machines[2].raft.configuration.is_forced
    told = machines[2].messages("RECOVERY: members are said to be lost for good")
    assert {"lost": "id1,id2"} == told[-1]


def test_a_survivor_that_was_being_removed_goes_on_too(world: "World") -> None:
    """Its own removal is in its log, and was never committed."""
    machines = world.cluster()
    survivor = machines[2]
    assert OK == world.client(machines[0]).ask("SET a b")
    machines[1].holds_disk = True
    world.client(machines[0]).send("LEAVE id3")
    world.run_until(lambda: survivor.raft.configuration.named("id3") is None)
    assert survivor.raft.commit_index < survivor.raft.configuration_index
    machines[0].kill()
    machines[1].kill()
    world.run(2_000)

    assert OK == world.client(survivor).ask("RAFT RECOVER LOST id1 id2")

    assert b"b" == world.client(survivor).ask("GET a")
    assert {"id3"} == survivor.members.keys()


def test_who_left_long_ago_is_no_survivor_that_somebody_waits_for(world: "World") -> None:
    """After a restart its removal, the latest change, is not known to be committed."""
    machines = world.cluster(4)
    assert OK == world.client(machines[0]).ask("LEAVE id4")
    world.run(500)
    for machine in machines[:3]:
        machine.kill()
    survivor = machines[2]
    survivor.start()
    world.run(2_000)
    assert "id4" in {member.name for member in survivor.raft.possible_members.values()}

    assert OK == world.client(survivor).ask("RAFT RECOVER LOST id1 id2")

    assert {"id3"} == survivor.members.keys()


@pytest.mark.parametrize(
    "outcome, reply",
    [
        (Transferred(NodeId(2)), OK),
        (
            Refused(Refusal.TIMED_OUT),
            ErrorReply("ERR the member did not take over in time; nothing was changed"),
        ),
        (
            Refused(Refusal.TRANSFER_PENDING),
            ErrorReply("ERR leadership is being transferred; nothing was changed"),
        ),
        (Unknown(), errors.CHANGE_UNKNOWN),
    ],
)
def test_transfer_outcomes(outcome: Outcome, reply: Reply) -> None:
    assert reply == administration._transfer_reply(outcome, "id2")


@pytest.mark.parametrize(
    "outcome, begins",
    [
        (Committed(EntryId(1, 1)), None),
        (Refused(Refusal.FAILED), "ERR this node's disk has failed; nothing was changed"),
        (Refused(Refusal.SURVIVOR_SILENT), "ERR a survivor has not voted for this node: it may"),
        (Unknown(), "UNKNOWN the survivors have not agreed yet"),
    ],
)
def test_recovery_outcomes(outcome: Outcome, begins: str | None) -> None:
    reply = administration._recover_reply(outcome)

    if begins is None:
        assert OK == reply
    else:
        assert isinstance(reply, ErrorReply)
        assert reply.message.startswith(begins)
