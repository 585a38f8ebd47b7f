"""Facts that a driver tells a `Node`: the only way anything enters.

Never mutated; `define` rather than `frozen` on the hot ones.
"""

from typing import TypeAlias

import attrs

from leto.raft.configuration import ConfigurationChange
from leto.raft.messages import Message
from leto.raft.types import EntryId, Index, NodeId, RequestId, Seq


@attrs.define
class TimerFired:
    """`Node.deadline` has come. Firing early or twice does no harm."""


@attrs.define
class MessageReceived:
    """A peer's message arrived: once, twice, late or out of order."""

    sender: NodeId
    message: Message


@attrs.define
class Proposal:
    """A command to replicate, and the name its one answer will bear."""

    request_id: RequestId
    data: bytes


@attrs.define
class CommandsProposed:
    """Clients want these commands replicated, in this order."""

    proposals: tuple[Proposal, ...]


@attrs.define
class ReadRequested:
    """A client wants to read what is current now (§6.4)."""

    request_id: RequestId


@attrs.define
class ChangeRequested:
    """Somebody wants another configuration (§4.1)."""

    request_id: RequestId
    change: ConfigurationChange


@attrs.define
class SnapshotRequested:
    """Somebody wants a snapshot now, whatever the policy says."""

    request_id: RequestId


@attrs.define
class Written:
    """Every `Write` up to `seq` is durable."""

    seq: Seq


@attrs.define
class WriteFailed:
    """A write failed. The node falls silent for good: never retry fsync on a file."""

    reason: str


@attrs.define
class Applied:
    """The state machine has applied every entry up to `index`."""

    index: Index


@attrs.define(kw_only=True)
class SnapshotTaken:
    """The state machine's content as of `last_included` is durable beside the log.

    It counts only once a `Write` has named it.
    """

    last_included: EntryId
    size_bytes: int
    checksum: int  # CRC-32 of the content


@attrs.define
class SnapshotRestored:
    """The state machine holds what the snapshot that was named holds."""

    last_included: EntryId


@attrs.define(kw_only=True)
class SnapshotChunkRead:
    """The content that a `ReadSnapshotChunk` asked for."""

    transfer: int
    offset: int
    data: bytes


Event: TypeAlias = (
    TimerFired
    | MessageReceived
    | CommandsProposed
    | ReadRequested
    | ChangeRequested
    | SnapshotRequested
    | Written
    | WriteFailed
    | Applied
    | SnapshotTaken
    | SnapshotRestored
    | SnapshotChunkRead
)
