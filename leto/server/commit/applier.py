"""From log entries to the state machine, and on the leader to the clients' replies.

Responsible for applying an entry: letting its stamp pass, then its commands in
order. On the node that proposed the entry the commands are at hand, with the
slots that wait for their replies; everywhere else they are read from its bytes.

Invariants:
    1. The state machine changes in the same way on every node, whether a batch
       comes parsed or as bytes.
"""

from typing import Final

from leto.raft.entries import Command, Entry
from leto.resp import RequestParser
from leto.server.clients.slots import ReadSlot
from leto.server.commit.batches import FORMAT_VERSION, HEADER, Batch, Batches
from leto.server.machine import Machine

_ALL: Final = 1 << 30


class Applier:
    """Applies entries, one at a time."""

    def __init__(self, machine: Machine, batches: Batches) -> None:
        self._machine = machine
        self._batches = batches
        self.commands_applied = 0  # since the start; for INFO

    def apply(self, entry: Entry) -> None:
        """Apply one entry."""
        if not isinstance(entry.payload, Command):
            return
        data = entry.payload.data
        version, stamp_ms = HEADER.unpack_from(data)
        assert version == FORMAT_VERSION, f"batch format {version} was written by a newer Leto"
        self._machine.advance_time(stamp_ms)
        batch = self._batches.take(data)
        if batch is None:
            self._apply_bytes(data[HEADER.size :], stamp_ms)
        else:
            self._apply_batch(batch, stamp_ms)

    def _apply_batch(self, batch: Batch, stamp_ms: int) -> None:
        apply, read = self._machine.apply, self._machine.read
        for slot in batch.slots:
            if not isinstance(slot, ReadSlot):
                slot.fill([apply(request, stamp_ms) for request in slot.requests])
            elif slot.encoded is None:
                slot.fill([read(request, stamp_ms) for request in slot.requests])
        self.commands_applied += batch.commands

    def _apply_bytes(self, requests: bytes, stamp_ms: int) -> None:
        if not requests:
            return  # a time entry
        parser = RequestParser()
        parser.feed(requests)
        apply = self._machine.apply
        commands = parser.take(_ALL)
        for request in commands:
            apply(request, stamp_ms)
        assert parser.error is None, parser.error
        assert parser.buffered_bytes == 0, "an entry holds whole requests"
        self.commands_applied += len(commands)
