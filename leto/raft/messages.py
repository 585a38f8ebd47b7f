"""What nodes say to each other: the paper's RPCs as one-way messages.

Responsible for the shape of each message and for what it attests. How it is
written on a wire is `leto.wire`; who sent it is not in it, since the link (or
the simulator) knows that better than the sender could say.

Every message carries its sender's `current_term` (figure 3.1). Never mutated;
`define` rather than `frozen` since they are made for every batch.
"""

from typing import Final, TypeAlias

import attrs

from leto.raft.entries import Entry, SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, Index, Micros, Term


@attrs.define(kw_only=True)
class AppendEntries:
    """The leader's word: entries, or none for a heartbeat (§3.5).

    With `prev` before the log (0@0) it says nothing but "I lead".
    """

    term: Term
    round: int  # grows within the term; an acknowledgement of it confirms leadership (§6.4)
    prev: EntryId  # prev_log_index and prev_log_term
    entries: tuple[Entry, ...]
    leader_commit: Index
    # Whoever acknowledges this grants no vote before so much of its own time has
    # passed (§6.4.1); 0 asks for no such promise.
    lease_us: Micros = 0


@attrs.define
class Conflict:
    """Why entries were rejected, and where to look next.

    `hint` is the last entry of the follower's log that is not after `rejected`
    in index or term: what the two logs share ends there or before.
    """

    rejected: EntryId
    hint: EntryId


NO_ROOM: Final = Conflict(BEFORE_LOG, BEFORE_LOG)
"""Of no entry: the logs agree, but the follower's disk has no room for further commands."""


@attrs.define(kw_only=True)
class AppendEntriesResponse:
    """Attests two things, separately: that the sender follows in this term as of
    `round`, and that its log is the leader's, *durably*, up to `match_index`.
    """

    term: Term
    round: int
    match_index: Index
    conflict: Conflict | None = None


@attrs.define(kw_only=True)
class PreVote:
    """Asks whether an election could be won; changes nothing at the voter (§9.6).

    The election would be for `term + 1`.
    """

    term: Term
    round: int
    last: EntryId  # last_log_index and last_log_term, as durable


@attrs.define(kw_only=True)
class PreVoteResponse:
    """Answers the pre-vote of that round."""

    term: Term
    round: int
    vote_granted: bool


@attrs.define(kw_only=True)
class RequestVote:
    """Asks for a vote (§3.4). Sent once term, own vote and `last` are durable.

    With `is_transfer` it was the leader itself that asked for the election, so
    that its own leadership is no reason to refuse (§3.10, §4.2.3).
    """

    term: Term
    last: EntryId
    is_transfer: bool = False


@attrs.define(kw_only=True)
class RequestVoteResponse:
    """Grants or refuses. A grant is sent once it is durable (§3.8)."""

    term: Term
    vote_granted: bool


@attrs.define(kw_only=True)
class TimeoutNow:
    """The leader asks the receiver to take over: to campaign at once (§3.10)."""

    term: Term


@attrs.define(kw_only=True)
class InstallSnapshot:
    """A chunk of the leader's snapshot (§5.1, figure 5.3)."""

    term: Term
    transfer: int  # identifies this transfer; comes back in the response
    snapshot: SnapshotMark
    offset: int
    data: bytes


@attrs.define(kw_only=True)
class InstallSnapshotResponse:
    """Asks for the chunk at `next_offset`, or attests the installation.

    `match_index` is 0 until what the snapshot covers is durable here.
    """

    term: Term
    transfer: int
    next_offset: int
    match_index: Index = 0


@attrs.define(kw_only=True)
class ReadIndex:
    """A follower asks the leader for an index to read at (§6.4)."""

    term: Term
    read: int


@attrs.define(kw_only=True)
class ReadIndexResponse:
    """The index at which a state machine answers linearizably; None is a refusal."""

    term: Term
    read: int
    index: Index | None


Message: TypeAlias = (
    AppendEntries
    | AppendEntriesResponse
    | PreVote
    | PreVoteResponse
    | RequestVote
    | RequestVoteResponse
    | TimeoutNow
    | InstallSnapshot
    | InstallSnapshotResponse
    | ReadIndex
    | ReadIndexResponse
)
