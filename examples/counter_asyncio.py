"""A replicated counter on asyncio: three nodes, over TCP, each with its log on disk.

A driver has three duties, and they are the parts of `CounterNode`: tell the core what
happens, one event at a time (`drive`); perform what it orders (`perform`), at once and in any
way that suits; and carry bytes (`receive`, `send_to`). `python -m examples.counter_asyncio`
"""

import asyncio
import contextlib
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from examples import peers
from examples.applier import Applier, Request, now_us, proposal, seconds_until, whoever_can
from examples.counter import Counter, decoded, encoded
from examples.disk import Disk, Done, found
from leto.raft import Config, Node
from leto.raft import actions as act
from leto.raft import events as ev
from leto.raft.configuration import Member
from leto.wire import encode


class CounterNode:
    """One node. `run` serves until it is cancelled, which is as good as pulling the plug."""

    def __init__(self, directory: Path) -> None:
        self.disk = Disk(directory)
        self.disk_thread = ThreadPoolExecutor(max_workers=1)  # one: writes keep their order
        self.raft = Node(Config(), self.disk.restored, random.Random())
        self.applier = Applier(Counter())
        self.events = asyncio.Queue[ev.Event | Done]()
        self.loop = asyncio.get_running_loop()
        self.outboxes = {m.node_id: asyncio.Queue[bytes](1_000) for m in peers.others(self.raft)}

    async def add(self, number: int) -> int:
        """Add to the counter, on the leader; its new value, once a majority has it on disk."""
        return decoded(await self.ask(proposal(encoded(number))))

    async def value(self) -> int:
        """The counter, on any node: never older than what any node has acknowledged."""
        return decoded(await self.ask(ev.ReadRequested))

    def ask(self, request: Request) -> asyncio.Future[bytes]:
        """Tell the core what is wanted; the answer comes as an action."""
        answer = self.loop.create_future()
        self.events.put_nowait(self.applier.request(request, answer))
        return answer

    async def drive(self) -> None:
        """Events in, actions out."""
        while True:
            event = self.applier.restored(await self.next_event())
            for action in self.raft.handle(event, now_us()):
                self.perform(action)

    async def next_event(self) -> ev.Event | Done:
        """What happens next; or that nothing did, and the deadline has come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds_until(self.raft.deadline)):
                return await self.events.get()
        return ev.TimerFired()

    def perform(self, action: act.Action) -> None:
        """Do what the core orders. There is no order to get wrong, and nothing to wait for."""
        match action:
            case act.Send(to=to, message=message):
                with contextlib.suppress(KeyError, asyncio.QueueFull):  # it may be lost
                    self.outboxes[to].put_nowait(encode(message))
            case act.Apply():
                self.events.put_nowait(self.applier.apply(action))
            case act.Answer():
                self.applier.settle(action)
            case act.AnnounceRole() | act.Trace():
                pass
            case act.FailStop(reason=reason):
                raise OSError(reason)
            case _:  # the disk's: Write, TakeSnapshot, RestoreSnapshot, ReadSnapshotChunk, Compact
                order = self.applier.frozen(action)
                self.disk_thread.submit(self.disk.perform, order, self.disk_done)

    def disk_done(self, done: Done) -> None:
        """The disk thread says: an event like any other."""
        self.loop.call_soon_threadsafe(self.events.put_nowait, done)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for member in peers.others(self.raft):
                    tasks.create_task(self.send_to(member))
                async with await asyncio.start_server(
                    lambda reader, writer: tasks.create_task(self.receive(reader, writer)),
                    *peers.where(self.raft),
                ):
                    await self.drive()
        finally:
            self.disk_thread.shutdown()
            self.disk.close()

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection that another node has dialled."""
        inbox = peers.Inbox(peers.hello(self.disk))
        with contextlib.closing(writer), contextlib.suppress(OSError):
            while data := await reader.read(65536):
                for event in inbox.feed(data):
                    self.events.put_nowait(event)

    async def send_to(self, member: Member) -> None:
        """Keep a connection to one other node, and send what there is."""
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(*peers.host_and_port(member))
                with contextlib.closing(writer):
                    writer.write(peers.greeting(self.disk))
                    while True:
                        writer.write(await self.outboxes[member.node_id].get())
                        await writer.drain()
            await asyncio.sleep(0.1)


async def main(root: Path) -> None:
    """Count to twenty; at ten the leader is killed, and comes back at the end."""
    found(root, {name: peers.free_address() for name in ("a", "b", "c")})
    nodes = [CounterNode(root / name) for name in ("a", "b", "c")]
    runs = {node.disk.name: asyncio.create_task(node.run()) for node in nodes}
    for _ in range(10):
        await whoever_can(nodes, lambda node: node.add(1), asyncio.sleep)
    killed = next(node for node in nodes if peers.is_leading(node.raft))
    runs[killed.disk.name].cancel()
    await asyncio.wait([runs[killed.disk.name]])
    nodes.remove(killed)
    for _ in range(10):
        await whoever_can(nodes, lambda node: node.add(1), asyncio.sleep)
    again = CounterNode(root / killed.disk.name)
    runs[again.disk.name] = asyncio.create_task(again.run())
    total = await whoever_can([again], lambda node: node.value(), asyncio.sleep)
    print(f"{again.disk.name} led, was killed, is back from its disk, and counts {total}")
    for run in runs.values():
        run.cancel()
    await asyncio.wait(runs.values())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(main(Path(scratch)))
