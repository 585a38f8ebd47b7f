"""Clients that write and read registers through any node, and remember what they saw.

Responsible for the operations and their history. A client does one thing at a time (or a
burst of writes at once), believes what it is told about who leads, tries elsewhere
what was certainly refused, and goes on without knowing when its patience ends.
"""

from functools import partial
from typing import TYPE_CHECKING

import attrs

from leto.raft.actions import Committed, Outcome, Readable, Refused
from leto.raft.events import CommandsProposed, Proposal, ReadPolicy, ReadRequested
from leto_sim.lincheck.models import Read, RegisterCommand, RegisterOperation, WriteValue
from leto_sim.lincheck.search import Operation
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.machine import encode_write
from leto_sim.node_level.process import Listener, Process
from leto_sim.randomness import stream

if TYPE_CHECKING:
    from random import Random

    from leto.raft.types import NodeId
    from leto_sim.node_level.scenario import Habits

_READS_AT_LEADER = 0.5


@attrs.define(eq=False)
class _Attempt:
    """An operation under way. `value` is the written one, of the latest attempt."""

    key: int
    is_read: bool
    invoked: int
    value: int | None = None
    is_settled: bool = False


class Client:
    """One client. Its history grows in `history`."""

    def __init__(self, cluster: Cluster, number: int, history: list[RegisterOperation]) -> None:
        self.is_stopped = False
        self._cluster = cluster
        self._scheduler = cluster.scheduler
        self._habits: Habits = cluster.scenario.habits
        self._rng: Random = stream(cluster.seed, "client", number)
        self._history = history
        self._believed_leader: NodeId | None = None
        self._under_way = 0
        self._round = 0  # of operations; the patience of an earlier round means nothing
        self._think()

    @property
    def is_idle(self) -> bool:
        """Whether it waits for nothing."""
        return self._under_way == 0

    def read_all(self) -> None:
        """Reads every register once, through the leader: the last look at a run."""
        keys = range(self._habits.keys)
        attempts = [_Attempt(key, is_read=True, invoked=self._now()) for key in keys]
        self._begin(attempts)

    # --- one round of operations ----------------------------------------------------------

    def _think(self) -> None:
        pause_us = int(self._rng.expovariate(1 / self._habits.thinking_us)) + 1
        self._scheduler.after(pause_us, self._act)

    def _act(self) -> None:
        if self.is_stopped:
            return
        if self._rng.random() < self._habits.reads:
            self._begin([_Attempt(self._any_key(), is_read=True, invoked=self._now())])
        else:
            burst = self._rng.randint(1, self._habits.burst_max)
            keys = [self._any_key() for _ in range(burst)]
            self._begin([_Attempt(key, is_read=False, invoked=self._now()) for key in keys])

    def _begin(self, attempts: list[_Attempt]) -> None:
        self._round += 1
        self._under_way = len(attempts)
        self._scheduler.after(self._habits.patience_us, self._lose_patience, attempts)
        self._try(attempts)

    def _try(self, attempts: list[_Attempt]) -> None:
        """Asks somebody, again or for the first time, for what is not settled."""
        attempts = [attempt for attempt in attempts if not attempt.is_settled]
        process = self._choose(attempts)
        if process is None:
            self._try_later(attempts)
            return
        writes = [attempt for attempt in attempts if not attempt.is_read]
        if writes:
            self._propose(process, writes)
        for attempt in attempts:
            if attempt.is_read:
                request_id = self._cluster.new_request_id()
                listener = partial(self._on_outcome, attempt, process)
                leans_on_lease = self._rng.random() < self._habits.lease_reads
                policy = ReadPolicy.LEASE if leans_on_lease else ReadPolicy.INDEX
                process.request(ReadRequested(request_id, policy), {request_id: listener})

    def _propose(self, process: Process, writes: list[_Attempt]) -> None:
        proposals: list[Proposal] = []
        listeners: dict[int, Listener] = {}
        for attempt in writes:
            request_id = self._cluster.new_request_id()
            attempt.value = request_id  # a value of its own: a refused one must never be seen
            proposals.append(Proposal(request_id, encode_write(attempt.key, request_id)))
            listeners[request_id] = partial(self._on_outcome, attempt, process)
        process.request(CommandsProposed(tuple(proposals)), listeners)

    def _choose(self, attempts: list[_Attempt]) -> Process | None:
        alive = self._cluster.alive
        if not alive or not attempts:
            return None
        # Anybody may be asked to read; who asks an old leader puts it to the test.
        wants_leader = not attempts[0].is_read or self._rng.random() < _READS_AT_LEADER
        if self._believed_leader is not None and wants_leader:
            for process in alive:
                if process.node_id == self._believed_leader:
                    return process
        return self._rng.choice(alive)

    def _try_later(self, attempts: list[_Attempt]) -> None:
        if attempts:
            pause_us = int(self._rng.expovariate(1 / self._habits.thinking_us)) + 1
            self._scheduler.after(pause_us, self._try, attempts)

    # --- what comes back -------------------------------------------------------------------

    def _on_outcome(self, attempt: _Attempt, process: Process, outcome: Outcome | None) -> None:
        if attempt.is_settled:
            return  # it lost its patience before
        match outcome:
            case Committed():
                self._believed_leader = process.node_id
                self._settle(attempt, returned=self._now())
            case Readable():
                self._settle(
                    attempt, returned=self._now(), result=process.machine.read(attempt.key)
                )
            case Refused(leader=leader):
                self._believed_leader = leader
                self._try_later([attempt])
            case _ if attempt.is_read:
                self._try_later([attempt])
            case _:
                self._believed_leader = None
                self._settle(attempt, returned=None)

    def _lose_patience(self, attempts: list[_Attempt]) -> None:
        for attempt in attempts:
            if not attempt.is_settled:
                self._believed_leader = None
                self._settle(attempt, returned=None)

    def _settle(
        self, attempt: _Attempt, *, returned: int | None, result: int | None = None
    ) -> None:
        attempt.is_settled = True
        command: RegisterCommand
        if attempt.is_read:
            command = Read()
        elif attempt.value is not None:
            command = WriteValue(attempt.value)
        else:
            command = Read()  # nobody was ever asked to write: as good as nothing
            returned = None
        self._history.append(
            Operation(
                key=attempt.key,
                command=command,
                invoked=attempt.invoked,
                returned=returned,
                result=result,
            )
        )
        self._under_way -= 1
        if self._under_way == 0:
            self._think()

    def _any_key(self) -> int:
        return self._rng.randrange(self._habits.keys)

    def _now(self) -> int:
        return self._cluster.scheduler.now
