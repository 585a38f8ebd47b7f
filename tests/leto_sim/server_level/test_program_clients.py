"""Clients of a user's machine: the programs in whose processes the servers run."""

from collections.abc import Callable

import pytest

from examples.tickets import BetterOffice
from leto_sim import CommandWorkload, Habits, Propose, Query, Seen
from leto_sim.clock import MS
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.operator import ServerOperator
from leto_sim.server_level.program_clients import ONE_ANSWER, Clientele, ProgramClient
from leto_sim.server_level.scenario import ServerScenario

BUY = Propose(b"buy")
NEXT = Query.of(BetterOffice, lambda office: office.next_seat)
PATIENCE_US = 6_000 * MS


class Stage:
    """Three servers, and a client that asks when it is told to."""

    def __init__(self, nodes: int = 3) -> None:
        parts = Parts(machine=BetterOffice, workload=CommandWorkload(commands=[b"buy"]))
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes), parts)
        self.operator = ServerOperator(self.cluster)
        self.all = Clientele(self.cluster, parts, Habits(patience_us=PATIENCE_US))
        self.client = ProgramClient("p1", self.all)
        self.client.is_stopped = True

    def wait(self, until: Callable[[], object], within_us: int = 60_000 * MS) -> None:
        scheduler = self.cluster.scheduler
        give_up_at = scheduler.now + within_us
        while not until():
            assert scheduler.now < give_up_at, "it does not come"
            scheduler.step()

    def ask(self, *requests: Propose | Query) -> list[Seen]:
        """What the client sees of these, all together."""
        before = len(self.all.history)
        self.client.ask_for(requests)
        self.wait(lambda: self.client.is_idle)
        return self.all.history[before:]


def test_commands_are_carried_out_and_answered() -> None:
    stage = Stage()
    stage.wait(lambda: stage.cluster.is_whole)

    seen = stage.ask(BUY, BUY)

    assert [b"seat 1", b"seat 2"] == [one.result for one in seen]
    assert all(one.returned is not None for one in seen)
    assert stage.all.is_answered
    assert stage.all.has_proposed


def test_a_question_is_answered_by_whoever_knows_everything() -> None:
    stage = Stage()
    stage.wait(lambda: stage.cluster.is_whole)
    stage.ask(BUY)

    answers = [stage.ask(NEXT)[0].result for _ in range(5)]

    assert [2] * 5 == answers


def test_what_a_leader_without_followers_was_asked_for_is_unknown() -> None:
    stage = Stage()
    stage.wait(lambda: stage.cluster.is_whole)
    for machine in stage.cluster.machines[1:]:
        stage.cluster.kill(machine)

    (seen,) = stage.ask(BUY)

    assert (None, None) == (seen.returned, seen.result)
    assert seen.given_up is not None
    assert seen.given_up - seen.invoked < PATIENCE_US
    assert stage.all.is_answered


def test_a_client_goes_on_without_knowing_when_nobody_answers() -> None:
    stage = Stage(nodes=1)
    stage.wait(lambda: stage.cluster.is_whole)
    process = stage.cluster.machines[0].process
    assert process is not None
    stage.client.ask_for([BUY])

    process.pause()
    stage.wait(lambda: stage.client.is_idle)

    (seen,) = stage.all.history
    assert (None, PATIENCE_US) == (seen.returned, (seen.given_up or 0) - seen.invoked)
    assert not stage.all.is_answered
    process.resume()
    stage.wait(lambda: stage.all.is_answered)
    assert [seen] == stage.all.history


def test_what_dies_with_its_process_is_owed_by_nobody() -> None:
    stage = Stage(nodes=1)
    stage.wait(lambda: stage.cluster.is_whole)
    stage.client.ask_for([BUY])
    stage.wait(lambda: not stage.all.is_answered)

    stage.cluster.kill(stage.cluster.machines[0])

    assert stage.all.is_answered
    assert not stage.client.is_idle
    assert [None] == [seen.returned for seen in stage.client.still_open()]


def test_no_request_is_answered_twice() -> None:
    stage = Stage(nodes=1)
    process = stage.cluster.machines[0].process
    assert process is not None
    number = stage.all.asked(process)

    stage.all.answered(number)

    with pytest.raises(PropertyViolated, match=ONE_ANSWER):
        stage.all.answered(number)
