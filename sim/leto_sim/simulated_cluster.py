"""A simulated cluster that somebody drives by hand: a test, a rule of Hypothesis, a prompt.

Responsible for letting time pass, and for what clients do, one call at a time. All of
it is virtual: nothing waits. Every check of a run is on all the while; what a call
makes visible is raised by that call, as `SimulationFailed`.

It is the same at every level of simulation (`leto_sim.by_hand`).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from leto.machine import StateMachine
from leto.raft.types import Micros
from leto.resp import Reply
from leto_sim.by_hand import HAND_WORKLOAD, Hand, MaybeApplied, NotApplied, Pending
from leto_sim.clock import MS
from leto_sim.cluster_view import NodeView
from leto_sim.course import AnyScenario
from leto_sim.custom_faults import Strike
from leto_sim.forwarding import Forwarding
from leto_sim.invariants import Invariant
from leto_sim.levels import level_named, level_of
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated, RunResult, SimulationFailed
from leto_sim.view.document import document
from leto_sim.view.page import render_page

if TYPE_CHECKING:
    from leto_sim.node_level.faults import Fault
    from leto_sim.server_level.faults import ServerFault

PATIENCE_US = 10_000 * MS
SAME_CONTENT = "state machines agree in the end"
_TO_FOUND_US = 60_000 * MS
AnswerT = TypeVar("AnswerT")
MachineT = TypeVar("MachineT", bound=StateMachine)


class DidNotHappen(AssertionError):
    """What was waited for has not come about in time."""


class SimulatedCluster(Forwarding):
    """Nodes, founded and started. At node level nobody leads yet; whole servers have joined.

    Args:
        machine: makes a state machine; its class will do. Without it there are registers at
            node level, and Leto's own keys and values in whole servers.
        level: `"node"`: the machine over consensus alone; `"server"`: in whole servers, with
            files, wire and group commit. A scenario has its own.
        nodes: how many found the cluster.
        seed: decides all that is left to chance.
        scenario: settings, network, disks, and faults that strike by themselves; with
            it, `nodes` and `seed` are its own. Without it the world is calm.
        invariants: what must hold besides all that Leto checks.
        faults: faults of yours that strike by themselves.
        compares_every_content: whether nodes' contents are compared after each command.
        recorded: whether it is written down for `page`; the run takes twice the time.

    Raises:
        UnknownLevel: there is no level of that name.
        DidNotHappen: with a scenario of yours, servers could not found their cluster.
    """

    def __init__(
        self,
        machine: Callable[[], StateMachine] | None = None,
        *,
        level: str = "node",
        nodes: int = 3,
        seed: int = 0,
        scenario: AnyScenario | None = None,
        invariants: Sequence[Invariant] = (),
        faults: Sequence[Strike] = (),
        compares_every_content: bool = True,
        recorded: bool = False,
    ) -> None:
        chosen = level_named(level) if scenario is None else level_of(scenario)
        calm = chosen.calm(seed, nodes=nodes)
        parts = Parts(
            machine=machine or chosen.usual_parts(calm).machine,
            workload=HAND_WORKLOAD,
            invariants=tuple(invariants),
            faults=tuple(faults),
            compares_every_content=compares_every_content,
        )
        self._hand: Hand = chosen.by_hand(scenario or calm, parts)
        self._run = self._hand.course
        self._recording = self._run.record() if recorded else None
        super().__init__(self._hand.view)
        self.run_until(
            lambda: self._hand.is_founded, within_us=_TO_FOUND_US, what="the founding of a cluster"
        )

    @property
    def scenario(self) -> AnyScenario:
        """What it is made of."""
        return self._hand.scenario

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
        scheduler = self._hand.scheduler
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
        self._hand.scheduler.at(give_up_at + 1, _nothing)
        while not condition():
            if self.now_us > give_up_at:
                raise DidNotHappen(f"{what} has not happened within {within_us / 1e6:g} s")
            self._step()

    def wait_for_leader(self, *, within_us: Micros = PATIENCE_US) -> NodeView:
        """Lets time pass until somebody leads who has committed an entry of its term."""
        self.run_until(
            lambda: self._hand.ready_leader is not None, within_us=within_us, what="an election"
        )
        leader = self._hand.ready_leader
        assert leader is not None, "that was waited for"
        return self.node(leader)

    def settle(self, *, within_us: Micros = PATIENCE_US) -> None:
        """Lets time pass until all running members have applied all there is, and compares them.

        Raises:
            DidNotHappen: they do not come to agree.
            SimulationFailed: their contents differ.
        """
        self.run_until(
            lambda: self._hand.is_quiet, within_us=within_us, what="agreement of all nodes"
        )
        contents = self._hand.contents()
        if len(contents) > 1:
            self._fail(PropertyViolated(SAME_CONTENT, f"there are {len(contents)} contents"))

    # --- clients ------------------------------------------------------------------------

    def submit(self, command: bytes, to: str | None = None) -> Pending:
        """Proposes a command, to the leader if to nobody else, and does not wait.

        Raises:
            NotApplied: nobody leads, or the node is down.
        """
        name = self._asked(to)
        pending = Pending(command)
        self._checked(lambda: self._hand.propose(name, command, pending.settle))
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
            raise MaybeApplied(_no_answer(within_us)) from silent
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
        name = self._asked(at)
        told: list[StateMachine | NotApplied] = []
        self._checked(lambda: self._hand.read(name, told.append))
        try:
            self.run_until(lambda: told, within_us=within_us)
        except DidNotHappen as silent:
            raise NotApplied(_no_answer(within_us), None) from silent
        if isinstance(told[0], NotApplied):
            raise told[0]
        assert isinstance(told[0], kind), f"{name} has a {told[0]!r}, not a {kind.__name__}"
        return answer(told[0])

    def command(
        self, *words: str | bytes | int, to: str | None = None, within_us: Micros = PATIENCE_US
    ) -> Reply:
        """Sends a command in the Redis protocol, and returns the reply; whole servers only.

        Without `to` it goes around until a node deals with it, as a client does that knows
        all of them.

        Raises:
            NotApplied: that node does not run.
            MaybeApplied: there is no reply in time.
            ValueError: cores do not speak that protocol.
        """
        name = None if to is None else self._asked(to)
        replies: list[Reply] = []
        asked = tuple(word if isinstance(word, bytes) else str(word).encode() for word in words)
        hang_up = self._hand.command(asked, name, replies.append)
        try:
            self.run_until(lambda: replies, within_us=within_us)
        except DidNotHappen as silent:
            hang_up()
            raise MaybeApplied(_no_answer(within_us)) from silent
        return replies[0]

    # --- faults -------------------------------------------------------------------------

    def strike(self, fault: "Fault | ServerFault") -> None:
        """Lets one of Leto's own faults happen now; what it undoes later it undoes by itself.

        Raises:
            TypeError: it is not one of this level's.
        """
        self._checked(lambda: self._hand.strike(fault))

    # --- checks -------------------------------------------------------------------------

    def _asked(self, name: str | None) -> str:
        if name is None:
            leader = self.leader
            if leader is None:
                raise NotApplied("nobody leads", None)
            return leader.name
        if not self.node(name).is_running:
            raise NotApplied(f"{name} does not run", None)
        return name

    def _step(self) -> None:
        self._checked(self._hand.scheduler.step)

    def _checked(self, perform: Callable[[], object]) -> None:
        try:
            perform()
        except PropertyViolated as fault:
            self._fail(fault)

    def _fail(self, fault: PropertyViolated) -> None:
        raise SimulationFailed(self._run.result(fault)) from fault


def _no_answer(within_us: Micros) -> str:
    return f"no answer within {within_us / 1e6:g} s"


def _nothing() -> None:
    """Time has come this far."""
