"""What the checkers see of a node.

Responsible for the shape that a world shows its nodes in, so that one set of
checkers serves both levels. What was ordered (`memory`) and what is durable
(`platter`) are the world's own record of the node's writes, not the node's word.
"""

from collections.abc import Mapping
from typing import Protocol

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration
from leto.raft.status import FollowerView
from leto.raft.types import Index, Micros, NodeId, Term
from leto_sim.platter import LogImage, Platter


class ObservedStatus(Protocol):
    """The part of a node's status that the checkers read."""

    @property
    def role(self) -> RoleName:
        """Its role (figure 3.3)."""
        ...

    @property
    def standing(self) -> tuple[RoleName, Term, Index, Index]:
        """Role, term, commit index and applied index: what is looked at after every event."""
        ...

    @property
    def current_term(self) -> Term:
        """The latest term it has seen."""
        ...

    @property
    def leader(self) -> NodeId | None:
        """Who leads that term, as far as it knows."""
        ...

    @property
    def durable_index(self) -> Index:
        """Up to where it knows its log to be durable."""
        ...

    @property
    def voted_for(self) -> NodeId | None:
        """Whom it voted for in that term."""
        ...

    @property
    def heard_at(self) -> Micros | None:
        """When, by its own clock, the leader that it follows last spoke to it."""
        ...

    @property
    def promised_until(self) -> Micros:
        """Until when, by its own clock, it grants no vote (§6.4.1)."""
        ...

    @property
    def writes_outstanding(self) -> int:
        """How many writes it knows not to be durable yet: what it says may wait for them."""
        ...

    @property
    def disk_has_hung(self) -> bool:
        """Whether it is silent, since a write is outstanding for too long."""
        ...

    @property
    def commit_index(self) -> Index:
        """The highest entry that it knows to be committed."""
        ...

    @property
    def last_applied(self) -> Index:
        """The highest entry that it applied."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it leads and has committed an entry of its own term."""
        ...

    @property
    def was_admitted(self) -> bool:
        """Whether a configuration that is committed for certain holds, or held, it."""
        ...

    @property
    def transfer_target(self) -> NodeId | None:
        """Whom it hands leadership over to."""
        ...

    @property
    def followers_by_id(self) -> Mapping[NodeId, FollowerView]:
        """How far the others are, if it leads."""
        ...

    @property
    def configuration(self) -> Configuration:
        """The configuration it acts by: the latest of its log (§4.1)."""
        ...


class Observed(Protocol):
    """A node in one of its lives: from a start to the crash that ends it."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def node_id(self) -> NodeId:
        """Who it is, for the protocol."""
        ...

    @property
    def status(self) -> ObservedStatus:
        """What it says of itself."""
        ...

    @property
    def memory(self) -> LogImage:
        """Its log, as its writes describe it, durable or not."""
        ...

    @property
    def platter(self) -> Platter:
        """What a power cut would leave of it."""
        ...
