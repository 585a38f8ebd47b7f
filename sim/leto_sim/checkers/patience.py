"""Who hears from its leader does not campaign (§3.4, §9.6).

Responsible for two properties. Nobody sounds the others out before an election timeout has
passed since its leader spoke, or since it started, and half a range of timeouts more for each
priority above its own; unless it was told that the leader is dead. And only who may lead asks
at all: a voter of a priority above 0, by the last configuration that gives it a vote and may
count (§4.2.2, figure 4.6).

By the node's own clock. Where clocks are not shown (in whole servers), it judges nobody.
"""

from collections.abc import Sequence

import attrs

from leto.raft import Config
from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.events import MessageReceived, PeerGone
from leto.raft.types import Micros, NodeId
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

PATIENT = "who hears from its leader does not campaign"
MAY_LEAD = "who campaigns may lead"
_FOLLOWER = RoleName.FOLLOWER  # looked up once


@attrs.define
class _Follower:
    configuration: Configuration  # when it heard
    heard_at: Micros | None
    leader: NodeId | None = None  # whom it heard


class Patience:
    """Remembers when each node last heard from its leader."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._shortest_us = config.election_timeout_min_us
        self._spread_us = config.election_timeout_max_us - config.election_timeout_min_us
        self._followers: dict[NodeId, _Follower] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        configuration = node.status.configuration
        is_alone = configuration.voters == (node.node_id,)
        heard_at = None if is_alone else self._moment.shown  # who is alone has nobody to wait for
        self._followers[node.node_id] = _Follower(configuration, heard_at)

    def heard(self, node: Observed, event: MessageReceived, configuration: Configuration) -> None:
        """The node has handled its leader's word. It acted by that configuration before."""
        status = node.status
        is_ours = status.role is _FOLLOWER and event.message.term == status.current_term
        if is_ours and not status.disk_has_hung:
            follower = self._followers[node.node_id]
            follower.heard_at, follower.configuration = self._moment.shown, configuration
            follower.leader = event.sender

    def told_of_a_death(self, node: Observed, event: PeerGone) -> None:
        """A peer is dead; it may be the leader."""
        follower = self._followers[node.node_id]
        if follower.leader == event.node_id:
            follower.heard_at = None

    def voted(self, node: Observed) -> None:
        """The node has just given its vote: that puts its own campaign off (§3.4)."""
        follower = self._followers[node.node_id]
        follower.heard_at, follower.configuration = self._moment.shown, node.status.configuration

    def silence_us(self, node: Observed) -> Micros | None:
        """How long the node has not heard from its leader; None if it knows the leader dead."""
        heard_at = self._followers[node.node_id].heard_at
        return None if heard_at is None else self._moment.shown - heard_at

    def asked(self, node: Observed, may_count: Sequence[Configuration]) -> None:
        """The node sounds the others out. Those are the configurations that may count."""
        follower = self._followers.get(node.node_id)
        if follower is None or node.status.role is _FOLLOWER:
            return  # the question waited for its term to be durable, and a leader was heard since
        if follower.heard_at is not None:
            waited_us = self._moment.shown - follower.heard_at
            steps = priorities_above(follower.configuration, node.node_id)
            if waited_us < self._shortest_us + steps * self._spread_us // 2:
                raise PropertyViolated(
                    PATIENT,
                    f"{node.name} sounds the others out after {duration(waited_us)}",
                    node=node.name,
                )
        if not may_lead(may_count, node.node_id):
            raise PropertyViolated(
                MAY_LEAD, f"{node.name} sounds the others out, and may not lead", node=node.name
            )


def priorities_above(configuration: Configuration, node_id: NodeId) -> int:
    """How many priorities there are above the node's own."""
    everyone = (*configuration.members, *configuration.outgoing)
    own = [member.priority for member in everyone if member.node_id == node_id]
    if not own:
        return 0
    return len({m.priority for m in configuration.members if m.priority > own[0]})


def may_lead(may_count: Sequence[Configuration], node_id: NodeId) -> bool:
    """Whether the last of them that gives the node a vote gives it a priority, too."""
    for configuration in reversed(may_count):
        parts = (configuration.members, configuration.outgoing)
        places = [m for part in parts for m in part if m.node_id == node_id]
        if any(_votes(place) for place in places):
            return places[0].priority > 0
    return False


def _votes(member: Member) -> bool:
    return member.role is MemberRole.VOTER
