"""What a node is doing about snapshots at the moment.

Responsible for holding it; what it obeys is `leto.raft.snapshots`, and `snapshot_sending`
and `snapshot_receiving` beside it.
"""

import attrs

from leto.raft.configuration import Configuration
from leto.raft.entries import SnapshotMark, SnapshotPart
from leto.raft.types import EntryId, NodeId, RequestId, Seq


@attrs.define
class Taking:
    """A snapshot of our own state machine that is being written."""

    last_included: EntryId
    configuration: Configuration


@attrs.define
class Receiving:
    """A leader's snapshot of which the content up to `next_offset` has arrived."""

    snapshot: SnapshotMark
    next_offset: int = 0
    checksum: int = 0


@attrs.define
class Naming:
    """The write that names a snapshot, and for a received one whom to tell."""

    seq: Seq
    snapshot: SnapshotMark
    received_from: NodeId | None = None
    transfer: int = 0


@attrs.define
class SnapshotWork:
    """What a node is doing about snapshots. Written by those three only."""

    requested_by: list[RequestId] = attrs.field(factory=list[RequestId])
    taking: Taking | None = None
    receiving: Receiving | None = None
    part: SnapshotPart | None = None  # of an earlier life, where a transfer may go on
    naming: Naming | None = None
    to_restore: SnapshotMark | None = None  # named; the state machine is behind it
    restoring: SnapshotMark | None = None  # a RestoreSnapshot is outstanding
    reading: dict[int, EntryId] = attrs.field(factory=dict[int, EntryId])  # by transfer
    to_compact: bool = False

    @property
    def is_behind(self) -> bool:
        """Whether the state machine must be restored before anything is applied."""
        return self.to_restore is not None or self.restoring is not None
