"""A run of whole servers that replicate a user's machine.

Responsible for what differs from a run with keys and values: who the clients are, what counts
as progress, and the last judgement. Its course is that of `run`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from leto_sim.habits import Habits
from leto_sim.operations import Asked, as_asked
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from leto_sim.server_level.program_clients import Clientele, ProgramClient
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.workloads import Query, Request, asked

SAME_CONTENT: Final = "state machines agree in the end"
_ANYTHING: Final = Query(lambda _: None)


class MachineRun(ServerLevelRun):
    """One run."""

    def __init__(self, scenario: ServerScenario, parts: Parts, *, traced: bool = False) -> None:
        self._own = parts
        super().__init__(scenario, parts, traced=traced)

    def history_lines(self) -> Iterator[str]:
        """What clients saw, if `leto-sim lincheck` has a model for it."""
        return self._own.workload.write(self.clientele.history)

    def operations(self) -> Iterator[Asked]:
        """What clients asked some node for, or still want to."""
        still_open = [seen for client in self._programs for seen in client.still_open()]
        for seen in [*asked(self.clientele.history), *asked(still_open)]:
            yield as_asked(seen, self._own.workload)

    def _employ(self) -> None:
        habits = habits_of(self._scenario)
        self.clientele = Clientele(self.cluster, self._own, habits)
        self._programs = [
            ProgramClient(f"p{number + 1}", self.clientele) for number in range(habits.clients)
        ]
        for client in self._programs:
            client.think()

    def _await_write(self) -> None:
        """Somebody may read, and something is committed, if clients write anything at all."""
        panel, before = self.cluster.panel, self.cluster.panel.commits
        self._run_until(
            lambda: panel.commits > before or not self.clientele.has_proposed,
            "nothing is committed",
        )
        self._await_look([_ANYTHING], "nobody can be asked anything")

    def _stop_clients(self) -> None:
        for client in self._programs:
            client.is_stopped = True

    def _are_clients_answered(self) -> bool:
        return self.clientele.is_answered and all(client.is_idle for client in self._programs)

    def _judge(self) -> None:
        self._await_look(self._own.workload.last_look(self.clientele.habits), "the last reads fail")
        self._run_until(self._is_quiet, "the nodes do not come to agree")
        self._compare_contents()
        self._come_to_rest()
        self._watch.look_at_last()
        self.cluster.promises.settle()
        self._own.workload.judge(self.clientele.history)

    def _await_look(self, questions: Sequence[Request], otherwise: str) -> None:
        """Ask until there are answers."""
        if not questions:
            return
        look = ProgramClient("last look", self.clientele)
        look.is_stopped = True
        answered = len(self.clientele.history)

        def is_answered() -> bool:
            nonlocal answered
            if not look.is_idle:
                return False
            latest = [
                seen for seen in self.clientele.history[answered:] if seen.client == look.name
            ]
            if latest and all(seen.returned is not None for seen in latest):
                return True
            answered = len(self.clientele.history)
            look.ask_for(questions)
            return False

        self._run_until(is_answered, otherwise)

    def _is_quiet(self) -> bool:
        """Whether every node has applied all there is."""
        lives = self.lives()
        indexes = {life.status.last_log.index for life in lives}
        indexes |= {life.status.last_applied for life in lives}
        return len(lives) == len(self.cluster.machines) and len(indexes) == 1

    def _compare_contents(self) -> None:
        machines = [life.own_machine for life in self.lives()]
        contents = {machine.machine.snapshot() for machine in machines if machine is not None}
        if len(contents) != 1:
            raise PropertyViolated(SAME_CONTENT, f"there are {len(contents)} different contents")


def habits_of(scenario: ServerScenario) -> Habits:
    """What the scenario says of clients, for programs that use a server from within."""
    workload, manners = scenario.workload, scenario.manners
    return Habits(
        clients=workload.clients,
        keys=workload.keys,
        reads=workload.reads,
        burst_max=workload.pipeline_max,
        thinking_us=manners.think_us,
        patience_us=manners.patience_us,
    )
