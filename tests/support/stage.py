"""Nodes on a stage: what each does is written down, and the network obeys the script.

Responsible for the network (what waits, is held, lost or repeated), for one clock
that all share, and for crashes and new lives. Disks and state machines are each
`Host`'s own. What commands exist is `tests.support.script`.
"""

from collections.abc import Callable, Iterable, Sequence

import attrs

from leto.raft.actions import Action, AnnounceRole
from leto.raft.config import Config
from leto.raft.entries import Restored
from leto.raft.events import Event, TimerFired
from leto.raft.messages import Message
from leto.raft.types import Micros, NodeId
from tests.support import words
from tests.support.hosts import Disk, Host


class Actor(Host):
    """A host that writes down what it orders."""

    def __init__(
        self,
        restored: Restored,
        config: Config,
        tell: Callable[[str], None],
        *,
        now: Micros = 0,
        disk: Disk | None = None,
        traced: bool = False,
    ) -> None:
        self._tell = tell
        self._role = "follower"
        self._commit_index = 0
        seed = restored.node_id + restored.incarnation
        super().__init__(restored, config, seed=seed, now=now, traced=traced)
        if disk is not None:
            self.disk.contents, self.disk.receiving = disk.contents, disk.receiving

    @property
    def name(self) -> str:
        return words.of_node(self.id)

    def handle(self, event: Event, *, after: Micros = 0) -> Sequence[Action]:
        """Say what follows from an event, the cause before the effects."""
        actions = super().handle(event, after=after)
        for action in actions:
            if isinstance(action, AnnounceRole):
                self._tell(self._of_role(action))
        if self.status.commit_index != self._commit_index:
            self._commit_index = self.status.commit_index
            self._tell(f"{self.name} commits up to {self._commit_index}")
        for action in actions:
            if not isinstance(action, AnnounceRole):
                self._tell(words.of_action(self.name, action, self.now))
        return actions

    def _of_role(self, action: AnnounceRole) -> str:
        before, self._role = self._role, action.role.value
        followed = action.role.value == "follower" and action.leader is not None
        of_leader = f" of {words.of_node(action.leader)}" if followed else ""
        change = self._role if before == self._role else f"{before} -> {self._role}"
        return f"{self.name}@{action.term} {change}{of_leader}"


@attrs.define(eq=False)
class Letter:
    """A message on its way."""

    sender: NodeId
    to: NodeId
    words: str
    deliver: Callable[[], object]

    @property
    def kind(self) -> str:
        return self.words.partition("@")[0]


@attrs.define
class Stage:
    """The cast, the letters between them, and the trace."""

    trace: list[str] = attrs.field(factory=list[str])
    now: Micros = 0
    hosts: dict[NodeId, Actor] = attrs.field(factory=dict[NodeId, Actor])
    crashed: dict[NodeId, Actor] = attrs.field(factory=dict[NodeId, Actor])
    letters: list[Letter] = attrs.field(factory=list[Letter])
    held: list[Callable[[Letter], bool]] = attrs.field(factory=list[Callable[[Letter], bool]])
    groups: list[frozenset[NodeId]] = attrs.field(factory=list[frozenset[NodeId]])
    traced: frozenset[NodeId] = frozenset()

    def tell(self, line: str) -> None:
        """Write a line of the trace."""
        self.trace.append(line)

    def enter(self, restored: Restored, config: Config, disk: Disk | None = None) -> None:
        """A node begins a life."""
        traced = restored.node_id in self.traced
        host = Actor(restored, config, self.tell, now=self.now, disk=disk, traced=traced)
        self.hosts[host.id] = host
        self.hosts = dict(sorted(self.hosts.items()))

    def crash(self, node_id: NodeId) -> None:
        """A node loses what is not on its disk; what it has sent may still arrive."""
        self.collect()
        self.crashed[node_id] = self.hosts.pop(node_id)

    def restart(self, node_id: NodeId) -> None:
        """It begins anew with what its disk held."""
        former = self.crashed.pop(node_id)
        self.enter(former.restored, former.config, former.disk)

    # --- time -------------------------------------------------------------------------

    def pass_time(self, duration_us: Micros) -> None:
        """Time passes, and nobody's timer is looked at: a pause of all."""
        self.now += duration_us
        for host in self.hosts.values():
            host.now = self.now

    def tick(self, host: Actor) -> None:
        """Time passes until this node's deadline, and its timer fires; the others' do not."""
        self.pass_time(max(0, host.deadline - self.now))
        host.handle(TimerFired())

    def run_for(self, duration_us: Micros) -> None:
        """Time passes, timers fire, and everything settles at once after each."""
        end = self.now + duration_us
        while True:
            due = min(self._living(), key=lambda host: (host.deadline, host.id), default=None)
            if due is None or due.deadline > end:
                self.pass_time(end - self.now)
                return
            self.tick(due)
            self.settle()

    def _living(self) -> list[Actor]:
        return [host for host in self.hosts.values() if host.node.deadline is not None]

    # --- the network ------------------------------------------------------------------

    def collect(self) -> None:
        """What the nodes have sent is on its way; what cannot arrive is lost at once."""
        for host in self.hosts.values():
            outbox, host.outbox = host.outbox, []
            for send in outbox:
                message, sender, to = send.message, host.id, send.to

                def deliver(
                    to: NodeId = to,
                    sender: NodeId = sender,
                    message: Message = message,
                ) -> None:
                    if to in self.hosts:
                        self.hosts[to].receive(sender, message)

                if self._is_connected(sender, to):
                    self.letters.append(Letter(sender, to, words.of_message(message), deliver))

    def _is_connected(self, one: NodeId, other: NodeId) -> bool:
        return not self.groups or any({one, other} <= group for group in self.groups)

    def take(self, wanted: Callable[[Letter], bool], count_max: int | None = None) -> list[Letter]:
        """Take the letters that wait and are wanted off the network, the oldest if not all."""
        self.collect()
        taken = [letter for letter in self.letters if wanted(letter)][:count_max]
        self.letters = [letter for letter in self.letters if letter not in taken]
        return taken

    def deliver(self, wanted: Callable[[Letter], bool], count_max: int | None = None) -> bool:
        """Deliver what is wanted now, not what comes of it. Whether there was anything."""
        letters = self.take(lambda letter: wanted(letter) and not self._is_held(letter), count_max)
        for letter in letters:
            letter.deliver()
        return bool(letters)

    def _is_held(self, letter: Letter) -> bool:
        return any(holds(letter) for holds in self.held)

    def partition(self, groups: Iterable[frozenset[NodeId]]) -> None:
        """Only within a group does anything arrive; a node may be in two."""
        self.groups = list(groups)
        self.collect()
        self.take(lambda letter: not self._is_connected(letter.sender, letter.to))

    def settle(self) -> None:
        """Work and deliver until nothing is left but what is held; no time passes."""
        for _ in range(1000):
            worked = [host.work() for host in self.hosts.values()]
            if not any([*worked, self.deliver(lambda _: True)]):
                return
        raise AssertionError("the cluster talks for ever")
