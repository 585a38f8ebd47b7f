"""The course of a run, whichever level it simulates: a storm, a calm, the last judgement.

Responsible for what all runs share: the storm, in which faults strike while clients
work; how a run ends, and what it leaves. The calm, in which everything is healed and
the cluster must recover, and the judgement of the clients' histories are each level's
own.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from heapq import heappop
from typing import Final, Protocol

import attrs

from leto.raft.types import Micros, NodeId
from leto_sim.checkers.panel import Panel
from leto_sim.journal import Halted, Journal
from leto_sim.operations import Asked
from leto_sim.result import Evidence, PropertyViolated, RunResult, Violation
from leto_sim.scheduler import Scheduler
from leto_sim.standing import Standing
from leto_sim.view.recording import Recording

_NODE_ID: Final = re.compile(r"\b\d{12,20}\b")  # no other number is as long


class AnyScenario(Protocol):
    """What the scenarios of all levels have. Each is a frozen attrs class."""

    @property
    def seed(self) -> int:
        """Decides all that the scenario leaves to chance."""
        ...

    @property
    def nodes(self) -> int:
        """How many machines there are in the beginning."""
        ...

    @property
    def events_max(self) -> int:
        """The storm ends when so many events have happened."""
        ...

    @property
    def duration_us(self) -> Micros:
        """The storm ends when so much time has passed."""
        ...

    @property
    def plan(self) -> Sequence[Hashable]:
        """The faults."""
        ...


class World(Protocol):
    """A simulated cluster, as far as a run's course is concerned."""

    @property
    def scheduler(self) -> Scheduler:
        """What is to come."""
        ...

    @property
    def journal(self) -> Journal:
        """What has happened."""
        ...

    @property
    def panel(self) -> Panel:
        """The checkers."""
        ...

    def name_of(self, node_id: NodeId) -> str:
        """What people call that node; its number, if they do not call it anything."""
        ...


class Course(ABC):
    """One run of a scenario."""

    level: str

    def __init__(self, scenario: AnyScenario, world: World) -> None:
        self._limits = scenario
        self._world = world

    @property
    def journal(self) -> Journal:
        """The record; with `halt_at` set, the run ends there without a judgement."""
        return self._world.journal

    def run(self) -> RunResult:
        """From founding to judgement."""
        try:
            self._storm()
            self._calm()
            self._judge()
        except PropertyViolated as fault:
            self._break_off()
            return self.result(fault)
        except Halted:
            pass
        return self.result()

    @property
    @abstractmethod
    def node_names(self) -> Sequence[str]:
        """The machines that there are now."""

    @abstractmethod
    def describe_node(self, name: str) -> Sequence[str]:
        """All about one of these machines as it stands now, line by line."""

    @abstractmethod
    def standings(self) -> Sequence[Standing]:
        """How every machine that there is stands now."""

    def record(self) -> Recording:
        """Have a traced run recorded that has not begun yet."""
        recording = Recording(self)
        self.journal.listener = recording.moment
        return recording

    @abstractmethod
    def history_lines(self) -> Iterator[str]:
        """What clients saw, as `leto_sim.lincheck.history` writes it."""

    @abstractmethod
    def operations(self) -> Iterator[Asked]:
        """What clients asked for, answered or not, for the eyes."""

    def _storm(self) -> None:
        scheduler, journal = self._world.scheduler, self._world.journal
        duration_us, events_max = self._limits.duration_us, self._limits.events_max
        queue = scheduler.queue
        while scheduler.now < duration_us and journal.events < events_max:
            # `Scheduler.step`, written out: something is to come at every time.
            scheduler.now, _, perform, arguments = heappop(queue)
            perform(*arguments)

    @abstractmethod
    def _calm(self) -> None:
        """Heals everything; the cluster must recover."""

    @abstractmethod
    def _judge(self) -> None:
        """Looks at what the clients were told."""

    @abstractmethod
    def _break_off(self) -> None:
        """A property is violated, maybe in the middle of an event."""

    def result(self, fault: PropertyViolated | None = None) -> RunResult:
        """How the run stands; in the end, or for whoever drives it by hand."""
        journal, now = self._world.journal, self._world.scheduler.now
        violation = None
        if fault is not None:
            evidence = fault.evidence() if journal.is_traced else Evidence()
            violation = attrs.evolve(
                Violation.found(fault, event=journal.events, time_us=now, evidence=evidence),
                explanation=self._named(fault.explanation),
            )
        return RunResult(
            seed=self._limits.seed,
            level=self.level,
            events=journal.events,
            virtual_time_us=now,
            elections=self._world.panel.elections,
            commits=self._world.panel.commits,
            digest=journal.digest,
            violation=violation,
            last_events=journal.last_events,
            sometimes=self._world.panel.lookout.sometimes.counts,
        )

    def _named(self, explanation: str) -> str:
        """Checkers know nodes by their numbers, people by their names."""
        return _NODE_ID.sub(
            lambda found: self._world.name_of(NodeId(int(found.group()))), explanation
        )


class Begin(Protocol):
    """Makes a run."""

    def __call__(self, *, traced: bool) -> Course:
        """Always the same one, traced or not."""
        ...


def run_then_trace(begin: Begin) -> RunResult:
    """Runs; if a property is violated, once more to see the last events."""
    result = begin(traced=False).run()
    return result if result.violation is None else begin(traced=True).run()
