"""What a node did and why: a record for each step of the protocol.

Responsible for the shape of the records, which is stable: names and fields only
grow (`docs/reference/trace-records.md`). They are built for a `Node` that is traced,
and for no other; the rules say when. Nothing in a record is to be performed.

A record is a past participle with what it is about; ids of nodes are typed as such,
so that whoever shows a record may put names in their place.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

import attrs

from leto.raft.types import EntryId, Index, Micros, NodeId, RequestId


class Reason(Enum):
    """Why something was refused, ignored, put off or given up."""

    LOG_BEHIND = "the log asked about is behind this one"
    VOTED_FOR_ANOTHER = "this term's vote is given"
    CAMPAIGNS_ITSELF = "this node stands or leads itself"
    FOLLOWS_A_LEADER = "this node follows a live leader"
    PROMISED = "this node has promised a leader to grant nothing yet"
    TERM_OVER = "the term is over"
    NEWER_TERM = "there is a newer term"
    QUORUM_LOST = "too few have acknowledged for an election timeout"
    DISK_HANGS = "the disk has hung for an election timeout"
    REMOVED = "this node is no voter any more"
    NO_VOTER = "this node is no voter, or not to lead"
    OTHER_LEADER = "the term has another leader"


# --- elections -----------------------------------------------------------------------


@attrs.define
class ElectionTimedOut:
    """Nobody led in time, so this node would campaign (§3.4)."""


@attrs.define
class LeaderDied:
    """The leader's process is dead; this node campaigns at that time of its clock."""

    leader: NodeId
    campaign_at: Micros


@attrs.define
class CampaignPutOff:
    """This node does not campaign now."""

    reason: Reason


@attrs.define
class PreVoteAsked:
    """Every voter is asked whether it would vote for this node (§9.6)."""

    last: EntryId


@attrs.define
class PreVoteGranted:
    """This node would vote for the candidate."""

    candidate: NodeId


@attrs.define
class PreVoteRefused:
    """This node would not."""

    candidate: NodeId
    reason: Reason


@attrs.define
class PreVoteCounted:
    """A voter would vote for this node; so many would by now, itself included."""

    voter: NodeId
    grants: int


@attrs.define
class VoteAsked:
    """Every voter is asked for its vote, once that is durable here (§3.4)."""

    last: EntryId
    is_transfer: bool


@attrs.define
class VoteGranted:
    """This node's one vote of the term is given, and said once it is durable."""

    candidate: NodeId


@attrs.define
class VoteRefused:
    """It is not."""

    candidate: NodeId
    reason: Reason


@attrs.define
class VoteCounted:
    """A vote for this node counts; so many do by now."""

    voter: NodeId
    votes: int


@attrs.define
class BecameFollower:
    """Of this leader, or of nobody yet."""

    leader: NodeId | None


@attrs.define
class BecamePreCandidate:
    """It sounds the others out."""


@attrs.define
class BecameCandidate:
    """It stands in the term."""


@attrs.define
class BecameLeader:
    """It leads the term, which opens with the entry at `noop_index`."""

    noop_index: Index


@attrs.define
class SteppedDown:
    """It leads no more."""

    reason: Reason


@attrs.define
class MessageIgnored:
    """What a peer said changes nothing, and is not answered."""

    sender: NodeId
    message: str  # its type's name
    reason: Reason


# --- the log -------------------------------------------------------------------------


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


# --- reads and leases ----------------------------------------------------------------


@attrs.define
class ReadsIssued:
    """So many reads wait at `index` for a quorum to acknowledge `round` (§6.4)."""

    round: int
    index: Index
    reads: int


@attrs.define
class ReadsConfirmed:
    """It has."""

    round: int
    index: Index
    reads: int


@attrs.define
class ReadReleased:
    """The state machine is at `index`, so the read is answered."""

    request_id: RequestId
    index: Index


@attrs.define
class ReadIndexAsked:
    """The leader is asked for an index for so many reads."""

    leader: NodeId
    reads: int


@attrs.define
class LeaseExtended:
    """A quorum's promise lets this leader answer alone until then, by its clock (§6.4.1)."""

    until: Micros


@attrs.define
class LeaseVoided:
    """No lease counts for the rest of the term: another node was asked to take over."""


# --- snapshots -----------------------------------------------------------------------


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


# --- configurations, transfers, the end ----------------------------------------------


@attrs.define
class ConfigurationAppended:
    """A configuration is effective (§4.1); `outgoing` as well while it is joint (§4.3)."""

    index: Index
    voters: tuple[NodeId, ...]
    outgoing: tuple[NodeId, ...]


@attrs.define
class ConfigurationCommitted:
    """The effective configuration is known to be committed."""

    index: Index


@attrs.define
class ConfigurationRolledBack:
    """The configuration at `index` was truncated; the one at `effective` is effective again."""

    index: Index
    effective: Index


@attrs.define
class MemberPromoted:
    """A joining member has caught up, and is to be a voter (§4.2.1)."""

    member: NodeId


@attrs.define
class SurvivorsAsked:
    """On an operator's word only these are asked for votes, and all of them must grant it."""

    survivors: tuple[NodeId, ...]


@attrs.define
class QuorumGivenUp:
    """On an operator's word these are all that is left."""

    survivors: tuple[NodeId, ...]


@attrs.define
class TransferStarted:
    """Another node is to lead; proposals wait (§3.10)."""

    target: NodeId


@attrs.define
class TransferAsked:
    """It holds everything, and is asked to campaign."""

    target: NodeId


@attrs.define
class TransferGivenUp:
    """It has not taken over in time, and this leader goes on."""

    target: NodeId


@attrs.define
class DiskFailed:
    """The node takes no further part."""

    cause: str


Record: TypeAlias = (
    ElectionTimedOut
    | LeaderDied
    | CampaignPutOff
    | PreVoteAsked
    | PreVoteGranted
    | PreVoteRefused
    | PreVoteCounted
    | VoteAsked
    | VoteGranted
    | VoteRefused
    | VoteCounted
    | BecameFollower
    | BecamePreCandidate
    | BecameCandidate
    | BecameLeader
    | SteppedDown
    | MessageIgnored
    | EntriesAppended
    | LogTruncated
    | LogReplaced
    | LogCompacted
    | EntriesRejected
    | FollowerMatched
    | FollowerBackedUp
    | CommitAdvanced
    | EntriesApplied
    | ReadsIssued
    | ReadsConfirmed
    | ReadReleased
    | ReadIndexAsked
    | LeaseExtended
    | LeaseVoided
    | SnapshotOrdered
    | SnapshotNamed
    | SnapshotSendStarted
    | SnapshotSent
    | SnapshotSendAbandoned
    | SnapshotReceiveStarted
    | SnapshotSpoiled
    | SnapshotInstalled
    | ConfigurationAppended
    | ConfigurationCommitted
    | ConfigurationRolledBack
    | MemberPromoted
    | SurvivorsAsked
    | QuorumGivenUp
    | TransferStarted
    | TransferAsked
    | TransferGivenUp
    | DiskFailed
)

Value: TypeAlias = int | str | bool | list[int] | None
NameOf: TypeAlias = Callable[[NodeId], str]

_Field: TypeAlias = EntryId | Reason | tuple[NodeId, ...] | int | str | None

_NODE_TYPES: Final = (NodeId, NodeId | None, tuple[NodeId, ...])


def step_of(record: Record) -> str:
    """The step's stable name, such as `vote_refused`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(record).__name__).lower()


def fields_of(record: Record) -> dict[str, Value]:
    """What it is about, as values that fit JSON: an entry is `index@term`, a reason its name."""
    return {field.name: _plain(getattr(record, field.name)) for field in attrs.fields(type(record))}


def describe(record: Record, name_of: NameOf) -> str:
    """One line for the eyes."""
    about = [
        _described(field, getattr(record, field.name), name_of)
        for field in attrs.fields(type(record))
    ]
    step = step_of(record).replace("_", " ")
    return f"{step}: {' '.join(about)}" if about else step


def _described(field: "attrs.Attribute[_Field]", value: _Field, name_of: NameOf) -> str:
    if isinstance(value, Reason):
        return value.value
    shown = _named(value, name_of) if field.type in _NODE_TYPES else value
    return f"{field.name}={shown}"


def _named(value: _Field, name_of: NameOf) -> str:
    if isinstance(value, tuple):
        return ",".join(map(name_of, value)) or "nobody"
    return name_of(NodeId(value)) if isinstance(value, int) else "nobody"


def _plain(value: _Field) -> Value:
    match value:
        case EntryId():
            return str(value)
        case Reason():
            return value.name.lower()
        case tuple():
            return [int(number) for number in value]
        case _:
            return value
