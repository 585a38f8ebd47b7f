"""What clients ask for, and what they cannot have seen."""

from collections.abc import Sequence
from random import Random

import attrs
import pytest

from leto_sim.habits import Habits
from leto_sim.judging import LINEARIZABILITY
from leto_sim.lincheck.model import IMPOSSIBLE, Impossible, Model, Operation
from leto_sim.registers import Registers, decode_write, encode_write
from leto_sim.result import PropertyViolated
from leto_sim.workloads import (
    CommandWorkload,
    Propose,
    Query,
    RegisterWorkload,
    Seen,
)

WRITE = Propose(b"", 0)
READ = Query(lambda _: None, key=0)


def seen(
    request: Propose | Query, invoked: int, returned: int | None, result: object = None
) -> Seen:
    return Seen(request=request, number=invoked, invoked=invoked, returned=returned, result=result)


def test_readers_of_registers_read_and_writers_write_in_bursts() -> None:
    workload, rng = RegisterWorkload(), Random(1)

    reads = workload.draw(rng, Habits(reads=1.0))
    writes = workload.draw(rng, Habits(reads=0.0, burst_max=30))

    assert [Query] == [type(request) for request in reads]
    assert {Propose} == {type(request) for request in writes}
    assert len(writes) > 1


def test_a_write_is_of_its_own_number() -> None:
    assert (7, 42) == decode_write(RegisterWorkload().encode(Propose(b"", 7), 42))


def test_a_read_asks_for_the_register() -> None:
    machine = Registers()
    machine.apply(encode_write(1, 10))

    requests = RegisterWorkload().last_look(Habits(keys=2))

    assert [None, 10] == [
        request.answer(machine) for request in requests if isinstance(request, Query)
    ]


def test_a_query_is_for_machines_of_its_class() -> None:
    class Others(Registers):
        pass

    query = Query.of(Others, lambda machine: machine.read(1))

    with pytest.raises(AssertionError, match="a Others is asked"):
        query.answer(Registers())


def test_what_a_register_never_held_cannot_be_read() -> None:
    history = [seen(WRITE, 1, 2), seen(READ, 3, 4, result=5)]

    with pytest.raises(PropertyViolated, match="the 2 operations on key 0") as violated:
        RegisterWorkload().judge(history)

    assert LINEARIZABILITY == violated.value.property_name


def test_what_nobody_was_asked_for_is_as_good_as_nothing() -> None:
    RegisterWorkload().judge([attrs.evolve(seen(WRITE, 1, None), number=None), seen(READ, 2, 3)])


def test_equal_commands_differ_by_their_numbers() -> None:
    workload = CommandWorkload(commands=[b"add"])

    one, other = (workload.encode(Propose(b"add"), number) for number in (1, 2))

    assert one != other
    assert b"add" == one[workload.header_bytes :] == other[workload.header_bytes :]


def test_commands_are_chosen_or_drawn() -> None:
    chosen = CommandWorkload(commands=[b"a"])
    drawn = CommandWorkload(commands=lambda rng: b"%d" % rng.randrange(3))

    requests = [
        *chosen.draw(Random(1), Habits(reads=1.0)),
        *drawn.draw(Random(1), Habits(burst_max=50)),
    ]

    commands = [request.command for request in requests if isinstance(request, Propose)]
    assert b"a" == commands[0]
    assert {b"0", b"1", b"2"} == set(commands[1:])


def test_questions_are_asked_in_the_share_of_reads() -> None:
    workload = CommandWorkload(commands=[b"a"], query=lambda _: READ)

    assert (READ,) == workload.draw(Random(1), Habits(reads=1.0))
    assert (Propose(b"a"),) == workload.draw(Random(1), Habits(reads=0.0))
    assert () == workload.last_look(Habits())


class Counting(Model[Propose | Query, object]):
    """Each command returns how many there were."""

    def initial(self) -> int:
        return 0

    def step(
        self, state: object, operation: Operation[Propose | Query, object]
    ) -> int | Impossible:
        assert isinstance(state, int)
        return state + 1 if operation.result in {state + 1, None} else IMPOSSIBLE

    def relevant(
        self, operations: Sequence[Operation[Propose | Query, object]]
    ) -> Sequence[Operation[Propose | Query, object]]:
        return operations


def test_a_history_is_judged_by_the_users_model() -> None:
    command = Propose(b"a")
    history = [seen(command, 1, 2, result=1), seen(command, 3, 4, result=1)]

    CommandWorkload(commands=[b"a"]).judge(history)
    with pytest.raises(PropertyViolated, match=LINEARIZABILITY):
        CommandWorkload(commands=[b"a"], model=Counting()).judge(history)


def test_requests_and_results_are_shown_in_words() -> None:
    user = CommandWorkload(commands=[b"a"])
    named = Query(lambda _: None, question="how many")

    assert ("write 0 7", "ok") == RegisterWorkload().describe(seen(WRITE, 7, 8))
    assert ("read 0", "5") == RegisterWorkload().describe(seen(READ, 7, 8, 5))
    assert ("read 0", "nil") == RegisterWorkload().describe(seen(READ, 7, 8))
    assert ("add 3", "x") == user.describe(seen(Propose(b"add 3"), 7, 8, b"x"))
    assert ("00 ff q", "nil") == user.describe(seen(Propose(b"\x00\xff", "q"), 7, 8))
    assert ("how many", "?") == user.describe(seen(named, 7, None))
    assert ("query 0", "5") == user.describe(seen(READ, 7, 8, 5))


def test_long_commands_are_cut() -> None:
    asked, _ = CommandWorkload(commands=[b"a"]).describe(seen(Propose(b"x" * 100), 7, 8))

    assert 48 == len(asked)
    assert asked.endswith("x…")
