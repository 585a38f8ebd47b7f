"""What is the same for every driver: requests and their answers, and the state machine.

It blocks nowhere and knows no driver. All but `request` is called from the one place that
calls `Node.handle`, so the state machine is never touched by two threads.
"""

import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias, TypeVar

from examples.disk import Content, Done, Order
from leto.machine import StateMachine
from leto.raft.actions import Answer, Apply, Committed, Readable, Refused, TakeSnapshot
from leto.raft.entries import Command
from leto.raft.events import Applied, CommandsProposed, Event, Proposal, SnapshotRestored
from leto.raft.types import EntryId, Micros, RequestId

NodeT = TypeVar("NodeT")
Request: TypeAlias = Callable[[RequestId], Event]  # `ReadRequested` is one; `proposal` makes one

RETRY_S = 0.05
IDLE_S = 3_600.0


class NotDone(Exception):
    """What a caller is told instead of a result: a `Refused`, or an `Unknown`.

    Refused is certainly not done, so another node may be asked. Unknown may still happen: a
    program that must not count twice wraps its machine in `leto.sessions.Sessions`.
    """

    @property
    def is_safe_to_repeat(self) -> bool:
        """Whether it was certainly not done."""
        return isinstance(self.args[0], Refused)


class Waiting(Protocol):
    """Whoever waits for an answer: a future of asyncio's, of threads, or the like."""

    def cancelled(self) -> bool:
        """Whether nobody waits any more."""
        ...

    def set_result(self, result: bytes, /) -> None:
        """It was done."""
        ...

    def set_exception(self, exception: NotDone, /) -> None:
        """It was not."""
        ...


class Applier:
    """Applies what is committed, and keeps the results until they are asked for."""

    def __init__(self, machine: StateMachine) -> None:
        self._machine = machine
        self._results: dict[EntryId, bytes] = {}
        self._request_ids = itertools.count(1)
        self._waiting: dict[RequestId, Waiting] = {}

    def request(self, request: Request, waiting: Waiting) -> Event:
        """Give the request a number, which its one answer will bear."""
        request_id = next(self._request_ids)
        self._waiting[request_id] = waiting
        return request(request_id)

    def apply(self, order: Apply) -> Applied:
        """Apply these entries; the answers to those who proposed them follow at once."""
        self._results = {
            entry.id: self._machine.apply(entry.payload.data)
            for entry in order.entries
            if isinstance(entry.payload, Command)
        }
        return Applied(order.entries[-1].id.index)

    def settle(self, answer: Answer) -> None:
        """Tell whoever waits: a command's result, or for a read the content as it is now."""
        waiting = self._waiting.pop(answer.request_id)
        if waiting.cancelled():
            return
        match answer.outcome:
            case Committed(id=entry_id):
                waiting.set_result(self._results[entry_id])
            case Readable():
                waiting.set_result(self._machine.snapshot())
            case refusal:
                waiting.set_exception(NotDone(refusal))

    def frozen(self, order: Order | TakeSnapshot) -> Order:
        """The order, with the content as it is now if it is to take a snapshot."""
        if isinstance(order, TakeSnapshot):
            return Content(order.last_included, self._machine.snapshot())
        return order

    def restored(self, event: Event | Done) -> Event:
        """The event; but if the disk has brought a snapshot's content, become that first."""
        if isinstance(event, Content):
            self._machine.restore(event.data)
            return SnapshotRestored(event.last_included)
        return event


def proposal(command: bytes) -> Request:
    """The request to have a command replicated, and applied on every node."""
    return lambda request_id: CommandsProposed((Proposal(request_id, command),))


def now_us() -> Micros:
    """The core's time: any monotonic clock will do."""
    return time.monotonic_ns() // 1000


def seconds_until(deadline: Micros | None) -> float:
    """How long to wait for the next event, at most. Only a failed node has no deadline."""
    return IDLE_S if deadline is None else max(0, deadline - now_us()) / 1_000_000


async def whoever_can(
    nodes: Iterable[NodeT],
    ask: Callable[[NodeT], Awaitable[int]],
    sleep: Callable[[float], Awaitable[None]],
) -> int:
    """Ask one node after the other until one does it; a client without hints."""
    while True:
        for node in nodes:
            try:
                return await ask(node)
            except NotDone as refusal:
                if not refusal.is_safe_to_repeat:
                    raise
        await sleep(RETRY_S)


def whoever_can_now(nodes: Iterable[NodeT], ask: Callable[[NodeT], int]) -> int:
    """The same for those who block."""
    while True:
        for node in nodes:
            try:
                return ask(node)
            except NotDone as refusal:
                if not refusal.is_safe_to_repeat:
                    raise
        time.sleep(RETRY_S)
