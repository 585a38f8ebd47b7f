"""A cluster of cores in somebody's hands (`leto_sim.by_hand`).

Responsible for what a request is at this level: an event of the process that is asked.
"""

from collections.abc import Callable, Collection, Sequence

import attrs

from leto.machine import StateMachine
from leto.raft.actions import Committed, Outcome, Readable, Refused
from leto.raft.events import CommandsProposed, Proposal, ReadRequested
from leto.raft.types import NodeId
from leto.resp import Reply
from leto_sim.by_hand import HAND_WORKLOAD, Answer, MaybeApplied, NotApplied
from leto_sim.habits import Habits
from leto_sim.node_level.faults import Fault
from leto_sim.node_level.process import Process
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import Scenario
from leto_sim.node_level.view import NodeLevelView
from leto_sim.parts import Parts
from leto_sim.scheduler import Scheduler
from leto_sim.workloads import Propose

_NO_CLIENTS = Habits(clients=0)


class NodeHand:
    """One run."""

    def __init__(self, scenario: Scenario, parts: Parts) -> None:
        self.scenario = attrs.evolve(scenario, habits=_NO_CLIENTS)
        self.course = NodeLevelRun(self.scenario, parts, traced=True)
        self._cluster = self.course.cluster

    @property
    def view(self) -> NodeLevelView:
        """That of the run."""
        return self.course.view

    @property
    def scheduler(self) -> Scheduler:
        """That of the run."""
        return self._cluster.scheduler

    @property
    def is_founded(self) -> bool:
        """Founders are born as members."""
        return True

    @property
    def ready_leader(self) -> str | None:
        """Who leads and has committed an entry of its term."""
        leader = self._cluster.leader
        return leader.name if leader is not None and leader.status.is_ready else None

    @property
    def is_quiet(self) -> bool:
        """Whether all who run have applied all there is, and no member comes or goes."""
        processes = self._cluster.alive
        indexes = {process.status.last_log.index for process in processes}
        indexes |= {process.status.last_applied for process in processes}
        return len(indexes) == 1 and self._cluster.leader is not None and not self.view.is_changing

    def contents(self) -> Collection[bytes]:
        """Those of all who run."""
        return {process.machine.snapshot() for process in self._cluster.alive}

    def propose(self, name: str, command: bytes, answered: Callable[[Answer], None]) -> None:
        """By `CommandsProposed`."""
        process = self._process(name)
        number = self._cluster.new_request_id()

        def settle(outcome: Outcome | None) -> None:
            match outcome:
                case Committed(id=entry):
                    result = process.replica.result(entry.index)
                    assert result is not None, "what is committed has a result"
                    answered(result)
                case Refused(refusal=refusal, leader=leader):
                    answered(NotApplied(refusal.value, self._name(leader)))
                case _:
                    answered(MaybeApplied(f"{name} ended, or led no more"))

        data = HAND_WORKLOAD.encode(Propose(command), number)
        process.request(CommandsProposed((Proposal(number, data),)), {number: settle})

    def read(self, name: str, told: Callable[[StateMachine | NotApplied], None]) -> None:
        """By `ReadRequested`."""
        process = self._process(name)
        number = self._cluster.new_request_id()

        def settle(outcome: Outcome | None) -> None:
            if isinstance(outcome, Readable):
                told(process.machine)
            else:
                told(NotApplied(f"{name} cannot tell: {outcome}", None))

        process.request(ReadRequested(number), {number: settle})

    def command(
        self, words: Sequence[bytes], name: str | None, told: Callable[[Reply], None]
    ) -> Callable[[], None]:
        """Cores speak no protocol of clients."""
        del words, name, told
        raise ValueError('whole servers speak the Redis protocol: level="server"')

    def strike(self, fault: object) -> None:
        """By the nemesis."""
        if not isinstance(fault, Fault):
            raise TypeError(f'not a fault of level="node": {fault!r}')
        self.course.nemesis.perform(fault)

    def _process(self, name: str) -> Process:
        alive = [process for process in self._cluster.alive if process.name == name]
        return alive[0]

    def _name(self, node_id: NodeId | None) -> str | None:
        hosts = [host.name for host in self._cluster.hosts if host.node_id == node_id]
        return hosts[0] if hosts else None
