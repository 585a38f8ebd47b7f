"""A replicated counter on trio: `counter_asyncio` in another dialect. Run it the same way."""

import contextlib
import math
import random
import tempfile
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import trio

from examples import peers
from examples.applier import Applier, Request, now_us, proposal, seconds_until, whoever_can
from examples.counter import Counter, decoded, encoded
from examples.disk import Disk, Done, Order, found
from leto.raft import Config, Node
from leto.raft import actions as act
from leto.raft import events as ev
from leto.raft.configuration import Member
from leto.wire import encode


class CounterNode:
    """One node. `run` serves until `power` is cancelled, which is as good as pulling the plug."""

    def __init__(self, directory: Path) -> None:
        self.disk = Disk(directory)
        self.raft = Node(Config(), self.disk.restored, random.Random())
        self.applier = Applier(Counter())
        self.power = trio.CancelScope()
        self.tell, self.events = trio.open_memory_channel[ev.Event | Done](math.inf)
        self.order_disk, self.disk_orders = trio.open_memory_channel[Order](math.inf)
        ids = [member.node_id for member in peers.others(self.raft)]
        self.outboxes = {to: trio.open_memory_channel[bytes](1_000) for to in ids}

    async def add(self, number: int) -> int:
        """Add to the counter, on the leader; its new value, once a majority has it on disk."""
        return decoded(await self.ask(proposal(encoded(number))))

    async def value(self) -> int:
        """The counter, on any node: never older than what any node has acknowledged."""
        return decoded(await self.ask(ev.ReadRequested))

    async def ask(self, request: Request) -> bytes:
        """Tell the core what is wanted; the answer comes as an action."""
        answer, answered = Future[bytes](), trio.Event()
        answer.add_done_callback(lambda _: answered.set())
        self.tell.send_nowait(self.applier.request(request, answer))
        await answered.wait()
        return answer.result()

    async def drive(self) -> None:
        """Events in, actions out."""
        while True:
            event = self.applier.restored(await self.next_event())
            for action in self.raft.handle(event, now_us()):
                self.perform(action)

    async def next_event(self) -> ev.Event | Done:
        """What happens next; or that nothing did, and the deadline has come."""
        with trio.move_on_after(seconds_until(self.raft.deadline)):
            return await self.events.receive()
        return ev.TimerFired()

    def perform(self, action: act.Action) -> None:
        """Do what the core orders. There is no order to get wrong, and nothing to wait for."""
        match action:
            case act.Send(to=to, message=message):
                with contextlib.suppress(KeyError, trio.WouldBlock):  # it may be lost
                    self.outboxes[to][0].send_nowait(encode(message))
            case act.Apply():
                self.tell.send_nowait(self.applier.apply(action))
            case act.Answer():
                self.applier.settle(action)
            case act.AnnounceRole() | act.Trace():
                pass
            case act.FailStop(reason=reason):
                raise OSError(reason)
            case _:  # the disk's: Write, TakeSnapshot, RestoreSnapshot, ReadSnapshotChunk, Compact
                self.order_disk.send_nowait(self.applier.frozen(action))

    async def run(self) -> None:
        """Serve until the power is cut."""
        try:
            with self.power:
                async with trio.open_nursery() as tasks:
                    for member in peers.others(self.raft):
                        tasks.start_soon(self.send_to, member)
                    host, port = peers.where(self.raft)
                    tasks.start_soon(partial(trio.serve_tcp, self.receive, port, host=host))
                    tasks.start_soon(self.use_disk)
                    await self.drive()
        finally:
            self.disk.close()

    async def use_disk(self) -> None:
        """One order after the other, each in a thread, since it blocks."""

        def done(event: Done) -> None:
            trio.from_thread.run_sync(self.tell.send_nowait, event)

        async for order in self.disk_orders:
            await trio.to_thread.run_sync(self.disk.perform, order, done)

    async def receive(self, stream: trio.SocketStream) -> None:
        """One connection that another node has dialled."""
        inbox = peers.Inbox(peers.hello(self.disk))
        with contextlib.suppress(OSError, trio.BrokenResourceError):
            async for data in stream:
                for event in inbox.feed(bytes(data)):
                    self.tell.send_nowait(event)

    async def send_to(self, member: Member) -> None:
        """Keep a connection to one other node, and send what there is."""
        while True:
            with contextlib.suppress(OSError, trio.BrokenResourceError):
                async with await trio.open_tcp_stream(*peers.host_and_port(member)) as stream:
                    await stream.send_all(peers.greeting(self.disk))
                    async for data in self.outboxes[member.node_id][1]:
                        await stream.send_all(data)
            await trio.sleep(0.1)


async def main(root: Path) -> None:
    """Count to twenty; at ten the leader is killed, and comes back at the end."""
    found(root, {name: peers.free_address() for name in ("a", "b", "c")})
    nodes = [CounterNode(root / name) for name in ("a", "b", "c")]
    async with trio.open_nursery() as cluster:
        for node in nodes:
            cluster.start_soon(node.run)
        for _ in range(10):
            await whoever_can(nodes, lambda node: node.add(1), trio.sleep)
        killed = next(node for node in nodes if peers.is_leading(node.raft))
        killed.power.cancel()
        nodes.remove(killed)
        for _ in range(10):
            await whoever_can(nodes, lambda node: node.add(1), trio.sleep)
        again = CounterNode(root / killed.disk.name)
        cluster.start_soon(again.run)
        total = await whoever_can([again], lambda node: node.value(), trio.sleep)
        print(f"{again.disk.name} led, was killed, is back from its disk, and counts {total}")
        cluster.cancel_scope.cancel()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        trio.run(main, Path(scratch))
