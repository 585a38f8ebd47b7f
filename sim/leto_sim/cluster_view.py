"""A cluster as its users see it: nodes by their names, to look at and to do things to.

Responsible for the surface that invariants, faults and tests of users stand on, at either
level. What a user need not know (processes, disks, sockets) stays behind it. It lets no
time pass: that is the run's, or `simulated_cluster`'s.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TypeVar

from leto.machine import StateMachine
from leto.raft.actions import RoleName
from leto.raft.status import Status
from leto.raft.types import Index, Micros, Term

MachineT = TypeVar("MachineT", bound=StateMachine)


class NodeDown(Exception):
    """The node does not run: it has neither a role nor a machine."""


class NodeView(ABC):
    """One node. What it says of itself can be asked only while it runs."""

    def __repr__(self) -> str:
        return f"<{self.name}: {self.role.value if self.is_running else 'down'}>"

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it."""

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether its process lives, paused or not, and has begun to take part."""

    @property
    @abstractmethod
    def is_paused(self) -> bool:
        """Whether it lives and gets no processor."""

    @property
    @abstractmethod
    def lives(self) -> int:
        """How often it was started."""

    @property
    def role(self) -> RoleName:
        """Its role (figure 3.3)."""
        return self._status.role

    @property
    def current_term(self) -> Term:
        """The latest term it has seen."""
        return self._status.current_term

    @property
    def commit_index(self) -> Index:
        """The highest entry that it knows to be committed."""
        return self._status.commit_index

    @property
    def last_applied(self) -> Index:
        """The highest entry that its machine has applied."""
        return self._status.last_applied

    @property
    def last_log_index(self) -> Index:
        """Where its log ends."""
        return self._status.last_log.index

    @property
    def members(self) -> Sequence[str]:
        """The names of the members, by the latest configuration in its log (§4.1)."""
        return [member.name for member in self._status.configuration.members]

    @property
    @abstractmethod
    def machine(self) -> StateMachine:
        """Its state machine. Look at it, do not change it."""

    def machine_as(self, kind: type[MachineT]) -> MachineT:
        """Its state machine, of which you know the class."""
        machine = self.machine
        assert isinstance(machine, kind), f"{self.name} has a {machine!r}, not a {kind.__name__}"
        return machine

    @property
    @abstractmethod
    def _status(self) -> Status:
        """What it says of itself; raises `NodeDown`."""


class ClusterView(ABC):
    """All nodes, the links between them, and what may be done to both."""

    # --- looking ------------------------------------------------------------------------

    @property
    @abstractmethod
    def now_us(self) -> Micros:
        """Virtual time since the beginning."""

    @property
    @abstractmethod
    def events(self) -> int:
        """How many events have happened."""

    @property
    @abstractmethod
    def nodes(self) -> Sequence[NodeView]:
        """Every node that is not gone for good, running or not."""

    @property
    def running(self) -> Sequence[NodeView]:
        """The nodes that run, paused or not."""
        return [node for node in self.nodes if node.is_running]

    @property
    @abstractmethod
    def leader(self) -> NodeView | None:
        """Who leads the latest term that has a leader."""

    @property
    @abstractmethod
    def commits(self) -> int:
        """How many entries are committed."""

    @abstractmethod
    def node(self, name: str) -> NodeView:
        """The node of that name.

        Raises:
            KeyError: there is none, or it is gone for good.
        """

    # --- nodes --------------------------------------------------------------------------

    @abstractmethod
    def crash(self, name: str) -> None:
        """Cuts its power: what its disk has not synced may be lost."""

    @abstractmethod
    def start(self, name: str) -> None:
        """Starts it from its disk, unless it runs."""

    @abstractmethod
    def pause(self, name: str) -> None:
        """It gets no processor; what happens meanwhile waits for it."""

    @abstractmethod
    def resume(self, name: str) -> None:
        """It goes on, late."""

    @abstractmethod
    def fail_disk(self, name: str) -> None:
        """Its next sync fails, and silences it: `start` it again."""

    @abstractmethod
    def stall_disk(self, name: str, for_us: Micros) -> None:
        """Its disk syncs nothing for a while."""

    @abstractmethod
    def fill_disk(self, name: str, *, is_full: bool = True) -> None:
        """Its disk has no room for commands any more, or has room again."""

    @abstractmethod
    def take_snapshot(self, name: str) -> None:
        """Somebody asks it for a snapshot."""

    # --- links --------------------------------------------------------------------------

    @abstractmethod
    def cut(self, source: str, target: str, *, one_way: bool = False) -> None:
        """Nothing arrives that the one sends to the other, nor back unless `one_way`."""

    def isolate(self, name: str) -> None:
        """Cuts it off from all others; clients still reach it."""
        self.partition([name], [node.name for node in self.nodes if node.name != name])

    @abstractmethod
    def partition(self, *groups: Iterable[str]) -> None:
        """Nothing arrives between different groups. Who is in none talks to all."""

    @abstractmethod
    def mend_links(self) -> None:
        """Undoes every `cut`, `isolate` and `partition`."""

    @abstractmethod
    def heal(self) -> None:
        """Mends links and disks, resumes who is paused, starts who is down."""

    # --- members ------------------------------------------------------------------------

    @property
    @abstractmethod
    def is_changing(self) -> bool:
        """Whether a membership change is under way."""

    @abstractmethod
    def add_node(self) -> None:
        """Has a blank node join, unless nobody leads or another change is under way.

        At server level there is a node on each machine already: nothing happens.
        """

    @abstractmethod
    def remove_node(self, name: str) -> None:
        """Removes it, unless too few voters would be left, or another change is under way.

        At server level its machine comes back with a blank one.
        """

    @abstractmethod
    def lose_disk(self, name: str) -> None:
        """Its data is gone, and a stranger takes its name; not where that costs what was
        acknowledged.
        """

    @abstractmethod
    def transfer_leadership(self, to: str | None = None) -> None:
        """Asks the leader, if there is one, to hand over: to whom it likes, if not to a name."""


def pairs_between(groups: Iterable[Iterable[str]]) -> Sequence[tuple[str, str]]:
    """Who of a partition's groups must not hear of whom: sources and targets."""
    sides = [list(group) for group in groups]
    return [
        (source, target)
        for side in sides
        for other in sides
        if other is not side
        for source in side
        for target in other
    ]
