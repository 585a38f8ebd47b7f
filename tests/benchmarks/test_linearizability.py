"""The histories that are judged, and the judging of few."""

import pytest

from benchmarks.linearizability import Store, draw_register_history, draw_store_history, measure
from leto_sim.lincheck.model import Verdict
from leto_sim.lincheck.register import Register
from leto_sim.lincheck.search import check_history


@pytest.mark.parametrize("is_good", [True, False])
def test_a_history_is_as_large_as_it_is_said_to_be(is_good: bool) -> None:  # noqa: FBT001
    history = draw_store_history(1, is_good=is_good)

    assert (1712, 10) == (len(history), len({operation.key for operation in history}))


@pytest.mark.parametrize(
    "is_good,verdict", [(True, Verdict.LINEARIZABLE), (False, Verdict.ILLEGAL)]
)
def test_a_history_is_of_the_sort_it_is_said_to_be(
    is_good: bool,  # noqa: FBT001
    verdict: Verdict,
) -> None:
    store = draw_store_history(1, is_good=is_good)
    register = draw_register_history(1, is_good=is_good)

    assert verdict is check_history(store, Store()).verdict
    assert verdict is check_history(register, Register()).verdict


def test_what_is_measured_is_right() -> None:
    comparison = measure(seeds=1, detangle_budget=1_000)

    assert [] == comparison.violations
    assert 4 == len(comparison.rows)
    assert comparison.lines()[1].startswith("key-value, linearizable        1712")
