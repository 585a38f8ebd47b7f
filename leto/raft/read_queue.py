"""Reads on their way to an answer.

Responsible for holding them; `leto.raft.reads` is what they obey (§6.4).
"""

from typing import TypeAlias

import attrs

from leto.raft.types import Index, Micros, NodeId, RequestId


@attrs.define
class RemoteReader:
    """A follower that asked for a read index."""

    node_id: NodeId
    read: int


Reader: TypeAlias = RequestId | RemoteReader
"""Who waits for a read index: a client of this node, or a follower."""


@attrs.define
class Confirmation:
    """Reads at `index`, once a quorum has acknowledged `round`."""

    round: int
    index: Index
    readers: list[Reader]


@attrs.define
class ReadableAt:
    """A request that may be answered when `index` is applied."""

    index: Index
    request_id: RequestId
    give_up_at: Micros  # if `index` is not committed here by then; nobody may ever say so


@attrs.define
class FollowerReads:
    """A follower's requests: those asked about in one ReadIndex, and those to be asked next."""

    asked: list[RequestId] = attrs.field(factory=list[RequestId])
    waiting: list[RequestId] = attrs.field(factory=list[RequestId])
    read: int = 0  # the id of the outstanding ReadIndex, or 0
    ask_again_at: Micros = 0
    give_up_at: Micros = 0
