"""A cluster of whole servers in somebody's hands (`leto_sim.by_hand`).

Responsible for what a request is at this level: a call of the program that lives with the
server, or a command in the Redis protocol, over a connection of its own.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

import attrs

from leto.machine import StateMachine
from leto.raft.actions import Readable
from leto.raft.events import ReadPolicy
from leto.resp import Reply
from leto.server.program import NotDone, NotLeader, Unknown
from leto.server.world import ClockTicked
from leto_sim.by_hand import HAND_WORKLOAD, Answer, MaybeApplied, NotApplied
from leto_sim.parts import Parts, keys_and_values
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.cluster import Machine
from leto_sim.server_level.faults import ServerFault
from leto_sim.server_level.machine_run import MachineRun
from leto_sim.server_level.operator import is_heard_of
from leto_sim.server_level.process import Process
from leto_sim.server_level.program_clients import Clientele, fate_of_answer
from leto_sim.server_level.promises import UnheardPromises
from leto_sim.server_level.resp_client import Manners
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.view import ServerLevelView
from leto_sim.server_level.watch import ServerLife
from leto_sim.workloads import Propose

_STAYS: Final = Manners(follows=False)


class ServerHand:
    """One run, with a user's machine or with keys and values."""

    def __init__(self, scenario: ServerScenario, parts: Parts) -> None:
        nobody = attrs.evolve(scenario.workload, clients=0, counters=0, loners=0)
        self.scenario = attrs.evolve(scenario, workload=nobody)
        self._clientele: Clientele | None = None
        if parts.machine is keys_and_values:
            unheard = UnheardPromises()
            self.course = ServerLevelRun(self.scenario, parts, traced=True, promises=unheard)
        else:
            run = MachineRun(self.scenario, parts, traced=True)
            self.course, self._clientele = run, run.clientele
        self._cluster = self.course.cluster

    @property
    def view(self) -> ServerLevelView:
        """That of the run."""
        return self.course.view

    @property
    def scheduler(self) -> Scheduler:
        """That of the run."""
        return self._cluster.scheduler

    @property
    def is_founded(self) -> bool:
        """Whether all have joined the first."""
        return not self.view.is_changing

    @property
    def ready_leader(self) -> str | None:
        """Who leads and has committed an entry of its term."""
        leader = self._cluster.leader
        return leader.name if leader is not None and leader.status.is_ready else None

    @property
    def is_quiet(self) -> bool:
        """Whether all who run have applied all there is, and no member comes or goes."""
        running = [machine for machine in self._cluster.machines if machine.process is not None]
        lives = self.course.lives()
        indexes = {life.status.last_log.index for life in lives}
        indexes |= {life.status.last_applied for life in lives}
        has_settled = len(indexes) == 1 and len(lives) == len(running)
        return has_settled and self._cluster.leader is not None and not self.view.is_changing

    def contents(self) -> Collection[bytes]:
        """Those of a user's machines; keys and values are compared where snapshots are taken."""
        machines = [life.own_machine for life in self.course.lives()]
        return {machine.machine.snapshot() for machine in machines if machine is not None}

    def propose(self, name: str, command: bytes, answered: Callable[[Answer], None]) -> None:
        """By a call of the program in whose process the server runs."""
        clientele, (process, life) = self._asked, self._alive(name)
        number = clientele.asked(process)
        data = HAND_WORKLOAD.encode(Propose(command), number)
        promises = self._cluster.promises
        promises.asked(data)

        def told(answer: bytes | NotDone) -> None:
            clientele.answered(number)
            promises.told(data, fate_of_answer(answer))
            answered(answer if isinstance(answer, bytes) else self._failure(answer))

        process.at_end.append(partial(answered, MaybeApplied(f"{name} ended")))
        life.program.propose(data, told)
        process.tell(ClockTicked())  # the program's turn

    def read(self, name: str, told: Callable[[StateMachine | NotApplied], None]) -> None:
        """By such a call, too."""
        clientele, (process, life) = self._asked, self._alive(name)
        number = clientele.asked(process)

        def readable(answer: Readable | NotDone) -> None:
            clientele.answered(number)
            if isinstance(answer, Readable) and life.own_machine is not None:
                told(life.own_machine.machine)
            else:
                told(NotApplied(f"{name} cannot tell: {answer}", None))

        life.program.read(ReadPolicy.INDEX, readable)
        process.tell(ClockTicked())

    def command(
        self, words: Sequence[bytes], name: str | None, told: Callable[[Reply], None]
    ) -> Callable[[], None]:
        """By a client that dials, asks, and hangs up."""
        operator = self.course.operator
        if name is None:
            return operator.ask(self._cluster.addresses, tuple(words), is_heard_of, told)
        address = self._machine(name).client_address
        return operator.ask([address], tuple(words), _is_any, told, _STAYS)

    def strike(self, fault: object) -> None:
        """By the nemesis."""
        if not isinstance(fault, ServerFault):
            raise TypeError(f'not a fault of level="server": {fault!r}')
        self.course.nemesis.perform(fault)

    @property
    def _asked(self) -> Clientele:
        if self._clientele is None:
            raise ValueError("keys and values are asked by command(...); propose to your machine")
        return self._clientele

    def _alive(self, name: str) -> tuple[Process, ServerLife]:
        machine = self._machine(name)
        assert machine.process is not None, "whoever is asked runs"
        assert machine.life is not None, "the same"
        return machine.process, machine.life

    def _machine(self, name: str) -> Machine:
        (machine,) = (machine for machine in self._cluster.machines if machine.name == name)
        return machine

    def _failure(self, failure: NotDone) -> NotApplied | MaybeApplied:
        match failure:
            case Unknown():
                return MaybeApplied(str(failure))
            case NotLeader(leader=address):
                names = [m.name for m in self._cluster.machines if m.client_address == address]
                return NotApplied("it does not lead", names[0] if names else None)
            case _:
                return NotApplied(str(failure), None)


def _is_any(reply: Reply) -> bool:
    """Whatever it is told, its asker wants to know."""
    del reply
    return True
