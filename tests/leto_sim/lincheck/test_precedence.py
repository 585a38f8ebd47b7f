"""What follows without a search."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given

from leto_sim.lincheck.model import UNCERTAIN, CommandT, Model, Operation, ResultT
from leto_sim.lincheck.precedence import predecessors
from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, StringKey, Verb
from tests.support.histories import key_histories, register_histories
from tests.support.orders import orders


def write(value: int, invoked: int, returned: int | None) -> RegisterOperation:
    return RegisterOperation(key=1, command=WriteValue(value), invoked=invoked, returned=returned)


def read(result: int | None, invoked: int, returned: int) -> RegisterOperation:
    return RegisterOperation(
        key=1, command=Read(), invoked=invoked, returned=returned, result=result
    )


def test_who_returned_earlier_comes_earlier() -> None:
    history = [write(1, 0, 1), write(2, 2, 3), write(3, 4, 5)]

    assert [0b000, 0b001, 0b011] == predecessors(Register(), history)


def test_rule_1_what_was_found_was_left_before() -> None:
    history = [write(1, 0, None), read(1, 0, 9)]

    assert [0b00, 0b01] == predecessors(Register(), history)


def test_rule_2_what_comes_before_the_reader_comes_before_the_writer() -> None:
    history = [write(1, 0, 9), write(2, 0, 1), read(1, 2, 9)]

    assert [0b010, 0b000, 0b011] == predecessors(Register(), history)


def test_rule_3_what_comes_after_the_writer_comes_after_the_reader() -> None:
    history = [write(1, 0, 1), write(2, 2, 9), read(1, 2, 9)]

    assert [0b000, 0b101, 0b001] == predecessors(Register(), history)


def test_nothing_comes_before_who_found_the_beginning() -> None:
    history = [write(1, 0, 9), read(None, 0, 9)]

    assert [0b10, 0b00] == predecessors(Register(), history)


def test_a_circle_is_no_order() -> None:
    history = [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]

    assert predecessors(Register(), history) is None


def test_what_was_appended_shows_everything_before_it() -> None:
    def append(argument: bytes) -> KeyOperation:
        return KeyOperation(key=1, command=KeyCommand(Verb.APPEND, argument), invoked=0)

    seen = KeyOperation(key=1, command=KeyCommand(Verb.GET), invoked=1, returned=2, result=b"abc")
    history = [append(b"c"), append(b"b"), append(b"a"), seen]

    assert [0b0110, 0b0100, 0b0000, 0b0111] == predecessors(StringKey(), history)


def assert_every_order_obeys(
    model: Model[CommandT, ResultT], history: Sequence[Operation[CommandT, ResultT]]
) -> None:
    required = predecessors(model, history)
    for order in orders(history, model):
        assert required is not None
        placed = 0
        for number in order:
            assert 0 == required[number] & ~placed
            placed |= 1 << number


@given(key_histories(most=4))
def test_every_order_of_commands_obeys(history: list[KeyOperation]) -> None:
    assert_every_order_obeys(StringKey(), history)


@given(register_histories(most=4))
def test_every_order_of_a_register_obeys(history: list[RegisterOperation]) -> None:
    assert_every_order_obeys(Register(), history)


def assert_left_is_found(
    model: Model[CommandT, ResultT], history: Sequence[Operation[CommandT, ResultT]]
) -> None:
    for reader, earlier in product(history, repeat=2):
        found = None if reader.returned is None else model.found(reader)
        states, left = None if found is None else found.states(), model.left(earlier)
        if found is not None and states is not None and left is not UNCERTAIN:
            assert found.may_be_left_by(earlier) == (left in states)


@given(key_histories(most=6))
def test_what_a_command_leaves_is_what_may_be_found(history: list[KeyOperation]) -> None:
    assert_left_is_found(StringKey(), history)


@given(register_histories(most=6))
def test_what_a_register_holds_is_what_may_be_found(history: list[RegisterOperation]) -> None:
    assert_left_is_found(Register(), history)
