"""The consensus core on somebody else's simulator: detangle's asyncio loop and mailboxes.

Responsible for the smallest driver of `leto.raft` that runs there, as a user of detangle
would write it: a task and a mailbox for each node, sleeping tasks for its disk and its
state machine, a client that proposes. Nothing fails and nothing is checked: what is
measured is what a step of the world costs beside the same core.
"""

import asyncio
import random
import time
from functools import partial

import attrs
import detangle

from leto.raft import Config, Node
from leto.raft.actions import Action, Apply, Send, Write
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Restored, SnapshotMark
from leto.raft.events import (
    Applied,
    CommandsProposed,
    Event,
    MessageReceived,
    Proposal,
    TimerFired,
    Written,
)
from leto.raft.types import NodeId

_PORT = 1
_DISK_S, _MACHINE_S, _THINKING_S = 0.001, 0.0001, 0.010
_US = 1_000_000


@attrs.frozen
class Driven:
    """What happened there."""

    events: int  # told to the nodes
    steps: int  # of the loop
    cpu_s: float


@attrs.define(eq=False)
class _Host:
    """A node, its mailbox and its timer."""

    node: Node
    mailbox: "detangle.net.Mailbox"
    names: dict[NodeId, str]
    events: int = 0
    timer: asyncio.TimerHandle | None = None

    def tell(self, event: Event) -> None:
        """Something has happened."""
        loop = asyncio.get_running_loop()
        self.events += 1
        for action in self.node.handle(event, round(loop.time() * _US)):
            self._perform(loop, action)
        if self.timer is not None:
            self.timer.cancel()
        deadline = self.node.deadline
        if deadline is not None:
            self.timer = loop.call_at(deadline / _US, self.tell, TimerFired())

    async def serve(self) -> None:
        """Hears what the others say."""
        senders = {name: node_id for node_id, name in self.names.items()}
        while True:
            message, (host, _) = await self.mailbox.recv()
            self.tell(MessageReceived(senders[host], message))

    def _perform(self, loop: asyncio.AbstractEventLoop, action: Action) -> None:
        match action:
            case Send(to=to, message=message):
                self.mailbox.send((self.names[to], _PORT), message)
            case Write(seq=seq):
                loop.call_later(_DISK_S, self.tell, Written(seq))
            case Apply(entries=entries):
                loop.call_later(_MACHINE_S, self.tell, Applied(entries[-1].id.index))
            case _:
                pass  # answers and announcements: nobody listens here


async def _cluster(nodes: int, virtual_s: float) -> int:
    names = {NodeId(number): f"id{number}" for number in range(1, nodes + 1)}
    members = [Member(node_id=node_id, name=name, address=name) for node_id, name in names.items()]
    founding = SnapshotMark(configuration=Configuration(tuple(members)))
    hosts: list[_Host] = []
    for node_id, name in names.items():
        restored = Restored(node_id=node_id, incarnation=1, snapshot=founding)
        mailbox = detangle.network().mailbox(_PORT, host=name)
        node = Node(Config(heartbeat_interval_us=50_000), restored, random.Random(node_id))
        hosts.append(_Host(node, mailbox, names))
    tasks = [detangle.spawn(host.serve(), host=host.mailbox.host) for host in hosts]
    for host in hosts:
        host.tell(TimerFired())
    for number in range(int(virtual_s / _THINKING_S)):
        await asyncio.sleep(_THINKING_S)
        for host in hosts:
            if host.node.status.is_ready:
                host.tell(CommandsProposed((Proposal(number, b"%d" % number),)))
    for task in tasks:
        task.cancel()
    return sum(host.events for host in hosts)


def drive(nodes: int, virtual_s: float, seed: int, *, copies: bool) -> Driven:
    """Runs a cluster there for so long, with or without a copy of every message."""
    config = detangle.SimConfig(
        max_steps=10_000_000, net=detangle.NetConfig(copy_messages=copies), check_leaks=False
    )
    strategy = detangle.RandomWalk(seed)
    strategy.start(0)
    began = time.process_time()
    result = detangle.execute(partial(_cluster, nodes, virtual_s), config=config, strategy=strategy)
    cpu_s = time.process_time() - began
    if result.failure is not None:
        raise RuntimeError(result.failure.message)
    return Driven(int(result.value), result.steps, cpu_s)
