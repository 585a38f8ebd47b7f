"""What operations on a register mean."""

from leto_sim.lincheck.model import IMPOSSIBLE
from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue


def test_a_register_holds_what_was_written_last() -> None:
    register = Register()
    write = RegisterOperation(key=1, command=WriteValue(5), invoked=0, returned=1)
    read = RegisterOperation(key=1, command=Read(), invoked=0, returned=1, result=5)
    unfinished = RegisterOperation(key=1, command=Read(), invoked=0)

    assert 5 == register.step(register.initial(), write)
    assert 5 == register.step(5, read)
    assert 6 == register.step(6, unfinished)
    assert IMPOSSIBLE is register.step(6, read)


def test_an_unfinished_write_matters_only_if_somebody_saw_it() -> None:
    seen = RegisterOperation(key=1, command=WriteValue(5), invoked=0)
    unseen = RegisterOperation(key=1, command=WriteValue(6), invoked=0)
    unfinished = RegisterOperation(key=1, command=Read(), invoked=0)
    read = RegisterOperation(key=1, command=Read(), invoked=0, returned=1, result=5)

    relevant = Register().relevant([seen, unseen, unfinished, read])

    assert [seen, read] == relevant
