"""A user's machine in a server, under the checkers' eyes."""

import pytest

from examples.tickets import COMMANDS, BetterOffice
from leto.raft.entries import Command, Entry, Noop
from leto.raft.types import EntryId
from leto.resp import encode_request
from leto.server.program.machine import FORMAT
from leto_sim import CommandWorkload
from leto_sim.checkers.determinism import DETERMINISM, NEVER_RAISES, Determinism
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from leto_sim.server_level.own_machine import (
    APPLIED_IN_ORDER,
    CommandPromises,
    FoldedOwnMachine,
    OwnMachine,
    commands_of,
)
from leto_sim.server_level.promises import Fate
from tests.support.observed import StandingNode

PARTS = Parts(
    machine=BetterOffice,
    workload=CommandWorkload(commands=COMMANDS),
    compares_every_content=True,
)
HEADER = b"\x01" + (77).to_bytes(8, "big")


def numbered(number: int, command: bytes) -> bytes:
    return number.to_bytes(8, "big") + command


def entry(index: int, *commands: bytes) -> Entry:
    data = HEADER + b"".join(encode_request((command,)) for command in commands)
    return Entry(EntryId(1, index), Command(data))


def test_the_machine_sees_commands_without_their_numbers() -> None:
    own = OwnMachine("id1", PARTS)

    results = [own.apply(numbered(n, b"buy")) for n in (1, 2)]

    assert [b"seat 1", b"seat 2"] == results
    assert b"3" == own.snapshot()


def test_it_is_restored() -> None:
    own = OwnMachine("id1", PARTS)

    own.restore(b"7 2")

    assert b"seat 2" == own.apply(numbered(1, b"buy"))


def test_what_commands_come_to_is_compared_between_nodes() -> None:
    determinism, node = Determinism(), StandingNode()
    one, other = OwnMachine("id1", PARTS), OwnMachine("id2", PARTS)
    other.restore(b"5")
    both = entry(3, numbered(1, b"return 1"), numbered(2, b"buy"))
    for own in (one, other):
        for command in commands_of(both):
            own.apply(command)

    one.compare(node, [both], determinism)

    with pytest.raises(PropertyViolated, match=DETERMINISM):
        other.compare(node, [both], determinism)


def test_a_machine_is_given_what_the_log_says() -> None:
    own = OwnMachine("id1", PARTS)
    own.apply(numbered(1, b"buy"))

    with pytest.raises(PropertyViolated, match=APPLIED_IN_ORDER):
        own.compare(StandingNode(), [entry(1, numbered(2, b"buy"))], Determinism())
    with pytest.raises(PropertyViolated, match="was given nothing"):
        own.compare(StandingNode(), [entry(2, numbered(3, b"buy"))], Determinism())


def test_a_machine_that_raises_is_to_blame() -> None:
    own = OwnMachine("id1", PARTS)

    with pytest.raises(PropertyViolated, match=f"{NEVER_RAISES}: restore"):
        own.restore(b"x")


def test_the_fold_takes_whole_entries() -> None:
    fold = FoldedOwnMachine(PARTS)

    fold.apply(HEADER + encode_request((numbered(1, b"buy"),)) * 3)
    fold.apply(HEADER)

    assert FORMAT + b"4" == fold.snapshot()
    with pytest.raises(NotImplementedError):
        fold.restore(b"")


def test_entries_of_the_protocol_hold_no_commands() -> None:
    assert () == commands_of(Entry(EntryId(1, 1), Noop()))


def test_a_command_that_was_refused_must_not_be_applied() -> None:
    promises = CommandPromises()
    for command in (b"one", b"two"):
        promises.asked(command)
    promises.told(b"one", Fate.ACKNOWLEDGED)
    promises.told(b"two", Fate.REFUSED)

    promises.applied([entry(1, b"one")])

    promises.settle()
    assert 77 == promises.sessions.stamp_ms
    with pytest.raises(PropertyViolated, match="was refused, and is applied at 2"):
        promises.applied([entry(2, b"two")])
    with pytest.raises(PropertyViolated, match="nobody asked for"):
        promises.applied([entry(3, b"three")])
