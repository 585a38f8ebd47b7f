"""A replicated counter on plain threads: three nodes, over TCP, each with its log on disk.

One drives the core, one uses the disk, and one a connection carries bytes; all that they share
is queues. `python -m examples.counter_threads`
"""

import contextlib
import queue
import random
import socket
import tempfile
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Thread

from examples import peers
from examples.applier import Applier, Request, now_us, proposal, seconds_until, whoever_can_now
from examples.counter import Counter, decoded, encoded
from examples.disk import Disk, Done, Order, found
from leto.raft import Config, Node
from leto.raft import actions as act
from leto.raft import events as ev
from leto.raft.configuration import Member
from leto.wire import encode


class CounterNode:
    """One node, until `stop`, which is as good as pulling the plug."""

    def __init__(self, directory: Path) -> None:
        self.disk = Disk(directory)
        self.raft = Node(Config(), self.disk.restored, random.Random())
        self.applier = Applier(Counter())
        self.events = queue.SimpleQueue[ev.Event | Done]()
        self.disk_orders = queue.SimpleQueue[Order | None]()  # None: there will be no more
        self.outboxes = {m.node_id: queue.Queue[bytes](1_000) for m in peers.others(self.raft)}
        self.stopped = Event()
        self.threads = [Thread(target=job) for job in (self.drive, self.use_disk, self.listen)]
        self.threads += [Thread(target=self.send_to, args=(m,)) for m in peers.others(self.raft)]
        for thread in self.threads:
            thread.start()

    def add(self, number: int) -> int:
        """Add to the counter, on the leader; its new value, once a majority has it on disk."""
        return decoded(self.ask(proposal(encoded(number))))

    def value(self) -> int:
        """The counter, on any node: never older than what any node has acknowledged."""
        return decoded(self.ask(ev.ReadRequested))

    def ask(self, request: Request) -> bytes:
        """Tell the core what is wanted; the answer comes as an action."""
        answer = Future[bytes]()
        self.events.put(self.applier.request(request, answer))
        return answer.result()

    def stop(self) -> None:
        """End all threads."""
        self.stopped.set()
        self.events.put(ev.TimerFired())  # wakes the driver
        for thread in self.threads:
            thread.join()
        self.disk.close()

    def drive(self) -> None:
        """Events in, actions out."""
        while not self.stopped.is_set():
            event = self.applier.restored(self.next_event())
            for action in self.raft.handle(event, now_us()):
                self.perform(action)
        self.disk_orders.put(None)

    def next_event(self) -> ev.Event | Done:
        """What happens next; or that nothing did, and the deadline has come."""
        try:
            return self.events.get(timeout=seconds_until(self.raft.deadline))
        except queue.Empty:
            return ev.TimerFired()

    def perform(self, action: act.Action) -> None:
        """Do what the core orders. There is no order to get wrong, and nothing to wait for."""
        match action:
            case act.Send(to=to, message=message):
                with contextlib.suppress(KeyError, queue.Full):  # it may be lost
                    self.outboxes[to].put_nowait(encode(message))
            case act.Apply():
                self.events.put(self.applier.apply(action))
            case act.Answer():
                self.applier.settle(action)
            case act.AnnounceRole() | act.Trace():
                pass
            case act.FailStop(reason=reason):
                raise OSError(reason)
            case _:  # the disk's: Write, TakeSnapshot, RestoreSnapshot, ReadSnapshotChunk, Compact
                self.disk_orders.put(self.applier.frozen(action))

    def use_disk(self) -> None:
        """One order after the other; what comes of it is an event like any other."""
        while (order := self.disk_orders.get()) is not None:
            self.disk.perform(order, self.events.put)

    def listen(self) -> None:
        """Take in whoever dials us, each in a thread."""
        with socket.create_server(peers.where(self.raft)) as listener:
            listener.settimeout(0.1)
            while not self.stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    Thread(target=self.receive, args=listener.accept()[:1], daemon=True).start()

    def receive(self, connection: socket.socket) -> None:
        """One connection that another node has dialled."""
        inbox = peers.Inbox(peers.hello(self.disk))
        with connection, contextlib.suppress(OSError):
            while (data := connection.recv(65536)) and not self.stopped.is_set():
                for event in inbox.feed(data):
                    self.events.put(event)

    def send_to(self, member: Member) -> None:
        """Keep a connection to one other node, and send what there is."""
        while not self.stopped.wait(0.1):
            with contextlib.suppress(OSError), socket.socket() as connection:
                connection.connect(peers.host_and_port(member))
                connection.sendall(peers.greeting(self.disk))
                while not self.stopped.is_set():
                    with contextlib.suppress(queue.Empty):
                        connection.sendall(self.outboxes[member.node_id].get(timeout=0.1))


def main(root: Path) -> None:
    """Count to twenty; at ten the leader is killed, and comes back at the end."""
    found(root, {name: peers.free_address() for name in ("a", "b", "c")})
    nodes = [CounterNode(root / name) for name in ("a", "b", "c")]
    for _ in range(10):
        whoever_can_now(nodes, lambda node: node.add(1))
    killed = next(node for node in nodes if peers.is_leading(node.raft))
    killed.stop()
    nodes.remove(killed)
    for _ in range(10):
        whoever_can_now(nodes, lambda node: node.add(1))
    nodes.append(again := CounterNode(root / killed.disk.name))
    total = whoever_can_now([again], lambda node: node.value())
    print(f"{again.disk.name} led, was killed, is back from its disk, and counts {total}")
    for node in nodes:
        node.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
