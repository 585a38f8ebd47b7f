"""A violation, made small."""

from hypothesis import assume, given

from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, StringKey, Verb
from leto_sim.lincheck.witness import find_witness
from tests.support.histories import key_histories
from tests.support.orders import has_order


def write(value: int, invoked: int, returned: int) -> RegisterOperation:
    return RegisterOperation(key=1, command=WriteValue(value), invoked=invoked, returned=returned)


def read(result: int | None, invoked: int, returned: int) -> RegisterOperation:
    return RegisterOperation(
        key=1, command=Read(), invoked=invoked, returned=returned, result=result
    )


def incremented(result: int, invoked: int) -> KeyOperation:
    return KeyOperation(
        key=1, command=KeyCommand(Verb.INCR), invoked=invoked, returned=invoked + 1, result=result
    )


def test_a_stale_read_is_shown_with_both_writes_and_nothing_else() -> None:
    before = [write(value, 10 * value, 10 * value + 1) for value in range(1, 9)]
    reads = [read(value, 10 * value + 3, 10 * value + 4) for value in range(1, 9)]
    old, new, stale = write(100, 200, 201), write(101, 202, 203), read(100, 204, 205)
    after = [write(value, 10 * value, 10 * value + 1) for value in range(30, 40)]

    witness = find_witness([*before, *reads, old, new, stale, *after], Register())

    assert (old, new, stale) == witness.operations
    assert (old, new) == witness.explained
    assert 26 == witness.left_out


def test_what_happened_later_is_left_out_though_it_would_do_too() -> None:
    first = [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]
    second = [write(3, 10, 11), write(4, 12, 13), read(3, 14, 15)]

    witness = find_witness([*first, *second], Register())

    assert tuple(first) == witness.operations


def test_who_had_not_returned_yet_may_never_have() -> None:
    endless = write(2, 0, 100)
    stale = [write(1, 0, 1), write(3, 2, 3), read(1, 4, 5)]

    witness = find_witness([endless, *stale, read(2, 101, 102)], Register())

    assert tuple(stale) == witness.operations


def test_a_count_is_shown_with_all_that_it_counts() -> None:
    counted = [incremented(count, 10 * count) for count in range(1, 4)]
    twice = incremented(3, 40)

    witness = find_witness([*counted, twice], StringKey())

    assert (*counted, twice) == witness.operations


@given(key_histories(most=6))
def test_a_witness_has_no_order_itself(history: list[KeyOperation]) -> None:
    assume(not has_order(history, StringKey()))

    witness = find_witness(history, StringKey())

    assert not has_order(witness.operations, StringKey())
    assert len(history) == len(witness.operations) + witness.left_out
