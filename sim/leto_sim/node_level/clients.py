"""Clients that propose and ask through any node, and remember what they saw.

Responsible for when a client asks, whom, and how often again; what it asks for is
its workload's. A client does one thing at a time (or a burst of commands at once),
believes what it is told about who leads, tries elsewhere what was certainly refused,
and goes on without knowing when its patience ends.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from leto.raft.actions import Committed, Outcome, Readable, Refused
from leto.raft.events import CommandsProposed, Proposal, ReadPolicy, ReadRequested
from leto.raft.types import Index, Micros
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.process import Listener, Process
from leto_sim.randomness import stream
from leto_sim.workloads import Propose, Query, Request, Seen

if TYPE_CHECKING:
    from random import Random

    from leto.raft.types import NodeId
    from leto_sim.habits import Habits
    from leto_sim.workloads import Workload


@attrs.define(eq=False)
class _Attempt:
    """A request under way. `number` is that of the latest attempt."""

    request: Request
    invoked: int
    is_read: bool  # anybody may be asked
    number: int | None = None
    is_settled: bool = False

    @classmethod
    def at(cls, request: Request, now: Micros) -> "_Attempt":
        """The first one."""
        return cls(request, now, is_read=isinstance(request, Query))

    @property
    def repeats(self) -> bool:
        """Whether it is asked again when nothing is heard."""
        return isinstance(self.request, Propose) and self.request.repeats


class Client:
    """One client. Its history grows in `history`."""

    def __init__(self, cluster: Cluster, number: int, history: list[Seen]) -> None:
        self.is_stopped = False
        self._name = f"c{number + 1}"
        self._cluster = cluster
        self._scheduler = cluster.scheduler
        self._habits: Habits = cluster.scenario.habits
        self._workload: Workload = cluster.parts.workload
        self._rng: Random = stream(cluster.seed, "client", number)
        self._history = history
        # Where clocks err more than leases allow, nobody is to blame for an old read.
        breaks_leases = cluster.scenario.breaks_clock_bound
        self._may_be_old = {ReadPolicy.STALE}
        if breaks_leases:
            self._may_be_old.add(ReadPolicy.LEASE)
        self._believed_leader: NodeId | None = None
        self._under_way = 0
        self._open: list[_Attempt] = []
        self._think()

    @property
    def is_idle(self) -> bool:
        """Whether it waits for nothing."""
        return self._under_way == 0

    def still_open(self) -> Sequence[Seen]:
        """What it still waits for, if the run ended now."""
        return [
            Seen(
                request=attempt.request,
                number=attempt.number,
                invoked=attempt.invoked,
                returned=None,
                client=self._name,
            )
            for attempt in self._open
            if not attempt.is_settled
        ]

    def leave(self) -> None:
        """Goes away without the answers that it still waits for."""
        for attempt in self._open:
            if not attempt.is_settled:
                self._settle(attempt, None)

    def take_last_look(self) -> None:
        """Asks what the workload asks when all is over."""
        if requests := self._workload.last_look(self._habits):
            self._begin(requests)

    # --- one round of requests ------------------------------------------------------------

    def _think(self) -> None:
        pause_us = int(self._rng.expovariate(1 / self._habits.thinking_us)) + 1
        self._scheduler.after(pause_us, self._act)

    def _act(self) -> None:
        if self.is_stopped:
            return
        if requests := self._workload.draw(self._rng, self._habits):
            self._begin(requests)
        else:
            self._think()

    def _begin(self, requests: Sequence[Request]) -> None:
        attempts = [_Attempt.at(request, self._scheduler.now) for request in requests]
        self._under_way, self._open = len(attempts), attempts
        patience_us = self._habits.patience_us
        self._scheduler.after(patience_us, self._lose_patience, attempts, patience_us)
        self._try(attempts)

    def _try(self, attempts: list[_Attempt]) -> None:
        """Asks somebody, again or for the first time, for what is not settled."""
        attempts = [attempt for attempt in attempts if not attempt.is_settled]
        process = self._choose(attempts)
        if process is None:
            self._try_later(attempts)
            return
        if writes := [attempt for attempt in attempts if not attempt.is_read]:
            self._propose(process, writes)
        for attempt in attempts:
            if attempt.is_read:
                self._ask(process, attempt)

    def _propose(self, process: Process, attempts: list[_Attempt]) -> None:
        proposals: list[Proposal] = []
        listeners: dict[int, Listener] = {}
        for attempt in attempts:
            assert isinstance(attempt.request, Propose), attempt
            number = attempt.number = self._cluster.new_request_id()
            if attempt.request.first is None:
                attempt.request = attrs.evolve(attempt.request, first=number)
            proposals.append(Proposal(number, self._workload.encode(attempt.request, number)))
            listeners[number] = partial(self._on_outcome, attempt, number, process)
        process.request(CommandsProposed(tuple(proposals)), listeners)

    def _ask(self, process: Process, attempt: _Attempt) -> None:
        number = attempt.number = self._cluster.new_request_id()
        policy = self._draw_policy()
        listener = partial(self._on_outcome, attempt, number, process)
        process.request(ReadRequested(number, policy), {number: listener})

    def _draw_policy(self) -> ReadPolicy:
        chance = self._rng.random()
        if chance < self._habits.lease_reads:
            return ReadPolicy.LEASE
        is_stale = chance >= 1 - self._habits.stale_reads
        return ReadPolicy.STALE if is_stale else ReadPolicy.INDEX

    def _choose(self, attempts: list[_Attempt]) -> Process | None:
        alive, core = self._cluster.alive, self._cluster.core
        candidates = [p for p in alive if p.node_id in core] if core else alive
        if not candidates or not attempts:
            return None
        # Anybody may be asked to read; who asks an old leader puts it to the test.
        wants_leader = not attempts[0].is_read or self._rng.random() < self._habits.loyalty
        if self._believed_leader is not None and wants_leader:
            leader = self._cluster.process_of(self._believed_leader)
            if leader is not None:
                return leader
        return self._rng.choice(candidates)

    def _try_later(self, attempts: list[_Attempt]) -> None:
        if attempts:
            pause_us = int(self._rng.expovariate(1 / self._habits.thinking_us)) + 1
            self._scheduler.after(pause_us, self._try, attempts)

    # --- what comes back -------------------------------------------------------------------

    def _on_outcome(
        self, attempt: _Attempt, number: int, process: Process, outcome: Outcome | None
    ) -> None:
        if attempt.is_settled:
            return  # it lost its patience before
        if number != attempt.number and not isinstance(outcome, Committed):
            return  # it has asked again since
        match outcome:
            case Refused(leader=leader):
                # Who leads and will not is asked no more: there may be another one by now.
                self._believed_leader = leader if leader != process.node_id else None
                self._try_later([attempt])
            case Committed(id=entry):
                self._believed_leader = process.node_id
                result = process.replica.result(entry.index)
                self._settle(attempt, self._scheduler.now, result, entry.index)
            case Readable(policy=policy) if policy in self._may_be_old:
                self._settle(attempt, None)  # as good as no answer, to the judge
            case Readable() if isinstance(attempt.request, Query):
                answer = attempt.request.answer(process.machine)
                self._settle(attempt, self._scheduler.now, answer, process.replica.index)
            case _ if attempt.is_read:
                self._try_later([attempt])
            case _:
                self._give_up(attempt)

    def _lose_patience(self, attempts: list[_Attempt], patience_us: Micros) -> None:
        for attempt in attempts:
            if not attempt.is_settled:
                self._give_up(attempt)
        if any(not attempt.is_settled for attempt in attempts):
            # Twice as long the next time: a slow cluster must not drown in repetitions.
            self._scheduler.after(2 * patience_us, self._lose_patience, attempts, 2 * patience_us)

    def _give_up(self, attempt: _Attempt) -> None:
        """The outcome is not known, and will not be."""
        self._believed_leader = None
        if attempt.repeats:
            self._try_later([attempt])
        else:
            self._settle(attempt, None)

    def _settle(
        self,
        attempt: _Attempt,
        returned: int | None,
        result: object = None,
        index: Index | None = None,
    ) -> None:
        attempt.is_settled = True
        self._history.append(
            Seen(
                request=attempt.request,
                number=attempt.number,
                invoked=attempt.invoked,
                returned=returned,
                given_up=self._scheduler.now if returned is None else None,
                result=result,
                client=self._name,
                index=index,
            )
        )
        self._under_way -= 1
        if self._under_way == 0:
            self._think()
