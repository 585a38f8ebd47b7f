"""Elections: who campaigns, who votes for whom, who leads (§3.4, §9.6)."""

from typing import TypeAlias

import attrs

from leto.raft.traces.reasons import Reason
from leto.raft.types import EntryId, Index, Micros, NodeId


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


ElectionStep: TypeAlias = (
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
)
