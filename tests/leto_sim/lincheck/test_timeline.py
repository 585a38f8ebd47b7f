"""A witness, drawn."""

from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.register import Read, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, Verb
from leto_sim.lincheck.timeline import timeline
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
