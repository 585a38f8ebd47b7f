"""`leto_sim.lincheck.zones` against the search of `leto_sim.lincheck.search`, and one case a rule."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto_sim.lincheck.model import Verdict
from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue
from leto_sim.lincheck.search import check_history


class SearchedRegister(Register):
    """A register that knows no quicker way."""

    def decide(self, operations: Sequence[RegisterOperation]) -> Verdict | None:
        return None


def write(value: int, invoked: int, returned: int | None) -> RegisterOperation:
    return RegisterOperation(key="k", command=WriteValue(value), invoked=invoked, returned=returned)


def read(result: int | None, invoked: int, returned: int) -> RegisterOperation:
    return RegisterOperation(
        key="k", command=Read(), invoked=invoked, returned=returned, result=result
    )


@st.composite
def histories(draw: st.DrawFn) -> list[RegisterOperation]:
    times = st.integers(0, 12)
    operations: list[RegisterOperation] = []
    for value in range(draw(st.integers(0, 4))):
        invoked = draw(times)
        lasting = draw(st.one_of(st.none(), st.integers(0, 6)))
        operations.append(write(value, invoked, None if lasting is None else invoked + lasting))
    for _ in range(draw(st.integers(0, 5))):
        invoked = draw(times)
        seen = draw(st.one_of(st.none(), st.integers(0, 4)))
        operations.append(read(seen, invoked, invoked + draw(st.integers(0, 6))))
    return operations


@given(histories())
def test_the_quick_decision_is_that_of_the_search(history: list[RegisterOperation]) -> None:
    searched = check_history(history, SearchedRegister())

    decided = check_history(history, Register())

    assert searched.verdict is decided.verdict


@pytest.mark.parametrize(
    "verdict,history",
    [
        (Verdict.LINEARIZABLE, []),
        (Verdict.LINEARIZABLE, [write(1, 0, 1), read(1, 2, 3)]),
        (Verdict.LINEARIZABLE, [write(1, 0, None), read(1, 2, 3)]),
        (Verdict.LINEARIZABLE, [read(None, 0, 1), write(1, 2, 3)]),
        (Verdict.LINEARIZABLE, [write(1, 0, 2), write(2, 1, 3), read(1, 4, 5)]),
        # Rule 1: a value from nowhere, and one from the future.
        (Verdict.ILLEGAL, [read(7, 0, 1)]),
        (Verdict.ILLEGAL, [read(1, 0, 1), write(1, 2, 3)]),
        # Rule 2: both values must be held at once.
        (Verdict.ILLEGAL, [write(1, 0, 1), write(2, 0, 1), read(1, 4, 5), read(2, 4, 5)]),
        # Rule 2, of the value before any write: a read too stale.
        (Verdict.ILLEGAL, [write(1, 0, 1), read(None, 2, 3)]),
        # Rule 3: another value was written while one was held.
        (Verdict.ILLEGAL, [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]),
    ],
)
def test_each_rule_decides(verdict: Verdict, history: list[RegisterOperation]) -> None:
    finding = check_history(history, Register())

    assert verdict is finding.verdict
