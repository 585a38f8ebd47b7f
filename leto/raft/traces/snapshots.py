"""Snapshots: taken, sent, received (chapter 5)."""

from typing import TypeAlias

import attrs

from leto.raft.types import EntryId, NodeId


@attrs.define
class SnapshotOrdered:
    """The state machine is to be written, as of this entry."""

    last_included: EntryId


@attrs.define
class SnapshotNamed:
    """A snapshot counts: the write that names it is durable."""

    last_included: EntryId


@attrs.define
class SnapshotSendStarted:
    """The follower needs entries that are compacted, and is sent this."""

    follower: NodeId
    last_included: EntryId


@attrs.define
class SnapshotSent:
    """The follower holds it durably."""

    follower: NodeId
    last_included: EntryId


@attrs.define
class SnapshotSendAbandoned:
    """It does not, and another one or entries will do better."""

    follower: NodeId
    last_included: EntryId


@attrs.define
class SnapshotReceiveStarted:
    """A leader's snapshot arrives; the part up to `offset` was here already."""

    leader: NodeId
    last_included: EntryId
    offset: int


@attrs.define
class SnapshotSpoiled:
    """What has arrived has the wrong checksum, and is asked for again."""

    leader: NodeId
    last_included: EntryId


@attrs.define
class SnapshotInstalled:
    """It has arrived whole, and takes the log's place once it is named."""

    leader: NodeId
    last_included: EntryId


SnapshotStep: TypeAlias = (
    SnapshotOrdered
    | SnapshotNamed
    | SnapshotSendStarted
    | SnapshotSent
    | SnapshotSendAbandoned
    | SnapshotReceiveStarted
    | SnapshotSpoiled
    | SnapshotInstalled
)
