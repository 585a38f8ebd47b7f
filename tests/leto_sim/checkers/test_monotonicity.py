"""Terms, commit and applied indexes only grow."""

import pytest

from leto.raft.entries import HardState
from leto_sim.checkers.monotonicity import Monotonicity
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, StandingStatus


def checker_that_saw(status: StandingStatus) -> tuple[Monotonicity, StandingNode]:
    checker, node = Monotonicity(), StandingNode(status=status)
    checker.started(node)
    return checker, node


def test_growing_is_welcome() -> None:
    checker, node = checker_that_saw(StandingStatus())
    node.status = StandingStatus(current_term=2, commit_index=5, last_applied=4)

    checker.handled(node)


@pytest.mark.parametrize(
    "status,complaint",
    [
        (StandingStatus(current_term=1, commit_index=5, last_applied=4), "the term goes back"),
        (StandingStatus(current_term=2, commit_index=4, last_applied=4), "commit goes back"),
        (StandingStatus(current_term=2, commit_index=5, last_applied=3), "applied goes back"),
        (StandingStatus(current_term=2, commit_index=5, last_applied=6), "6 is applied, 5 comm"),
    ],
)
def test_going_back_is_a_violation(status: StandingStatus, complaint: str) -> None:
    checker, node = checker_that_saw(StandingStatus(current_term=2, commit_index=5, last_applied=4))
    node.status = status

    with pytest.raises(PropertyViolated, match=complaint):
        checker.handled(node)


def test_a_new_life_counts_anew() -> None:
    checker, node = checker_that_saw(StandingStatus(current_term=2, commit_index=5, last_applied=4))
    node.status = StandingStatus(current_term=2)

    checker.started(node)


def test_a_new_life_that_forgets_the_term_on_its_disk_is_a_violation() -> None:
    checker, node = Monotonicity(), StandingNode()
    node.platter.hard_state = HardState(3)

    with pytest.raises(PropertyViolated, match="the term goes back: 0 < 3"):
        checker.started(node)
