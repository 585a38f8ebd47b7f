"""Linearizable reads of this node's state machine (§6.4), many at a time.

Responsible for asking the core for leave to read, one request for all reads that
wait, and for doing a read when its turn has come. A refused request is repeated
until the client's patience ends: a read that was not answered does no harm.

Invariants:
    1. A read that is not local is done only after the core has answered a request
       that was made after the read came.
    2. At the leader no read shows a key that is due by the leader's own clock: it
       waits for the entry that lets that time pass everywhere.
    3. A read on a lease is done by the clock of a turn in which the lease holds: what the
       machine holds then is the answer, however late it leaves (§6.4.1).
"""

from collections.abc import Callable

from leto.raft.actions import Outcome, Readable
from leto.raft.events import ReadPolicy
from leto.raft.types import Micros
from leto.resp import Reply
from leto.server.clients.slots import ReadSlot
from leto.server.commit.timekeeping import Timekeeper
from leto.server.machine import Machine
from leto.server.turn import Turn

RETRY_US = 50_000


class Reads:
    """The reads that wait for leave, and those that were asked for."""

    def __init__(
        self, turn: Turn, machine: Machine, timekeeper: Timekeeper, policy: ReadPolicy
    ) -> None:
        self.is_barred = False  # the state machine is being restored; written by the node
        self._turn = turn
        self._machine = machine
        self._timekeeper = timekeeper
        self._policy = policy
        self._waiting: list[ReadSlot] = []
        self._asked: list[ReadSlot] = []
        self._retry_at: Micros = 0
        self._until_time_passes: list[ReadSlot] = []

    def add(self, slot: ReadSlot) -> None:
        """Ask for leave to do these reads, by the end of the turn."""
        self._waiting.append(slot)

    @property
    def deadline(self) -> Micros | None:
        """When to ask again."""
        return self._retry_at if self._waiting and not self._asked else None

    def ask(self, request_read: Callable[[Callable[[Outcome], None], ReadPolicy], None]) -> None:
        """Ask for leave on behalf of all that wait, unless others are being asked for."""
        if not self._waiting or self._asked or self._turn.now < self._retry_at:
            return
        self._waiting = [slot for slot in self._waiting if slot.encoded is None]
        if self._waiting:
            self._asked, self._waiting = self._waiting, []
            request_read(self._answered, self._policy)

    def ask_at_once(self) -> None:
        """There is news of the leader: what was refused may be granted now."""
        self._retry_at = self._turn.now

    def do(self, slot: ReadSlot, bytes_max: int) -> bool:
        """Do the reads of a slot whose turn has come; False if time must pass first.

        Once the replies have more than `bytes_max`, the slot is cut.
        """
        stamp_ms = self._machine.stamp_ms
        if slot.valid_until is not None and self._turn.now >= slot.valid_until:
            self._ask_again(slot)
            return False
        if self.is_barred:
            self._until_time_passes.append(slot)
            return False
        if not slot.is_local:
            if slot.not_before_ms == 0:
                slot.not_before_ms = self._timekeeper.expiry_before(slot.requests)
            if slot.not_before_ms > stamp_ms and self._timekeeper.is_leading:
                self._until_time_passes.append(slot)
                return False
        read = self._machine.read
        reader_ms = self._timekeeper.reader_ms()
        replies: list[Reply] = []
        size_bytes = 0
        for request in slot.requests:
            reply = read(request, reader_ms)
            replies.append(reply)
            size_bytes += len(reply) if type(reply) is bytes else _size_bytes(reply)
            if size_bytes > bytes_max:
                break
        if len(replies) < len(slot.requests):
            slot.cut(len(replies), self._turn.now)
        slot.fill(replies)
        return True

    def time_has_passed(self) -> None:
        """The state machine has moved: reads that waited for that are tried again."""
        waiting, self._until_time_passes = self._until_time_passes, []
        for slot in waiting:
            slot.connection.touch()

    def _ask_again(self, slot: ReadSlot) -> None:
        """The lease has run out before this read's turn came (invariant 3)."""
        slot.is_ready = False
        slot.valid_until = None
        self._waiting.append(slot)

    def _answered(self, outcome: Outcome) -> None:
        asked, self._asked = self._asked, []
        if isinstance(outcome, Readable):
            for slot in asked:
                slot.is_ready = True
                slot.valid_until = outcome.valid_until
                slot.connection.touch()
        else:
            self._waiting = [slot for slot in asked if slot.encoded is None] + self._waiting
            self._retry_at = self._turn.now + RETRY_US


def _size_bytes(reply: Reply) -> int:
    """About how many bytes the reply takes."""
    if isinstance(reply, bytes):
        return len(reply)
    return sum(map(_size_bytes, reply)) if isinstance(reply, tuple) else 0
