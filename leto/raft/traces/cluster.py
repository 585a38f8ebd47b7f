"""The cluster: its configurations (chapter 4), hand-overs of its leadership (§3.10), a node's end."""

from typing import TypeAlias

import attrs

from leto.raft.types import Index, NodeId


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


ClusterStep: TypeAlias = (
    ConfigurationAppended
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
