"""A replicated counter in a synchronous loop: a game's, a simulation's, a test's.

No thread, no socket, nothing asynchronous: each time round, a node takes in what has come and
does what is due. Here three of them live in one process and hand each other their messages; the
disk is real, and a frame waits for it. `python -m examples.counter_loop`
"""

import contextlib
import itertools
import random
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias

from examples.applier import Applier, NotDone, Request, now_us, proposal
from examples.counter import Counter, decoded, encoded
from examples.disk import Disk, Done, found
from leto.raft import Config, Node
from leto.raft import actions as act
from leto.raft import events as ev
from leto.raft.types import NodeId

FRAME_S = 1 / 60

Mailboxes: TypeAlias = dict[NodeId, deque[ev.Event | Done]]


class CounterNode:
    """One node: it does nothing unless somebody calls `frame`."""

    def __init__(self, directory: Path, network: Mailboxes) -> None:
        self.disk = Disk(directory)
        self.raft = Node(Config(), self.disk.restored, random.Random())
        self.applier = Applier(Counter())
        self.events = deque[ev.Event | Done]()
        self.network = network
        self.network[self.raft.status.node_id] = self.events

    def add(self, number: int) -> Future[bytes]:
        """Add to the counter, on the leader; its new value, once a majority has it on disk."""
        return self.ask(proposal(encoded(number)))

    def value(self) -> Future[bytes]:
        """The counter, on any node: never older than what any node has acknowledged."""
        return self.ask(ev.ReadRequested)

    def ask(self, request: Request) -> Future[bytes]:
        """Tell the core what is wanted; the answer comes as an action, in a later frame."""
        answer = Future[bytes]()
        self.events.append(self.applier.request(request, answer))
        return answer

    def frame(self) -> None:
        """Do what there is to do, and return."""
        while self.events:
            self.handle(self.applier.restored(self.events.popleft()))
        if self.raft.deadline is not None and self.raft.deadline <= now_us():
            self.handle(ev.TimerFired())

    def handle(self, event: ev.Event) -> None:
        """One event in, the actions that follow from it out."""
        for action in self.raft.handle(event, now_us()):
            self.perform(action)

    def perform(self, action: act.Action) -> None:
        """Do what the core orders. There is no order to get wrong, and nothing to wait for."""
        match action:
            case act.Send(to=to, message=message):
                with contextlib.suppress(KeyError):  # it may be lost
                    self.network[to].append(ev.MessageReceived(self.raft.status.node_id, message))
            case act.Apply():
                self.events.append(self.applier.apply(action))
            case act.Answer():
                self.applier.settle(action)
            case act.AnnounceRole() | act.Trace():
                pass
            case act.FailStop(reason=reason):
                raise OSError(reason)
            case _:  # the disk's: Write, TakeSnapshot, RestoreSnapshot, ReadSnapshotChunk, Compact
                self.disk.perform(self.applier.frozen(action), self.events.append)

    def stop(self) -> None:
        """No message reaches it any more, and it does nothing more."""
        del self.network[self.raft.status.node_id]
        self.disk.close()


class Game:
    """The loop: so many frames a second, of which the nodes get their share."""

    def __init__(self, nodes: Iterable[CounterNode]) -> None:
        self.nodes = list(nodes)

    def frame(self) -> None:
        """Move the world, draw it, and let the nodes do what they have to."""
        for node in self.nodes:
            node.frame()
        time.sleep(FRAME_S)

    def play_until_done(
        self, nodes: Iterable[CounterNode], ask: Callable[[CounterNode], Future[bytes]]
    ) -> int:
        """Ask one node after the other, frame by frame, until one does it."""
        for node in itertools.cycle(nodes):
            answer = ask(node)
            while not answer.done():
                self.frame()
            try:
                return decoded(answer.result())
            except NotDone as refusal:
                if not refusal.is_safe_to_repeat:
                    raise
        raise AssertionError("there is no node to ask")


def main(root: Path) -> None:
    """Count to twenty; at ten the leader is killed, and comes back at the end."""
    found(root, {name: f"mailbox-{name}" for name in ("a", "b", "c")})
    network: Mailboxes = {}
    game = Game(CounterNode(root / name, network) for name in ("a", "b", "c"))
    for _ in range(10):
        game.play_until_done(game.nodes, lambda node: node.add(1))
    killed = next(node for node in game.nodes if node.raft.status.is_ready)
    game.nodes.remove(killed)
    killed.stop()
    for _ in range(10):
        game.play_until_done(game.nodes, lambda node: node.add(1))
    again = CounterNode(root / killed.disk.name, network)
    game.nodes.append(again)
    total = game.play_until_done([again], lambda node: node.value())
    print(f"{again.disk.name} led, was killed, is back from its disk, and counts {total}")
    for node in game.nodes:
        node.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
