"""Whether a machine may be replicated: all that is tried, shrunk."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import strategies as st

from leto.machine import StateMachine
from leto_sim.invariants import Invariant
from leto_sim.machine_check.check import Commands, MachineBroken, check_machine
from tests.support.machines import (
    Adder,
    ForgetsAFlag,
    ForgetsInTheThousands,
    ListsASet,
    ReadsTheClock,
    ThrowsDice,
)

SMALL = [b"1", b"2", b"3"]


def draw(rng: Random) -> bytes:
    return b"%d" % rng.randrange(1, 4)


@pytest.mark.parametrize("commands", [SMALL, draw, st.integers(0, 99).map(lambda n: b"%d" % n)])
def test_an_honest_machine_survives(commands: Commands) -> None:
    report = check_machine(Adder, commands, seeds=range(2), events=600, examples=20)

    assert 2 == report.runs
    assert report.lists >= 20
    assert report.events > 600
    assert report.commits > 5
    assert () == report.skipped


def test_what_could_not_be_tried_is_told() -> None:
    class Local(Adder):
        pass

    report = check_machine(Local, SMALL, seeds=(), examples=1)

    assert ("other hash seeds: Local has no name in a module",) == report.skipped


@pytest.mark.parametrize(
    "machine,commands",
    [(ReadsTheClock, 1), (ThrowsDice, 1), (ListsASet, 2), (ForgetsAFlag, 2)],
)
def test_a_broken_promise_is_shown_with_as_few_commands_as_can_be(
    machine: Callable[[], StateMachine], commands: int
) -> None:
    with pytest.raises(MachineBroken, match=machine.__name__) as broken:
        check_machine(machine, SMALL, seeds=())

    assert broken.value.finding is not None
    assert commands == broken.value.finding.size[0]


def test_a_clock_may_be_allowed() -> None:
    check_machine(ReadsTheClock, SMALL, seeds=(), examples=5, watches_calls=False)


def test_what_shows_itself_only_sometimes_is_told_too() -> None:
    made = iter(range(10**6))

    class OnceInAWhile(Adder):
        def apply(self, command: bytes) -> bytes:
            return super().apply(command) + (b"!" if next(made) == 50 else b"")

    with pytest.raises(MachineBroken, match="another result"):
        check_machine(OnceInAWhile, SMALL, seeds=())


def test_what_only_a_long_run_shows_is_found_in_a_cluster() -> None:
    with pytest.raises(MachineBroken, match="ForgetsInTheThousands, in a cluster") as broken:
        check_machine(ForgetsInTheThousands, SMALL, seeds=range(30), events=5_000, examples=5)

    assert broken.value.result is not None
    assert broken.value.result.violation is not None
    assert f"seeds=[{broken.value.result.seed}], events=5000, level='node')" in str(broken.value)


def test_the_clusters_may_be_of_whole_servers() -> None:
    few = Invariant("few commits", lambda cluster: cluster.commits < 3)

    with pytest.raises(MachineBroken, match="few commits") as broken:
        check_machine(Adder, SMALL, seeds=[1], examples=1, invariants=[few], level="server")

    assert broken.value.result is not None
    assert "server" == broken.value.result.level
    report = check_machine(Adder, SMALL, seeds=[1], events=500, examples=1, level="server")
    assert 1 == report.runs


def test_an_invariant_of_the_cluster_is_checked_too() -> None:
    few = Invariant("few commits", lambda cluster: cluster.commits < 3)

    with pytest.raises(MachineBroken, match="few commits"):
        check_machine(Adder, SMALL, seeds=[1], examples=1, invariants=[few])
