"""Facts that a driver tells a `Node`: the only way anything enters.

Never mutated; `define` rather than `frozen` on the hot ones.
"""

from enum import Enum
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


class ReadPolicy(Enum):
    """What a read is to rest on. All but `STALE` are linearizable."""

    INDEX = "index"  # a quorum confirms the leader after the read was requested (§6.4)
    LEASE = "lease"  # the promise that a quorum gave the leader (§6.4.1); else as INDEX
    STALE = "stale"  # what is applied here, however old


@attrs.define
class ReadRequested:
    """A client wants to read (§6.4)."""

    request_id: RequestId
    policy: ReadPolicy = ReadPolicy.INDEX


@attrs.define
class ChangeRequested:
    """Somebody wants these changes of the configuration made, all at once (chapter 4)."""

    request_id: RequestId
    changes: tuple[ConfigurationChange, ...]


@attrs.define
class TransferRequested:
    """Somebody wants another leader (§3.10): this one, or the best one."""

    request_id: RequestId
    to: NodeId | None = None


@attrs.define
class ConfigurationForced:
    """An operator says that only these members are left, and takes the blame.

    For a cluster that has lost its quorum for good: what the lost nodes alone
    had committed is lost with them.
    """

    request_id: RequestId
    survivors: tuple[NodeId, ...]


@attrs.define
class PeerGone:
    """A peer's process has died: its link was closed from there, and dialling was refused.

    A link that this side closed, or that merely broke, is no such fact.
    """

    node_id: NodeId


@attrs.define
class DiskRoomChanged:
    """The disk has room for more commands again, or none beyond its reserve."""

    has_room: bool


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


AnswerToOrder: TypeAlias = Written | Applied | SnapshotTaken | SnapshotRestored | SnapshotChunkRead
"""What a driver tells only when the node has ordered it."""

Event: TypeAlias = (
    TimerFired
    | MessageReceived
    | CommandsProposed
    | ReadRequested
    | ChangeRequested
    | TransferRequested
    | ConfigurationForced
    | SnapshotRequested
    | PeerGone
    | DiskRoomChanged
    | Written
    | WriteFailed
    | Applied
    | SnapshotTaken
    | SnapshotRestored
    | SnapshotChunkRead
)
