"""Histories that have no order, and the part of them that shows it."""

import pytest

from leto_sim.judging import LINEARIZABILITY, check_order
from leto_sim.lincheck.dialects import RegisterDialect
from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue
from leto_sim.result import PropertyViolated


def write(value: int, invoked: int) -> RegisterOperation:
    command = WriteValue(value)
    return RegisterOperation(
        key=1, command=command, invoked=invoked, returned=invoked + 5, client="c1"
    )


def read(value: int, invoked: int) -> RegisterOperation:
    return RegisterOperation(
        key=1, command=Read(), invoked=invoked, returned=invoked + 5, result=value, client="c2"
    )


def test_an_order_that_exists_is_fine() -> None:
    check_order([], Register(), RegisterDialect())
    check_order([write(1, 0), read(1, 10)], Register(), RegisterDialect())


def test_what_has_no_order_is_a_violation_with_the_few_operations_that_show_it() -> None:
    history = [write(value, 10 * value) for value in range(1, 20)]

    with pytest.raises(PropertyViolated) as caught:
        check_order([*history, read(3, 300)], Register(), RegisterDialect())

    violated = caught.value
    title, *rows = violated.evidence().lines
    shown = violated.evidence().operations
    assert LINEARIZABILITY == violated.property_name
    assert "the 20 operations on key 1 have no order" == violated.explanation
    assert title.startswith(f"{len(shown)} of them show it")
    assert len(shown) == len(rows) < 5
    assert ("c2", 300, "read 1") in shown
    assert rows[-1].lstrip().startswith("-  c2  read -> 3")
