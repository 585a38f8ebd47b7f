"""Orders that a `Node` gives its driver.

*Every action may be performed the moment it is emitted.* What must wait for a
write, an application or an answer is not emitted before that has come back as
an event, so there is no order to get wrong but one: `Write`s are performed in
the order of their `seq`.

Never mutated; `define` rather than `frozen` on the hot ones.
"""

from enum import Enum
from typing import TypeAlias

import attrs

from leto.raft.entries import Entry, HardState, SnapshotChunk, SnapshotMark
from leto.raft.events import ReadPolicy
from leto.raft.messages import Message
from leto.raft.traces import Record
from leto.raft.types import EntryId, Index, Micros, NodeId, RequestId, Seq, Term


@attrs.define(kw_only=True)
class Write:
    """Make this durable, all or nothing, after every earlier `Write`.

    In this order: `hard_state` replaces the old one; log entries from
    `truncate_from` on are dropped; `entries` are appended; `chunk` is kept
    beside the log; `snapshot` is named, whose content is durable from then on.
    A snapshot that the log does not reach, or contradicts, comes with a
    `truncate_from` of the log's first entry: nothing of the log remains.
    """

    seq: Seq
    hard_state: HardState | None = None
    truncate_from: Index | None = None
    entries: tuple[Entry, ...] = ()
    chunk: SnapshotChunk | None = None
    snapshot: SnapshotMark | None = None


@attrs.define
class Send:
    """Send this to a peer. It may be lost, and may arrive late or twice."""

    to: NodeId
    message: Message


@attrs.define
class Apply:
    """Apply these entries, in order; then say `Applied` of the last one's index.

    They are committed, and durable here.
    """

    entries: tuple[Entry, ...]


@attrs.define
class TakeSnapshot:
    """Freeze the state machine as it is now, which is as of `last_included`, and
    write it beside the log at leisure; then say `SnapshotTaken`.
    """

    last_included: EntryId


@attrs.define
class RestoreSnapshot:
    """Replace the state machine's content by this snapshot's; then say `SnapshotRestored`."""

    snapshot: SnapshotMark


@attrs.define(kw_only=True)
class ReadSnapshotChunk:
    """Read a piece of a snapshot for a follower; then say `SnapshotChunkRead`."""

    transfer: int
    last_included: EntryId
    offset: int
    size_bytes: int


@attrs.define
class Compact:
    """Log entries up to `before_log`, and every snapshot but `last_included` and
    what is being received, are needed no more.
    """

    before_log: EntryId
    last_included: EntryId


class Refusal(Enum):
    """Why a request was refused: it was certainly not carried out, nor will be."""

    NOT_LEADER = "not leader"
    LEADER_NOT_READY = "the leader has not committed an entry of its term yet"
    TOO_MUCH_UNCOMMITTED = "too much is waiting to be committed"
    TIMED_OUT = "it could not be done in time"
    CHANGE_PENDING = "another membership change is in progress"
    ALREADY_MEMBER = "the name, the address or the node is a member already"
    NOT_A_MEMBER = "no such member"
    LAST_VOTER = "the last voter cannot be removed"
    NOBODY_TO_LEAD = "no voter of a priority above 0 would be left to lead"
    TRANSFER_PENDING = "leadership is being transferred"
    CANNOT_LEAD = "that member cannot lead"
    QUORUM_ALIVE = "a quorum seems to be alive"
    SURVIVOR_SILENT = "a survivor has not voted for this node"
    DISK_FULL = "this node's disk is full"
    DISKS_FULL = "the disks of too many nodes are full"
    LEASE_TOO_LONG = "a lease lasts from 0 to 60 seconds"
    SNAPSHOT_PENDING = "another snapshot is in progress"
    NOTHING_APPLIED = "nothing has been applied yet"
    CONFIGURATION_UNKNOWN = "this node does not know yet who belongs to the cluster"
    FAILED = "this node's disk has failed"


@attrs.define
class Committed:
    """The entry is committed, and an `Apply` that held it has been performed here."""

    id: EntryId


@attrs.define
class Readable:
    """The state machine here may answer the read now: it is at `index` or later.

    Unless `policy` is STALE, nothing that was acknowledged before the request lies
    beyond. A LEASE holds until `valid_until` only: the driver reads its clock again
    before the answer leaves, and asks again if that has passed.
    """

    index: Index
    policy: ReadPolicy = ReadPolicy.INDEX
    valid_until: Micros | None = None


@attrs.define
class SnapshotDone:
    """A snapshot as of `last_included` is durable and named."""

    last_included: EntryId


@attrs.define
class Transferred:
    """This node has asked `to` to take over, and leads no more."""

    to: NodeId


@attrs.define
class Refused:
    """Certainly not carried out. `leader` is where to ask, as far as known."""

    refusal: Refusal
    leader: NodeId | None = None


@attrs.define
class Unknown:
    """The request may have been carried out, or may be yet, or never."""

    leader: NodeId | None = None


Outcome: TypeAlias = Committed | Readable | SnapshotDone | Transferred | Refused | Unknown


@attrs.define
class Answer:
    """The one answer to a request."""

    request_id: RequestId
    outcome: Outcome


class RoleName(Enum):
    """The roles of figure 3.3, and that of §9.6."""

    FOLLOWER = "follower"
    PRE_CANDIDATE = "pre-candidate"
    CANDIDATE = "candidate"
    LEADER = "leader"


@attrs.define
class AnnounceRole:
    """The node's role, term or known leader is now this."""

    role: RoleName
    term: Term
    leader: NodeId | None


@attrs.define
class FailStop:
    """The node takes no further part: its disk can no longer be trusted."""

    reason: str


@attrs.define
class Trace:
    """The node has done this step of the protocol, in `term`. There is nothing to perform.

    Only a node that was made `traced` says so.
    """

    term: Term
    record: Record


Action: TypeAlias = (
    Write
    | Send
    | Apply
    | TakeSnapshot
    | RestoreSnapshot
    | ReadSnapshotChunk
    | Compact
    | Answer
    | AnnounceRole
    | FailStop
    | Trace
)
