"""Clients of a user's machine: the programs in whose processes the servers run.

Responsible for when one asks, which node, and how often again; what it asks for is its
workload's. Whoever embeds a server calls it (`leto.server.program`): so does a client here, in
the process of the node it has chosen, and what dies with that process is never answered.

Invariants:
    1. No request is answered twice.
    2. A request to a process that lives on is answered some time.
"""

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Final

import attrs

from leto.raft.actions import Readable
from leto.raft.events import ReadPolicy
from leto.raft.types import Micros
from leto.server import ReadMode
from leto.server.program import NotDone, NotLeader, Unknown
from leto.server.world import ClockTicked
from leto_sim.habits import Habits
from leto_sim.parts import Parts
from leto_sim.randomness import stream
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.process import Process
from leto_sim.server_level.promises import Fate
from leto_sim.workloads import Query, Request, Seen

ONE_ANSWER: Final = "exactly one answer to each request of a program"


@attrs.define(eq=False)
class _Attempt:
    """A request under way."""

    request: Request
    invoked: Micros
    number: int | None = None  # of the latest attempt
    is_settled: bool = False


class Clientele:
    """All clients of a run: what they have seen, and who still owes them an answer."""

    def __init__(self, cluster: ServerCluster, parts: Parts, habits: Habits) -> None:
        self.history: list[Seen] = []
        self.cluster = cluster
        self.workload = parts.workload
        self.habits = habits
        self.policies = [ReadPolicy.INDEX]
        if cluster.scenario.reads is ReadMode.LEASE:
            self.policies.append(ReadPolicy.LEASE)
        self.has_proposed = False
        self._numbers = count(1)
        self._owed: dict[int, Process] = {}  # by number: who has not answered yet

    @property
    def is_answered(self) -> bool:
        """Whether no process that lives owes an answer."""
        self._owed = {n: process for n, process in self._owed.items() if not process.has_ended}
        return not self._owed

    def asked(self, process: Process) -> int:
        """Somebody asks that process; the request's number."""
        number = next(self._numbers)
        self._owed[number] = process
        return number

    def answered(self, number: int) -> None:
        """That process has answered."""
        if self._owed.pop(number, None) is None:
            raise PropertyViolated(ONE_ANSWER, f"request {number} is answered twice")


class ProgramClient:
    """One client. It does one thing at a time, or a burst of commands at once."""

    def __init__(self, name: str, clientele: Clientele) -> None:
        self.is_stopped = False
        self.name = name
        self._all = clientele
        self._scheduler = clientele.cluster.scheduler
        self._habits = clientele.habits
        self._rng = stream(clientele.cluster.scenario.seed, "program", name)
        self._leader: str | None = None  # the address of whom it takes for the leader
        self._under_way: list[_Attempt] = []

    @property
    def is_idle(self) -> bool:
        """Whether it waits for nothing."""
        return all(attempt.is_settled for attempt in self._under_way)

    def still_open(self) -> Sequence[Seen]:
        """What it still waits for, if the run ended now."""
        return [self._seen(attempt, None) for attempt in self._under_way if not attempt.is_settled]

    def think(self) -> None:
        """Ask for something in a while."""
        self._scheduler.after(self._pause_us(), self._act)

    def ask_for(self, requests: Sequence[Request]) -> None:
        """Ask for these, now."""
        attempts = [_Attempt(request, self._scheduler.now) for request in requests]
        self._under_way = attempts
        self._scheduler.after(self._habits.patience_us, self._lose_patience, attempts)
        self._try(attempts)

    def _act(self) -> None:
        if self.is_stopped:
            return
        if requests := self._all.workload.draw(self._rng, self._habits):
            self.ask_for(requests)
        else:
            self.think()

    def _try(self, attempts: Sequence[_Attempt]) -> None:
        """Ask somebody, again or for the first time, for what is not settled."""
        attempts = [attempt for attempt in attempts if not attempt.is_settled]
        machine = self._choose() if attempts else None
        if machine is None or machine.process is None:
            self._try_later(attempts)
            return
        for attempt in attempts:
            self._ask(machine, machine.process, attempt)
        machine.process.tell(ClockTicked())  # the program's turn

    def _ask(self, machine: Machine, process: Process, attempt: _Attempt) -> None:
        life = machine.life
        assert life is not None, "whoever is asked lives"
        number = attempt.number = self._all.asked(process)
        if isinstance(attempt.request, Query):
            policy = self._rng.choice(self._all.policies)
            life.program.read(policy, partial(self._readable, attempt, number, machine))
        else:
            command = self._all.workload.encode(attempt.request, number)
            self._all.has_proposed = True
            self._all.cluster.promises.asked(command)
            answered = partial(self._answered, attempt, number, machine, command)
            life.program.propose(command, answered)

    def _choose(self) -> Machine | None:
        machines = [m for m in self._all.cluster.machines if m.takes_part]
        wanted = [m for m in machines if m.client_address == self._leader]
        if wanted and self._rng.random() < self._habits.loyalty:
            return wanted[0]
        return self._rng.choice(machines) if machines else None

    def _try_later(self, attempts: Sequence[_Attempt]) -> None:
        if attempts:
            self._scheduler.after(self._pause_us(), self._try, attempts)

    def _pause_us(self) -> Micros:
        return int(self._rng.expovariate(1 / self._habits.thinking_us)) + 1

    # --- what comes back, in the turn of a server -----------------------------------------

    def _answered(
        self,
        attempt: _Attempt,
        number: int,
        machine: Machine,
        command: bytes,
        answer: bytes | NotDone,
    ) -> None:
        self._all.answered(number)
        self._all.cluster.promises.told(command, fate_of_answer(answer))
        if attempt.is_settled or attempt.number != number:
            return  # it lost its patience before
        match answer:
            case bytes():
                self._leader = machine.client_address
                self._settle(attempt, self._scheduler.now, answer)
            case Unknown():
                self._leader = None
                self._settle(attempt, None)
            case NotLeader(leader=leader):
                self._leader = leader
                self._try_later([attempt])
            case _:
                self._leader = None
                self._try_later([attempt])

    def _readable(
        self, attempt: _Attempt, number: int, machine: Machine, answer: Readable | NotDone
    ) -> None:
        self._all.answered(number)
        if attempt.is_settled or attempt.number != number:
            return
        own = None if machine.life is None else machine.life.own_machine
        if isinstance(answer, Readable) and own is not None:
            assert isinstance(attempt.request, Query), "whoever asked to read has a question"
            result = attempt.request.answer(own.machine)
            self._settle(attempt, self._scheduler.now, result)
        else:
            self._try_later([attempt])

    def _lose_patience(self, attempts: Sequence[_Attempt]) -> None:
        for attempt in attempts:
            if not attempt.is_settled:
                self._leader = None
                self._settle(attempt, None)

    def _settle(self, attempt: _Attempt, returned: Micros | None, result: object = None) -> None:
        attempt.is_settled = True
        self._all.history.append(self._seen(attempt, returned, result))
        if self.is_idle:
            self.think()

    def _seen(self, attempt: _Attempt, returned: Micros | None, result: object = None) -> Seen:
        return Seen(
            request=attempt.request,
            number=attempt.number,
            invoked=attempt.invoked,
            returned=returned,
            given_up=self._scheduler.now if attempt.is_settled and returned is None else None,
            result=result,
            client=self.name,
        )


def fate_of_answer(answer: bytes | NotDone) -> Fate:
    """What a program knows of its command then."""
    if isinstance(answer, bytes):
        return Fate.ACKNOWLEDGED
    return Fate.UNKNOWN if isinstance(answer, Unknown) else Fate.REFUSED
