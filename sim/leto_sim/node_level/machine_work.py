"""What a node orders of its state machine and of its snapshots, and when that is done.

Responsible for how long each such order takes: entries and restorations one after the
other, since the machine does one thing at a time; snapshots that are kept, and pieces of
them that are read, each on its own beside everything else. What the machine makes of it
is `leto_sim.node_level.replica`.
"""

import zlib
from collections.abc import Callable
from functools import partial
from typing import TypeVarTuple

from leto.raft.actions import Apply, ReadSnapshotChunk, RestoreSnapshot, TakeSnapshot
from leto.raft.events import Applied, Event, SnapshotChunkRead, SnapshotRestored, SnapshotTaken
from leto.raft.types import EntryId, Micros
from leto_sim.node_level.replica import Replica
from leto_sim.platter import Platter
from leto_sim.randomness import Draws, exponential_us
from leto_sim.scheduler import Scheduler

Arguments = TypeVarTuple("Arguments")


class MachineWork:
    """The work of one life."""

    def __init__(
        self,
        replica: Replica,
        platter: Platter,
        scheduler: Scheduler,
        draws: Draws,
        mean_us: Micros,
        *,
        tell: Callable[[Event], None],
    ) -> None:
        self.slowed_by_us: Micros = 0  # each order, by a slow processor; written by the process
        self._replica = replica
        self._platter = platter
        self._scheduler = scheduler
        self._draws = draws
        self._mean_us = mean_us
        self._tell = tell
        self._jobs = 0
        self._free_at: Micros = 0
        self._is_over = False

    def end(self) -> None:
        """The process dies: what has not been done never will be."""
        self._is_over = True

    def apply(self, order: Apply) -> None:
        """Committed entries are to be applied."""
        self._replica.begin("entries to be applied")
        self._when_free(self._apply, order)

    def restore(self, order: RestoreSnapshot) -> None:
        """The content is to be that of a snapshot."""
        self._replica.begin("a snapshot to be restored")
        self._when_free(self._restore, order)

    def take_snapshot(self, order: TakeSnapshot) -> None:
        """The content is taken as it is now, and kept later."""
        content = self._replica.snapshot(order.last_included.index)
        self._later(self._keep_snapshot, order.last_included, content)

    def read_chunk(self, order: ReadSnapshotChunk) -> None:
        """A piece of a snapshot is to be sent to somebody."""
        self._later(self._read_chunk, order)

    def _apply(self, order: Apply) -> None:
        self._replica.apply(order.entries)
        self._replica.end()
        self._tell(Applied(order.entries[-1].id.index))

    def _restore(self, order: RestoreSnapshot) -> None:
        content = self._platter.content(order.snapshot)
        last_included = order.snapshot.last_included
        self._replica.restore(last_included.index, content)
        self._replica.end()
        self._tell(SnapshotRestored(last_included))

    def _keep_snapshot(self, last_included: EntryId, content: bytes) -> None:
        self._platter.keep_content(last_included, content)
        self._tell(
            SnapshotTaken(
                last_included=last_included,
                size_bytes=len(content),
                checksum=zlib.crc32(content),
            )
        )

    def _read_chunk(self, order: ReadSnapshotChunk) -> None:
        data = self._platter.content_piece(order.last_included, order.offset, order.size_bytes)
        self._tell(SnapshotChunkRead(transfer=order.transfer, offset=order.offset, data=data))

    def _when_free(self, perform: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """One thing after the other, in the order of the orders."""
        self._free_at = max(self._free_at, self._scheduler.now) + self._delay_us()
        self._scheduler.at(self._free_at, self._unless_over, partial(perform, *arguments))

    def _later(self, perform: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """On its own, beside everything else."""
        self._scheduler.after(self._delay_us(), self._unless_over, partial(perform, *arguments))

    def _unless_over(self, perform: Callable[[], None]) -> None:
        if not self._is_over:
            perform()

    def _delay_us(self) -> Micros:
        self._jobs += 1
        job_us = exponential_us(self._mean_us, self._draws.roll(self._jobs)[0])
        return job_us + self.slowed_by_us
