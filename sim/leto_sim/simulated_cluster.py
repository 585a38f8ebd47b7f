"""A simulated cluster that somebody drives by hand: a test, a rule of Hypothesis, a prompt.

Responsible for letting time pass, and for what clients do, one call at a time. All of
it is virtual: nothing waits. Every check of a run is on all the while; what a call
makes visible is raised by that call, as `SimulationFailed`.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from leto.machine import StateMachine
from leto.raft.actions import Committed, Outcome, Readable, Refused
from leto.raft.events import CommandsProposed, Proposal, ReadRequested
from leto.raft.types import Micros
from leto_sim.clock import MS
from leto_sim.custom_faults import Strike
from leto_sim.habits import Habits
from leto_sim.invariants import Invariant
from leto_sim.node_level.faults import Fault
from leto_sim.node_level.process import Process
from leto_sim.node_level.run import SAME_CONTENT, NodeLevelRun
from leto_sim.node_level.scenario import Scenario
from leto_sim.node_level.view import HostView, NodeLevelView
from leto_sim.parts import Parts
from leto_sim.registers import Registers
from leto_sim.result import PropertyViolated, RunResult, SimulationFailed
from leto_sim.view.document import document
from leto_sim.view.page import render_page
from leto_sim.workloads import CommandWorkload, Propose

PATIENCE_US = 10_000 * MS
_NO_CLIENTS = Habits(clients=0)
_WORKLOAD = CommandWorkload(commands=())
AnswerT = TypeVar("AnswerT")
MachineT = TypeVar("MachineT", bound=StateMachine)


class NotApplied(Exception):
    """The request was certainly not carried out; `leader` is whom to ask instead, if known."""

    def __init__(self, what: str, leader: str | None) -> None:
        super().__init__(f"{what}; ask {leader or 'again, nobody knows a leader'}")
        self.leader = leader


class MaybeApplied(Exception):
    """Nobody knows whether the command was, or will be, applied."""


class DidNotHappen(AssertionError):
    """What was waited for has not come about in time."""


@attrs.define(eq=False)
class Pending:
    """A command under way. `result` is set once it is applied where it was proposed."""

    command: bytes
    is_settled: bool = False
    result: bytes | None = None
    error: Exception | None = None


class SimulatedCluster(NodeLevelView):
    """Nodes, founded and started; nobody leads yet.

    Args:
        machine: makes a state machine; its class will do.
        nodes: how many found the cluster.
        seed: decides all that is left to chance.
        scenario: settings, network, disks, and faults that strike by themselves; with
            it, `nodes` and `seed` are its own. Without it the world is calm.
        invariants: what must hold besides all that Leto checks.
        faults: faults of yours that strike by themselves.
        compares_every_content: whether nodes' contents are compared after each command.
        recorded: whether it is written down for `page`; the run takes twice the time.
    """

    def __init__(
        self,
        machine: Callable[[], StateMachine] = Registers,
        *,
        nodes: int = 3,
        seed: int = 0,
        scenario: Scenario | None = None,
        invariants: Sequence[Invariant] = (),
        faults: Sequence[Strike] = (),
        compares_every_content: bool = True,
        recorded: bool = False,
    ) -> None:
        scenario = scenario or Scenario(seed=seed, nodes=nodes)
        parts = Parts(
            machine=machine,
            workload=_WORKLOAD,
            invariants=tuple(invariants),
            faults=tuple(faults),
            compares_every_content=compares_every_content,
        )
        self.scenario = attrs.evolve(scenario, habits=_NO_CLIENTS)
        self._run = NodeLevelRun(self.scenario, parts, traced=True)
        self._recording = self._run.record() if recorded else None
        super().__init__(self._run.cluster, self._run.administrator)

    @property
    def result(self) -> RunResult:
        """How the run stands: events, commits, the last events."""
        return self._run.result()

    def page(self, result: RunResult | None = None) -> str | None:
        """The recorded run as a page (HTML) to look at; None if it is not recorded."""
        if self._recording is None:
            return None
        return render_page(document(self._recording, result or self.result, self._run))

    # --- time ---------------------------------------------------------------------------

    def run_for(self, for_us: Micros) -> None:
        """Lets so much time pass."""
        scheduler = self._cluster.scheduler
        until = scheduler.now + for_us
        scheduler.at(until, _nothing)
        while scheduler.now < until:
            self._step()

    def run_until(
        self,
        condition: Callable[[], object],
        *,
        within_us: Micros = PATIENCE_US,
        what: str = "what was waited for",
    ) -> None:
        """Lets time pass until the condition is true.

        Raises:
            DidNotHappen: it was not in time.
        """
        give_up_at = self.now_us + within_us
        while not condition():
            if self.now_us > give_up_at:
                raise DidNotHappen(f"{what} has not happened within {within_us / 1e6:g} s")
            self._step()

    def wait_for_leader(self, *, within_us: Micros = PATIENCE_US) -> HostView:
        """Lets time pass until somebody leads who has committed an entry of its term."""
        leaders: list[Process] = []

        def leads() -> bool:
            leader = self._cluster.leader
            leaders[:] = [leader] if leader is not None and leader.status.is_ready else []
            return bool(leaders)

        self.run_until(leads, within_us=within_us, what="an election")
        return self.node(leaders[0].name)

    def settle(self, *, within_us: Micros = PATIENCE_US) -> None:
        """Lets time pass until all running members have applied all there is, and compares them.

        Raises:
            DidNotHappen: they do not come to agree.
            SimulationFailed: their contents differ.
        """
        self.run_until(self._is_quiet, within_us=within_us, what="agreement of all nodes")
        contents = {process.machine.snapshot() for process in self._cluster.alive}
        if len(contents) != 1:
            self._fail(PropertyViolated(SAME_CONTENT, f"there are {len(contents)} contents"))

    def _is_quiet(self) -> bool:
        processes = self._cluster.alive
        indexes = {process.status.last_log.index for process in processes}
        indexes |= {process.status.last_applied for process in processes}
        return len(indexes) == 1 and self.leader is not None and not self.is_changing

    # --- clients ------------------------------------------------------------------------

    def submit(self, command: bytes, to: str | None = None) -> Pending:
        """Proposes a command, to the leader if to nobody else, and does not wait.

        Raises:
            NotApplied: nobody leads, or the node is down.
        """
        process = self._asked(to)
        number = self._cluster.new_request_id()
        pending = Pending(command)

        def settle(outcome: Outcome | None) -> None:
            pending.is_settled = True
            match outcome:
                case Committed(id=entry):
                    pending.result = process.replica.result(entry.index)
                case Refused(refusal=refusal, leader=leader):
                    pending.error = NotApplied(refusal.value, self._name(leader))
                case _:
                    pending.error = MaybeApplied(f"{process.name} ended, or led no more")

        data = _WORKLOAD.encode(Propose(command), number)
        self._checked(
            lambda: process.request(CommandsProposed((Proposal(number, data),)), {number: settle})
        )
        return pending

    def propose(
        self, command: bytes, to: str | None = None, *, within_us: Micros = PATIENCE_US
    ) -> bytes:
        """Has a command applied, and returns its result. Waits for a leader if `to` is None.

        Raises:
            NotApplied: it certainly was not.
            MaybeApplied: nobody knows.
        """
        if to is None:
            self.wait_for_leader(within_us=within_us)
        pending = self.submit(command, to)
        try:
            self.run_until(lambda: pending.is_settled, within_us=within_us)
        except DidNotHappen as silent:
            raise MaybeApplied(f"no answer within {within_us / 1e6:g} s") from silent
        if pending.error is not None:
            raise pending.error
        assert pending.result is not None, "what is committed has a result"
        return pending.result

    def query(
        self,
        kind: type[MachineT],
        answer: Callable[[MachineT], AnswerT],
        at: str | None = None,
        *,
        within_us: Micros = PATIENCE_US,
    ) -> AnswerT:
        """Asks a node's machine once it has all that was acknowledged anywhere (§6.4).

        Raises:
            NotApplied: the node cannot tell, or has not told in time.
        """
        if at is None:
            self.wait_for_leader(within_us=within_us)
        process = self._asked(at)
        number = self._cluster.new_request_id()
        outcomes: list[Outcome | None] = []
        self._checked(lambda: process.request(ReadRequested(number), {number: outcomes.append}))
        try:
            self.run_until(lambda: outcomes, within_us=within_us)
        except DidNotHappen as silent:
            raise NotApplied(f"no answer within {within_us / 1e6:g} s", None) from silent
        if not isinstance(outcomes[0], Readable):
            raise NotApplied(f"{process.name} cannot tell: {outcomes[0]}", None)
        return answer(self.node(process.name).machine_as(kind))

    # --- faults -------------------------------------------------------------------------

    def strike(self, fault: Fault) -> None:
        """Lets one of Leto's own faults happen now; what it undoes later it undoes by itself."""
        self._checked(lambda: self._run.nemesis.perform(fault))

    # --- checks -------------------------------------------------------------------------

    def _asked(self, name: str | None) -> Process:
        process = self._cluster.leader if name is None else self._host(name).alive
        if process is None:
            raise NotApplied(f"{name} does not run" if name else "nobody leads", None)
        return process

    def _name(self, node_id: object) -> str | None:
        hosts = [host.name for host in self._cluster.hosts if host.node_id == node_id]
        return hosts[0] if hosts else None

    def _step(self) -> None:
        self._checked(self._cluster.scheduler.step)

    def _checked(self, perform: Callable[[], object]) -> None:
        try:
            perform()
        except PropertyViolated as fault:
            self._fail(fault)

    def _fail(self, fault: PropertyViolated) -> None:
        raise SimulationFailed(self._run.result(fault)) from fault


def _nothing() -> None:
    """Time has come this far."""
