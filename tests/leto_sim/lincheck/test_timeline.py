"""A witness, drawn."""

from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.register import Read, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, Verb
from leto_sim.lincheck.timeline import describe_operation, timeline
from leto_sim.lincheck.witness import Witness


def test_each_operation_has_a_row_with_its_place_in_the_order_and_a_bar() -> None:
    old = RegisterOperation(key=1, command=WriteValue(1), invoked=0, returned=10, client="c1")
    new = RegisterOperation(key=1, command=WriteValue(2), invoked=5, client="c10")
    stale = RegisterOperation(
        key=1, command=Read(), invoked=30, returned=31, result=None, client="c1"
    )
    witness = Witness((old, new, stale), (new, old), left_out=0)

    lines = list(timeline(witness, RegisterDialect()))

    assert [
        "   2  c1   write 1 -> nil  |-----|",
        "   1  c10  write 2 -> ?       |--------->",
        "   -  c1   read -> nil              |--|",
    ] == lines


def test_a_large_witness_is_cut() -> None:
    operation = KeyOperation(
        key="k", command=KeyCommand(Verb.SET, b"x" * 100), invoked=0, returned=1, result=b"OK"
    )
    witness = Witness((operation,) * 50, (), left_out=0)

    *_, last_row, more = timeline(witness, KeyDialect())

    assert "      … and 10 more" == more
    assert len(last_row) <= 80


def test_an_operation_is_told_with_its_key_if_it_has_one() -> None:
    write = RegisterOperation(key=1, command=WriteValue(2), invoked=5)
    read = KeyOperation(key=b"k", command=KeyCommand(Verb.GET), invoked=0, returned=1, result=None)
    keyless = RegisterOperation(key=None, command=Read(), invoked=5, returned=6, result=7)

    assert ("write 1 2", "?") == describe_operation(write, RegisterDialect())
    assert ("GET k", "nil") == describe_operation(read, KeyDialect())
    assert ("read", "7") == describe_operation(keyless, RegisterDialect())
