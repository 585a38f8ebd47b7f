"""What a level of simulation offers to whoever drives a cluster by hand.

Responsible for that surface, and for how it is told what became of a command. Time and
patience are `simulated_cluster`'s, which is the same at every level; what a request is,
each level knows itself.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol, TypeAlias

import attrs

from leto.machine import StateMachine
from leto.resp import Reply
from leto_sim.cluster_view import ClusterView
from leto_sim.course import AnyScenario, Course
from leto_sim.scheduler import Scheduler
from leto_sim.workloads import CommandWorkload

HAND_WORKLOAD: Final = CommandWorkload(commands=())
"""Nobody asks for anything by itself; commands are numbered all the same."""


class NotApplied(Exception):
    """The request was certainly not carried out; `leader` is whom to ask instead, if known."""

    def __init__(self, what: str, leader: str | None) -> None:
        super().__init__(f"{what}; ask {leader or 'again, nobody knows a leader'}")
        self.leader = leader


class MaybeApplied(Exception):
    """Nobody knows whether the command was, or will be, applied."""


Answer: TypeAlias = bytes | NotApplied | MaybeApplied


@attrs.define(eq=False)
class Pending:
    """A command under way. `result` is set once it is applied where it was proposed."""

    command: bytes
    is_settled: bool = False
    result: bytes | None = None
    error: Exception | None = None

    def settle(self, answer: Answer) -> None:
        """It has come to that. Only the first answer counts."""
        if self.is_settled:
            return
        self.is_settled = True
        if isinstance(answer, bytes):
            self.result = answer
        else:
            self.error = answer


class Hand(Protocol):
    """A run that nobody ends: things happen to it one at a time.

    Whoever is asked for something runs: the caller sees to that.
    """

    @property
    def scenario(self) -> AnyScenario:
        """What it is made of."""
        ...

    @property
    def course(self) -> Course:
        """The run, to be recorded and shown."""
        ...

    @property
    def view(self) -> ClusterView:
        """Its nodes and links."""
        ...

    @property
    def scheduler(self) -> Scheduler:
        """What is to come."""
        ...

    @property
    def is_founded(self) -> bool:
        """Whether all who found the cluster are members of it."""
        ...

    @property
    def ready_leader(self) -> str | None:
        """Who leads and has committed an entry of its term."""
        ...

    @property
    def is_quiet(self) -> bool:
        """Whether all who run have applied all there is, and no member comes or goes."""
        ...

    def contents(self) -> Collection[bytes]:
        """The contents of the machines that run: of equal ones, one."""
        ...

    def propose(self, name: str, command: bytes, answered: Callable[[Answer], None]) -> None:
        """Has a node propose it. Whoever never learns the outcome may be told so late."""
        ...

    def read(self, name: str, told: Callable[[StateMachine | NotApplied], None]) -> None:
        """Asks a node for leave to read its machine (§6.4), which is handed over."""
        ...

    def command(
        self, words: Sequence[bytes], name: str | None, told: Callable[[Reply], None]
    ) -> Callable[[], None]:
        """Sends a command in the Redis protocol, to that node, or around until it is dealt with.

        What it returns hangs up.
        """
        ...

    def strike(self, fault: object) -> None:
        """Lets one of Leto's own faults happen now; of others it raises a `TypeError`."""
        ...
