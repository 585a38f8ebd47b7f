"""Clients that repeat themselves notice what is done twice, or not at all."""

from itertools import islice
from random import Random

import attrs
import pytest

from leto.sessions import Reply, Sessions, Verdict, reply_of
from leto_sim import lincheck
from leto_sim.habits import Habits
from leto_sim.lincheck import KeyCommand, KeyDialect, StringKey, Verb, read_history
from leto_sim.node_level.exactly_once import (
    EXACTLY_ONCE_PARTS,
    SESSIONS,
    ExactlyOnceWorkload,
    Tallies,
    tallies_in_sessions,
)
from leto_sim.node_level.run import NodeLevelRun, run_scenario
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.result import PropertyViolated
from leto_sim.workloads import NUMBER_BYTES, Propose, Seen

WORKLOAD = ExactlyOnceWorkload()
KEY = 3


def counted(result: int | None, invoked: int, returned: int | None) -> Seen:
    """A command on `KEY` that came to `result`."""
    answer = None if result is None else b"\0" + KEY.to_bytes(2, "big") + result.to_bytes(8, "big")
    request = Propose(b"\0", KEY, repeats=True, first=invoked)
    return Seen(request=request, number=1, invoked=invoked, returned=returned, result=answer)


def command(machine: Sessions, first: int, number: int) -> Reply:
    request = Propose(b"\0", KEY, repeats=True, first=first)
    return reply_of(machine.apply(WORKLOAD.encode(request, number)[NUMBER_BYTES:]))


def test_tallies_count_up_and_are_restored() -> None:
    tallies, other = Tallies(), Tallies()
    tallies.apply(b"\0\1")
    tallies.apply(b"\0\1")

    other.restore(tallies.snapshot())

    assert tallies.apply(b"\0\1") == other.apply(b"\0\1")


def test_another_attempt_is_another_entry_and_the_same_command() -> None:
    machine = tallies_in_sessions()
    request = Propose(b"\0", KEY, repeats=True, first=7)

    first, second = WORKLOAD.encode(request, 7), WORKLOAD.encode(request, 9)

    assert first != second
    assert command(machine, 7, 7) == command(machine, 7, 9)
    assert SESSIONS == machine.count


def test_another_command_counts_on() -> None:
    machine = tallies_in_sessions()

    assert command(machine, 7, 7) != command(machine, 8, 8)


def test_clients_count_up_in_bursts_and_once_more_in_the_end() -> None:
    habits = Habits(keys=4, burst_max=30)

    drawn = WORKLOAD.draw(Random(1), habits)
    last = WORKLOAD.last_look(habits)

    assert len(drawn) > 1
    assert all(isinstance(request, Propose) and request.repeats for request in drawn)
    assert [0, 1, 2, 3] == [request.key for request in last]


def test_every_step_once_is_right() -> None:
    WORKLOAD.judge([counted(2, 5, 9), counted(1, 0, 7), counted(None, 1, 4), counted(4, 10, None)])


@pytest.mark.parametrize(
    "history, why",
    [
        ([counted(1, 0, 2), counted(1, 3, 4)], "two commands on tally 3 have one result"),
        ([counted(1, 0, 2), counted(3, 3, 4)], "has come to 3 by 2 commands"),
        ([counted(2, 0, 2), counted(1, 3, 4)], "was 2 before it was less"),
    ],
    ids=["lost", "twice", "out of order"],
)
def test_what_cannot_be_seen_is_a_violation(history: list[Seen], why: str) -> None:
    with pytest.raises(PropertyViolated, match=why):
        WORKLOAD.judge(history)


def test_a_session_that_lives_must_not_be_refused() -> None:
    refused = attrs.evolve(counted(1, 0, 2), result=bytes([Verdict.NO_SESSION]))

    with pytest.raises(PropertyViolated, match="told NO_SESSION"):
        WORKLOAD.judge([refused])


def test_clients_repeat_themselves_until_there_is_an_answer() -> None:
    repeated = 0
    scenarios = (draw_scenario(seed, events_max=2_000) for seed in range(1, 60))
    for scenario in islice((one for one in scenarios if one.habits.repeats), 4):
        run = NodeLevelRun(scenario)

        assert run.run().violation is None
        assert all(seen.returned is not None for seen in run.history)
        commands = [(seen.request, seen.number) for seen in run.history]
        repeated += sum(
            isinstance(request, Propose) and request.first != number for request, number in commands
        )

    assert repeated > 0


class Forgetful(Sessions):
    """Forgets what it has done whenever it is restored."""

    def restore(self, content: bytes) -> None:
        super().restore(content)
        frozen = self._table.freeze()
        self._table.restore(frozen.stamp_ms, frozen.registered)
        for session in frozen.sessions:
            numbers = (session.active_ms, session.waiting_from)
            self._table.restore_session(session.session_id, *numbers)


def test_a_session_that_is_not_in_the_snapshot_is_noticed() -> None:
    def forgetful() -> Sessions:
        machine = Forgetful(Tallies())
        machine.restore(tallies_in_sessions().snapshot())
        return machine

    parts = attrs.evolve(EXACTLY_ONCE_PARTS, machine=forgetful)
    found: dict[str, None] = {}
    for seed in range(1, 40):
        scenario = draw_scenario(seed, events_max=2_000)
        habits = attrs.evolve(scenario.habits, repeats=True)
        result = run_scenario(attrs.evolve(scenario, habits=habits), parts)
        if result.violation is not None:
            found[result.violation.property_name] = None
            break

    assert found


def test_a_history_is_written_as_one_of_increments() -> None:
    history = [counted(1, 0, 5), counted(None, 6, 9), counted(2, 7, None)]

    operations = read_history(WORKLOAD.write(history), KeyDialect())

    assert [(0, 5, 1), (6, None, None), (7, None, None)] == [
        (operation.invoked, operation.returned, operation.result) for operation in operations
    ]
    assert {KeyCommand(Verb.INCR)} == {operation.command for operation in operations}


def test_the_history_of_a_run_is_linearizable() -> None:
    run = NodeLevelRun(draw_scenario(5, nodes=3, events_max=1_500), EXACTLY_ONCE_PARTS)
    run.run()

    history = read_history(run.history_lines(), KeyDialect())

    assert history
    assert lincheck.Verdict.LINEARIZABLE is lincheck.check_history(history, StringKey()).verdict
