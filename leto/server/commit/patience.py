"""The clients' patience: nobody waits longer than four seconds for an answer.

Responsible for the slots that are owed, oldest first, and for what they are told
when their time is up (redis-py, and whoever else, would give up a second later
and never learn whether the write was done).
"""

from collections import deque

from leto.raft.types import Micros
from leto.server.clients import errors
from leto.server.clients.slots import OrderSlot, ReadSlot, Slot, WriteSlot
from leto.server.commit.batches import Batches


class Patience:
    """Every slot that is owed, in the order in which they were asked for."""

    def __init__(self, reply_within_us: Micros, batches: Batches) -> None:
        self._reply_within_us = reply_within_us
        self._batches = batches
        self._owed: deque[Slot] = deque()

    def owe(self, slot: Slot) -> None:
        """A slot is owed from now on."""
        self._owed.append(slot)

    @property
    def is_owing(self) -> bool:
        """Whether anybody waits for an answer."""
        self._forget_answered()
        return bool(self._owed)

    @property
    def deadline(self) -> Micros | None:
        """When the patience of the oldest slot ends."""
        self._forget_answered()
        return self._owed[0].since + self._reply_within_us if self._owed else None

    def end(self, asked_by: Micros) -> None:
        """Answer every slot that was asked for by then."""
        self._forget_answered()
        if not self._owed or self._owed[0].since > asked_by:
            return
        # What was never proposed is certainly not applied, and must not be later.
        self._batches.withdraw_overdue(asked_by)
        while self._owed and self._owed[0].since <= asked_by:
            self._give_up(self._owed.popleft())

    def end_overdue(self, now: Micros) -> None:
        """Answer every slot that has waited for too long."""
        if self._owed:
            self.end(now - self._reply_within_us)

    def _give_up(self, slot: Slot) -> None:
        match slot:
            case WriteSlot():
                slot.refuse(errors.UNKNOWN)
            case ReadSlot():
                slot.refuse(errors.NO_READ)
            case OrderSlot(late=late):
                slot.refuse(late)
            case _:
                raise AssertionError(f"a slot of no known kind: {slot}")

    def _forget_answered(self) -> None:
        owed = self._owed
        while owed and owed[0].encoded is not None:
            owed.popleft()
