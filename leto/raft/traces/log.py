"""The log: what is appended, dropped, agreed on, committed and applied."""

from typing import TypeAlias

import attrs

from leto.raft.types import EntryId, Index, NodeId


@attrs.define
class EntriesAppended:
    """The log has grown by these, durable or not."""

    first: EntryId
    last: EntryId


@attrs.define
class LogTruncated:
    """Entries from `first_dropped` on contradicted the leader's."""

    first_dropped: Index


@attrs.define
class LogReplaced:
    """The log begins behind the snapshot of a leader now."""

    last_included: EntryId


@attrs.define
class LogCompacted:
    """What a snapshot replaces may be deleted, up to here."""

    before_log: EntryId


@attrs.define
class EntriesRejected:
    """The leader's entries do not fit: the log lacks or contradicts `prev`."""

    leader: NodeId
    prev: EntryId
    hint: EntryId


@attrs.define
class FollowerMatched:
    """It is found where the follower's log agrees; entries go out from there."""

    follower: NodeId
    match_index: Index


@attrs.define
class FollowerBackedUp:
    """The follower's log does not agree there; it is tried at `next_index`."""

    follower: NodeId
    next_index: Index


@attrs.define
class CommitAdvanced:
    """Entries up to `commit_index` are known to be committed."""

    commit_index: Index


@attrs.define
class EntriesApplied:
    """The state machine has applied entries up to `last_applied`."""

    last_applied: Index


LogStep: TypeAlias = (
    EntriesAppended
    | LogTruncated
    | LogReplaced
    | LogCompacted
    | EntriesRejected
    | FollowerMatched
    | FollowerBackedUp
    | CommitAdvanced
    | EntriesApplied
)
