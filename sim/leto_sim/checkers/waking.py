"""A node asks to be woken in time (§3.4, §9.6): to speak as a leader, or to campaign.

Responsible for the deadlines that a node gives its driver, since whoever is woken too late
harms nobody, and is never missed while others get on. A leader's is a heartbeat away at most;
a follower's or a candidate's one election timeout, of its own priority. Whoever learns that
its leader is dead wants to be woken as soon as it is its turn. And a candidate who gets no
vote puts nothing off: otherwise one that cannot win would keep everybody else from it.

By the node's own clock. Where clocks are not shown (in whole servers), it judges nobody.
"""

from collections.abc import Callable
from typing import TypeAlias

import attrs

from leto.raft import Config
from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration
from leto.raft.election import FAILOVER_STEP_US
from leto.raft.events import MessageReceived, PeerGone
from leto.raft.messages import RequestVote
from leto.raft.state import HURRIED_TIMEOUT_MAX_US
from leto.raft.types import Micros, NodeId, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.patience import priorities_above
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

WOKEN_IN_TIME = "a node asks to be woken in time"
_FOLLOWER, _LEADER = RoleName.FOLLOWER, RoleName.LEADER  # looked up once

Deadline: TypeAlias = Callable[[], Micros | None]


@attrs.define
class _Life:
    deadline: Deadline
    heard_under: Configuration
    has_begun: bool = False  # it was woken once: before, it wants to be at any time
    asked: tuple[RoleName, Term, Micros | None] | None = None  # as it stood before a question


class Waking:
    """Compares each node's deadline with what its role allows."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._heartbeat_us = config.heartbeat_interval_us
        # A dead leader's successors repeat their campaigns at a pace of their own.
        self._longest_us = max(config.election_timeout_max_us, HURRIED_TIMEOUT_MAX_US)
        self._spread_us = config.election_timeout_max_us - config.election_timeout_min_us
        self._lives: dict[NodeId, _Life] = {}

    def started(self, node: Observed, deadline: Deadline) -> None:
        """A node starts a life; that tells when it wants to be woken."""
        self._lives[node.node_id] = _Life(deadline, node.status.configuration)

    def elected(self, node: Observed) -> None:
        """The node leads from now on."""
        life = self._lives.get(node.node_id)
        if life is not None:
            self._check(node, life, self._moment.shown + self._heartbeat_us)

    def heard(self, node: Observed, configuration: Configuration) -> None:
        """The node has handled a leader's word. It acted by that configuration before."""
        life = self._lives[node.node_id]
        life.heard_under = configuration
        if self._is_late(life) and node.status.heard_at == self._moment.shown:
            self._check(node, life, self._campaigns_at(node, life))

    def timer_fired(self, node: Observed) -> None:
        """The node has handled its timer."""
        life = self._lives[node.node_id]
        life.has_begun = True
        if node.status.role is _LEADER:
            self._check(node, life, self._moment.shown + self._heartbeat_us)
        elif self._is_late(life):
            self._check(node, life, max(self._campaigns_at(node, life), node.status.promised_until))

    def is_asked(self, node: Observed) -> None:
        """Somebody is about to ask the node for a vote, or for a pre-vote."""
        life, status = self._lives[node.node_id], node.status
        if life.has_begun:
            life.asked = (status.role, status.current_term, life.deadline())

    def was_asked(self, node: Observed, event: MessageReceived) -> None:
        """It has dealt with that."""
        life, status = self._lives[node.node_id], node.status
        before, life.asked = life.asked, None
        has_vote = type(event.message) is RequestVote and status.voted_for == event.sender
        if before is None or has_vote or before[:2] != (status.role, status.current_term):
            return
        deadline = before[2]
        if deadline is not None:
            self._check(node, life, deadline)

    def told_of_a_death(self, node: Observed, event: PeerGone) -> None:
        """The node has learnt that a peer is dead."""
        life, status = self._lives[node.node_id], node.status
        if status.role is _FOLLOWER and status.leader == event.node_id:
            turn = _rank(status.configuration, node.node_id, event.node_id) + 1
            self._check(node, life, self._moment.shown + turn * FAILOVER_STEP_US)

    def _is_late(self, life: _Life) -> bool:
        """Whether it asks to be woken later than any member of the best priority. Hardly ever."""
        deadline = life.deadline()
        return deadline is not None and deadline > self._moment.shown + self._longest_us

    def _campaigns_at(self, node: Observed, life: _Life) -> Micros:
        """When it campaigns at the latest, if nobody says anything from now on."""
        configurations = (life.heard_under, node.status.configuration)
        steps = max(priorities_above(each, node.node_id) for each in configurations)
        return self._moment.shown + self._longest_us + steps * self._spread_us // 2

    def _check(self, node: Observed, life: _Life, latest: Micros) -> None:
        deadline = life.deadline()
        if deadline is not None and deadline > latest:
            late_us = deadline - latest
            raise PropertyViolated(
                WOKEN_IN_TIME,
                f"{node.name} asks to be woken {duration(late_us)} late",
                node=node.name,
            )


def _rank(configuration: Configuration, node_id: NodeId, gone: NodeId) -> int:
    """How many voters go before the node in succeeding who is gone: by priority, then by id."""
    voters = [m for m in configuration.members if m.is_voter and m.node_id != gone]
    own = next((member for member in voters if member.node_id == node_id), None)
    if own is None:
        return len(voters)
    return sum((m.priority, -m.node_id) > (own.priority, -node_id) for m in voters)
