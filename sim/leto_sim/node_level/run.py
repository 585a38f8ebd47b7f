"""A run at node level: a storm, a calm, and the last judgement.

Responsible for the course of a run. In the storm faults strike while clients work.
In the calm everything is healed, and the cluster must elect, commit and agree within
a bounded virtual time. Then the clients' histories are judged.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leto.raft.configuration import MemberRole
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.clients import Client
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.nemesis import Nemesis
from leto_sim.node_level.parts import REGISTERS, Parts
from leto_sim.node_level.process import Process
from leto_sim.node_level.scenario import Scenario, draw_scenario
from leto_sim.result import PropertyViolated, RunResult, Violation

if TYPE_CHECKING:
    from leto.raft.types import Micros
    from leto_sim.node_level.workloads import Seen

NODE_LEVEL = "node"
PROGRESS = "progress after everything is healed"
SAME_CONTENT = "state machines agree in the end"

_ELECTIONS_TO_RECOVER = 30  # election timeouts: many, since the settings are extreme
_MOST_PATIENCE = 20  # that much of it: elections without end store something each
_EVENTS_BETWEEN_LOOKS = 20


def run_node_level(seed: int, nodes: int = 3, events_max: int = 10_000) -> RunResult:
    """Runs the scenario of that seed."""
    return run_scenario(draw_scenario(seed, nodes=nodes, events_max=events_max))


def run_scenario(scenario: Scenario, parts: Parts = REGISTERS) -> RunResult:
    """Runs a scenario; if a property is violated, once more to see the last events."""
    result = NodeLevelRun(scenario, parts).run()
    return result if result.violation is None else NodeLevelRun(scenario, parts, traced=True).run()


class NodeLevelRun:
    """One run."""

    def __init__(
        self, scenario: Scenario, parts: Parts = REGISTERS, *, traced: bool = False
    ) -> None:
        self._scenario = scenario
        self.cluster = Cluster(scenario, parts, traced=traced)
        self.history: list[Seen] = []
        self._administrator = Administrator(self.cluster)
        self._nemesis = Nemesis(self.cluster, self._administrator)
        self._clients = [
            Client(self.cluster, number, self.history) for number in range(scenario.habits.clients)
        ]

    def run(self) -> RunResult:
        """From founding to judgement."""
        violation: Violation | None = None
        try:
            self._storm()
            self._calm()
            self._judge()
        except PropertyViolated as fault:
            violation = Violation.found(
                fault, event=self.cluster.journal.events, time_us=self.cluster.scheduler.now
            )
        return self._result(violation)

    def _storm(self) -> None:
        scheduler, journal, scenario = self.cluster.scheduler, self.cluster.journal, self._scenario
        while scheduler.now < scenario.duration_us and journal.events < scenario.events_max:
            scheduler.step()

    def _calm(self) -> None:
        self._nemesis.heal()
        commits = self.cluster.panel.commits
        self._run_until(lambda: self.cluster.panel.commits > commits, "nothing is committed")
        self._run_until(lambda: self._administrator.is_idle, "a membership change does not end")
        for client in self._clients:
            client.is_stopped = True
        self._run_until(self._is_quiet, "the nodes do not come to agree")
        self._clients[0].take_last_look()
        self._run_until(self._is_quiet, "the last reads are not answered")

    def _run_until(self, is_reached: Callable[[], bool], otherwise: str) -> None:
        """Lets things happen until then. Whoever still gets on is given more time, within bounds."""
        scheduler, config = self.cluster.scheduler, self._scenario.config
        patience_us: Micros = _ELECTIONS_TO_RECOVER * config.election_timeout_max_us
        give_up_at, achieved = scheduler.now + patience_us, self._achieved()
        limit = scheduler.now + _MOST_PATIENCE * patience_us
        while not is_reached():
            for _ in range(_EVENTS_BETWEEN_LOOKS):
                scheduler.step()
            if self._achieved() > achieved:
                give_up_at, achieved = scheduler.now + patience_us, self._achieved()
            if scheduler.now > min(give_up_at, limit):
                raise PropertyViolated(PROGRESS, f"{otherwise}; nothing moves for {patience_us} us")

    def _achieved(self) -> int:
        """Grows with everything that is stored, committed or applied."""
        statuses = [process.status for process in self.cluster.alive]
        return sum(status.durable_index + status.last_applied for status in statuses)

    def _is_quiet(self) -> bool:
        """Whether every member has applied everything, and nobody waits for an answer."""
        members = self._members()
        if not members or self.cluster.panel.requests.open_requests:
            return False
        if not all(client.is_idle for client in self._clients):
            return False
        last_indexes = {process.status.last_log.index for process in members}
        last_indexes |= {process.status.last_applied for process in members}
        return len(last_indexes) == 1

    def _members(self) -> list[Process]:
        """The processes of all members; nobody unless all are voters, and run."""
        leader = self.cluster.leader
        if leader is None:
            return []
        processes: list[Process] = []
        for member in leader.status.configuration.members:
            host = self.cluster.host_of(member.node_id)
            if member.role is not MemberRole.VOTER or host is None or host.alive is None:
                return []
            processes.append(host.alive)
        return processes

    def _judge(self) -> None:
        contents = {process.machine.snapshot() for process in self._members()}
        if len(contents) != 1:
            raise PropertyViolated(SAME_CONTENT, f"there are {len(contents)} different contents")
        self.cluster.parts.workload.judge(self.history)

    def _result(self, violation: Violation | None) -> RunResult:
        cluster = self.cluster
        return RunResult(
            seed=self._scenario.seed,
            level=NODE_LEVEL,
            events=cluster.journal.events,
            virtual_time_us=cluster.scheduler.now,
            elections=cluster.panel.elections,
            commits=cluster.panel.commits,
            digest=cluster.journal.digest,
            violation=violation,
            last_events=cluster.journal.last_events,
        )
