"""Group commit: many clients' commands, one log entry.

Responsible for collecting commands into the batch that waits, for proposing it
when the disk has room (fewer than two writes outstanding) or when it is full,
and for the bytes of a batch: what the log holds.

    version (1 byte) | stamp, milliseconds since 1970 (8 bytes) | requests in RESP

There is no timer: while two writes are under way, the batch grows.

A batch also carries reads that came on a connection between two writes: they are
not in its bytes, but are done between the two when this node, the leader,
applies it. That the entry was committed after they were asked shows that the
node led then (§6.4), so they need no round of their own.

Invariants:
    1. Commands of one connection are applied in the order in which they came.
    2. A batch that waits is certainly not applied; one that was proposed is
       answered by the core's one answer.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final

from leto.raft.actions import Committed, Outcome, Refusal, Refused
from leto.resp import ErrorReply, encode_requests
from leto.server.clients import errors
from leto.server.clients.slots import ReadSlot, Slot, WriteSlot
from leto.server.settings import Limits

FORMAT_VERSION: Final = 1
HEADER: Final = Struct(">BQ")


class Batch:
    """Runs of commands in the order in which they are to be applied."""

    __slots__ = ("bodies", "commands", "data", "size_bytes", "slots", "stamp_ms")

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.bodies: list[bytes] = []
        self.size_bytes = HEADER.size
        self.commands = 0
        self.data = b""  # once it is sealed
        self.stamp_ms = 0  # the same

    def hold(self, slot: WriteSlot, body: bytes) -> None:
        """Take in a run of writes, of which `body` are the bytes."""
        self.slots.append(slot)
        self.bodies.append(body)
        self.size_bytes += len(body)
        self.commands += len(slot.requests)

    def seal(self, stamp_ms: int) -> bytes:
        """The bytes of the log entry; nothing is added any more."""
        self.stamp_ms = stamp_ms
        self.data = b"".join((HEADER.pack(FORMAT_VERSION, stamp_ms), *self.bodies))
        self.bodies.clear()
        return self.data


Propose = Callable[[bytes, Callable[[Outcome], None]], None]


class Batches:
    """The batch that waits, and those that were proposed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting = Batch()
        self._proposed: list[Batch] = []  # in the log's order

    @property
    def has_waiting(self) -> bool:
        """Whether there is something to propose."""
        return self._waiting.commands > 0

    @property
    def newest_stamp_ms(self) -> int:
        """The stamp of the last batch that was proposed, while it is under way; else 0."""
        return self._proposed[-1].stamp_ms if self._proposed else 0

    @property
    def is_full(self) -> bool:
        """Whether what waits is to be proposed, however busy the disk."""
        waiting = self._waiting
        return (
            waiting.size_bytes >= self._limits.batch_bytes_max
            or waiting.commands >= self._limits.batch_commands_max
        )

    def add(self, slot: WriteSlot, body: bytes) -> None:
        """Take in a run of writes, of which `body` are the bytes.

        They stand behind the reads that their connection still waits for.
        """
        waiting = self._waiting
        open_reads = slot.connection.open_reads
        if open_reads:
            waiting.slots.extend(open_reads)
            open_reads.clear()
        waiting.hold(slot, body)

    def propose(self, stamp_ms: int, propose: Propose) -> None:
        """Propose what waits, even if that is nothing but a stamp."""
        batch, self._waiting = self._waiting, Batch()
        self._proposed.append(batch)
        propose(batch.seal(stamp_ms), lambda outcome: self._settle(batch, outcome))

    def take(self, data: bytes) -> Batch | None:
        """The batch of which `data` are the bytes in the log, if it is ours."""
        # `is`: the core hands back the very object that it was given, and equal
        # bytes may well have been proposed twice.
        return next((batch for batch in self._proposed if batch.data is data), None)

    def withdraw(self, error: ErrorReply) -> None:
        """Refuse what waits: it will not be proposed."""
        batch, self._waiting = self._waiting, Batch()
        _refuse_writes(batch, error)

    def withdraw_overdue(self, asked_by: int) -> None:
        """Refuse what waits since `asked_by` or longer."""
        kept = Batch()
        batch, self._waiting = self._waiting, kept
        for slot in batch.slots:
            if slot.since <= asked_by and isinstance(slot, WriteSlot):
                slot.refuse(errors.NOT_PROPOSED)
            elif isinstance(slot, WriteSlot):
                # Not `add`: what its connection reads by now came after it (invariant 1).
                kept.hold(slot, encode_requests(slot.requests))
            else:
                kept.slots.append(slot)

    def _settle(self, batch: Batch, outcome: Outcome) -> None:
        self._proposed.remove(batch)
        if isinstance(outcome, Refused):
            _refuse_writes(batch, refusal(outcome.refusal))
        elif not isinstance(outcome, Committed):
            _refuse_writes(batch, errors.UNKNOWN)
            _refuse_reads(batch)
        else:
            assert all(slot.encoded is not None for slot in batch.slots), (
                "a committed entry has been applied here, which answered its commands"
            )


def refusal(reason: Refusal) -> ErrorReply:
    """What a client is told of the core's refusal of its write."""
    match reason:
        case Refusal.TOO_MUCH_UNCOMMITTED:
            return errors.TOO_MUCH
        case Refusal.DISK_FULL:
            return errors.DISK_FULL
        case Refusal.DISKS_FULL:
            return errors.DISKS_FULL
        case Refusal.NOT_LEADER:
            return errors.NO_LEADER
        case _:
            return ErrorReply(f"CLUSTERDOWN {reason.value}, not applied")


def _refuse_writes(batch: Batch, error: ErrorReply) -> None:
    for slot in batch.slots:
        if not isinstance(slot, ReadSlot):
            slot.refuse(error)


def _refuse_reads(batch: Batch) -> None:
    """The writes may yet be applied, with nobody here to do these reads between them."""
    for slot in batch.slots:
        if isinstance(slot, ReadSlot):
            slot.refuse(errors.NO_READ)
