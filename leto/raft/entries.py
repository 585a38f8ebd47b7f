"""What a node keeps: log entries, the hard state, and the mark of a snapshot.

Responsible for the values that reach the disk (§3.8). It does not know how
they are written (`leto.wal`) nor when (`leto.raft.write_lane`).
"""

from typing import TypeAlias

import attrs

from leto.raft.configuration import Configuration
from leto.raft.types import BEFORE_LOG, EntryId, NodeId, Term

ENTRY_OVERHEAD_BYTES = 64
"""What an entry weighs beyond its command, in memory and on the wire: an estimate
that keeps ten thousand empty commands from counting as nothing."""


@attrs.frozen
class Noop:
    """The entry with which a leader opens its term (§3.6.2, §6.4)."""


@attrs.define(unsafe_hash=True)
class Command:
    """An opaque command for the state machine. Never mutated, and `define` as entries are."""

    data: bytes


Payload: TypeAlias = Noop | Command | Configuration
"""What an entry carries. A `Configuration` is effective on append (§4.1)."""


@attrs.define
class Entry:
    """One entry of the replicated log. Never mutated.

    `define`, not `frozen`: constructed for every batch of every follower.
    """

    id: EntryId
    payload: Payload

    @property
    def size_bytes(self) -> int:
        """How much the entry counts against quotas and message sizes."""
        if type(self.payload) is Command:
            return ENTRY_OVERHEAD_BYTES + len(self.payload.data)
        return ENTRY_OVERHEAD_BYTES


@attrs.frozen
class HardState:
    """Term and vote: one value, durable before any entry of that term (§3.8).

    `was_admitted` says that the node was a member by a committed configuration of which its
    log tells no more. Where it is not set, log and snapshot tell.
    """

    current_term: Term = 0
    voted_for: NodeId | None = None
    was_admitted: bool = False


@attrs.frozen(kw_only=True)
class SnapshotMark:
    """Names a snapshot. It counts from the moment a durable write carries this.

    `last_included` and `configuration` are those of §5.1; `size_bytes` and
    `checksum` (CRC-32) are of the snapshot's content. `before_log` is the entry
    just below the first one that the log keeps: what lies between it and
    `last_included` are trailing entries, kept for slow followers.
    """

    last_included: EntryId = BEFORE_LOG
    configuration: Configuration
    size_bytes: int = 0
    checksum: int = 0
    before_log: EntryId = BEFORE_LOG


@attrs.frozen(kw_only=True)
class SnapshotChunk:
    """A piece of a snapshot that is being received, to be kept beside the log."""

    last_included: EntryId
    offset: int
    data: bytes


@attrs.frozen(kw_only=True)
class SnapshotPart:
    """The beginning of a leader's snapshot, received before the node stopped.

    Whether it is the beginning of what the next leader sends, the checksum of the
    whole will tell: at worst it is received once more.
    """

    last_included: EntryId
    size_bytes: int  # of this part
    checksum: int  # CRC-32 of this part


@attrs.frozen(kw_only=True)
class Restored:
    """What the disk held when the node started.

    A *founded* node has a snapshot (several founders get identical ones, at
    index 0); a *blank* node has none, and never campaigns. `entries` follow the
    snapshot's `before_log` without a gap. `incarnation` is a number that the
    world never repeats for this node, at most 32 bits. `part` is what a driver that
    keeps it found of a snapshot that was being received; a transfer goes on there.
    """

    node_id: NodeId
    incarnation: int
    hard_state: HardState = HardState()
    snapshot: SnapshotMark | None = None
    entries: tuple[Entry, ...] = ()
    part: SnapshotPart | None = None
