"""Clients that count up in sessions, and repeat what they hear nothing of."""

from random import Random

import attrs
import pytest

from leto.resp import ErrorReply
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import LOST
from leto_sim.server_level.exactly_once import SessionErrands, tally_keys
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import draw_server_scenario

ALONE = Workload(counters=1, tallies=1, pipeline_max=1)
NO_SESSION = ErrorReply("NOSESSION 7 is no session, or no longer")


def new_counter(workload: Workload = ALONE) -> SessionErrands:
    return SessionErrands("a", workload, History(), Promises(), Random(0))


@pytest.fixture
def counter() -> SessionErrands:
    """A client whose session is open."""
    counter = new_counter()
    (registration,) = counter()
    registration.answered(7)
    return counter


def test_a_client_registers_until_it_is_heard() -> None:
    counter = new_counter()
    (first,) = counter()
    assert () == counter()
    first.lost()

    (second,) = counter()

    assert (b"SESSION", b"REGISTER") == first.arguments == second.arguments


def test_a_registration_is_answered_by_a_number() -> None:
    (registration,) = new_counter()()

    with pytest.raises(PropertyViolated, match="SESSION REGISTER is answered b'7'"):
        registration.answered(b"7")


def test_a_command_is_repeated_as_it_was_until_it_is_answered(counter: SessionErrands) -> None:
    (first,) = counter()
    assert [] == counter()
    first.answered(LOST)

    (second,) = counter()
    second.answered(ErrorReply("not leader there"))
    (third,) = counter()

    assert (b"SESSION", b"PERFORM", b"7", b"1", b"1", b"INCR", b"s0") == first.arguments
    assert first.arguments == second.arguments == third.arguments


def test_several_are_in_flight_and_say_from_which_on_answers_are_waited_for() -> None:
    counter = new_counter(attrs.evolve(ALONE, pipeline_max=3))
    (registration,) = counter()
    registration.answered(7)
    first, second, third = counter()
    first.answered(1)
    second.lost()
    third.lost()

    again = [question.arguments[3:5] for question in counter()]

    assert [(b"2", b"2"), (b"3", b"2"), (b"4", b"2")] == again


def test_who_is_over_finishes_what_was_begun(counter: SessionErrands) -> None:
    (first,) = counter()
    counter.is_over = True
    first.lost()
    attempts = 0
    while not counter.is_done:
        (again,) = counter()
        again.answered(1)
        attempts += 1

    assert [] == counter()
    assert attempts


def test_whose_session_has_ended_registers_anew(counter: SessionErrands) -> None:
    (question,) = counter()
    question.answered(NO_SESSION)

    (registration,) = counter()
    registration.answered(8)
    (question,) = counter()

    assert (b"SESSION", b"PERFORM", b"8", b"1", b"1", b"INCR", b"s0") == question.arguments


def test_without_such_clients_there_are_no_tallies() -> None:
    assert [] == tally_keys(Workload())


def test_clients_count_in_sessions_in_a_run_and_repeat_themselves() -> None:
    scenario = draw_server_scenario(2, events_max=2_000)
    workload = attrs.evolve(scenario.workload, counters=2)
    run = ServerLevelRun(attrs.evolve(scenario, workload=workload))

    assert run.run().violation is None

    tallied = [operation for operation in run.history.operations if operation.key == b"s0"]
    assert tallied
