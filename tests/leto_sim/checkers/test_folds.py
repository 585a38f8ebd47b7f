"""What a snapshot holds is what the commands up to it lead to."""

import pytest

from leto.raft.entries import Command, Entry, Noop, Payload
from leto.raft.types import EntryId
from leto_sim.checkers.folds import Folds
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.registers import Registers, encode_write
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, forcing

COMMANDS = [encode_write(key, 7) for key in (1, 2, 3)]


def folded(*commands: bytes) -> bytes:
    machine = Registers()
    for command in commands:
        machine.apply(command)
    return machine.snapshot()


def after_three_commands() -> tuple[Folds, StandingNode]:
    """Each has a header of one byte; between them lies an entry that is no command."""
    first, second, third = (Command(b"h" + command) for command in COMMANDS)
    payloads: tuple[Payload, ...] = (first, Noop(), second, third)
    node = StandingNode()
    node.memory.entries.extend(
        Entry(EntryId(1, index), payload) for index, payload in enumerate(payloads, 1)
    )
    node.platter.log.entries.extend(node.memory.entries)
    node.status.commit_index = len(payloads)
    ledger = Ledger()
    ledger.commit_advanced(node)
    safety = StateMachineSafety(ledger)
    safety.started(node)
    safety.applied(node, node.memory.entries)
    return Folds(safety, Registers, command_at=1), node


def test_the_fold_of_each_prefix_is_right() -> None:
    folds, node = after_three_commands()

    folds.has_content(node, 1, folded(*COMMANDS[:1]))
    folds.has_content(node, 2, folded(*COMMANDS[:1]))
    folds.has_content(node, 4, folded(*COMMANDS))


@pytest.mark.parametrize("content", [folded(*COMMANDS[:2]), folded(*reversed(COMMANDS)), b""])
def test_another_content_is_a_violation(content: bytes) -> None:
    folds, node = after_three_commands()

    with pytest.raises(PropertyViolated, match="id1 as of 4 holds something else"):
        folds.has_content(node, 4, content)


def test_a_content_of_what_nobody_applied_is_a_violation() -> None:
    folds, node = after_three_commands()

    with pytest.raises(PropertyViolated, match="as of 5, where nothing was applied yet"):
        folds.has_content(node, 5, folded(*COMMANDS))


def test_what_is_older_is_not_looked_at_again() -> None:
    folds, node = after_three_commands()
    folds.has_content(node, 4, folded(*COMMANDS))

    folds.has_content(node, 3, b"whatever")


def test_what_is_void_is_no_part_of_the_fold_any_more() -> None:
    folds, node = after_three_commands()
    folds.has_content(node, 4, folded(*COMMANDS))

    folds.forced(forcing(agreed=3))

    folds.has_content(node, 3, folded(*COMMANDS[:2]))


def test_a_fold_of_what_is_agreed_goes_on() -> None:
    folds, node = after_three_commands()
    folds.has_content(node, 3, folded(*COMMANDS[:2]))

    folds.forced(forcing(agreed=3))

    folds.has_content(node, 4, folded(*COMMANDS))
