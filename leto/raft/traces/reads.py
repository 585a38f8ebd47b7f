"""Reads, and the leases that spare them a round (§6.4)."""

from typing import TypeAlias

import attrs

from leto.raft.types import Index, Micros, NodeId, RequestId


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


ReadStep: TypeAlias = (
    ReadsIssued | ReadsConfirmed | ReadReleased | ReadIndexAsked | LeaseExtended | LeaseVoided
)
