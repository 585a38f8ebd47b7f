"""The same commands, tried in every way on machines of one kind."""

from collections.abc import Callable

import pytest

from leto.machine import StateMachine
from leto_sim.machine_check.findings import (
    DETERMINISTIC,
    PURE,
    RESTORED,
    WELL_BEHAVED,
    Finding,
)
from leto_sim.machine_check.trial import Broken, Passage, Trial
from tests.support.machines import (
    Adder,
    AddsTheSnapshot,
    CountsSnapshots,
    ForgetsAFlag,
    RaisesOnThree,
    ReadsTheClock,
    RestoresBadly,
    ReturnsAnArray,
    ReturnsNothing,
    ThrowsDice,
)

COMMANDS = (b"1", b"3", b"2")


def finding(machine: Callable[[], StateMachine], *, watches_calls: bool = True) -> Finding:
    with pytest.raises(Broken) as broken:
        Trial(machine, COMMANDS, watches_calls=watches_calls).run()
    return broken.value.finding


def test_an_honest_machine_passes() -> None:
    passage = Trial(Adder, COMMANDS).run()

    assert Passage((b"1", b"4", b"6"), (b"0", b"1", b"4", b"6")) == passage


@pytest.mark.parametrize(
    "machine,rule,what,commands",
    [
        (ReadsTheClock, PURE, "apply() calls time.time (machines.py:", 1),
        (ThrowsDice, PURE, "apply() calls the module random (random.py:", 1),
        (CountsSnapshots, DETERMINISTIC, "two snapshots at the same place differ", 1),
        (ReturnsAnArray, WELL_BEHAVED, "snapshot() returns a bytearray, not bytes", 0),
        (ReturnsNothing, WELL_BEHAVED, "apply() returns a NoneType, not bytes", 1),
        (RaisesOnThree, WELL_BEHAVED, "apply() raises KeyError: b'3'", 2),
        (ForgetsAFlag, RESTORED, "command 3 returns another result", 3),
        (RestoresBadly, RESTORED, "the content of a new machine is not what it was", 0),
    ],
)
def test_a_broken_promise_is_found(
    machine: Callable[[], StateMachine], rule: str, what: str, commands: int
) -> None:
    found = finding(machine)

    assert rule == found.rule
    assert found.what.startswith(what)
    assert COMMANDS[:commands] == found.commands


def test_both_sides_are_told() -> None:
    found = finding(ForgetsAFlag)

    assert (("the machine", b"stopped"), ("a new machine, restored", b"3")) == found.sides
    assert 2 == found.restored_after


def test_a_used_machine_must_forget_what_it_held() -> None:
    found = finding(AddsTheSnapshot)

    assert RESTORED == found.rule
    assert "the content of a used machine is not what it was restored from" == found.what
    assert (0, COMMANDS) == (found.restored_after, found.used_by)


def test_dice_show_themselves_even_if_nobody_watches_calls() -> None:
    made = iter(range(10**6))

    class Differs(Adder):
        def apply(self, command: bytes) -> bytes:
            return super().apply(command) + b" %d" % next(made)

    found = finding(Differs, watches_calls=False)

    assert DETERMINISTIC == found.rule
    assert "command 1 returns another result" == found.what


def test_another_content_is_found_where_results_agree() -> None:
    made = iter(range(10**6))

    class Differs(Adder):
        def __init__(self) -> None:
            super().__init__()
            self.number = next(made)

        def snapshot(self) -> bytes:
            return b"%d of %d" % (self.total, self.number if self.total else 0)

    found = finding(Differs)

    assert DETERMINISTIC == found.rule
    assert "command 1 leads to another content" == found.what
