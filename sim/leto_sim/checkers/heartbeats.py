"""A leader speaks to every member once a heartbeat interval, and to nobody else for long.

Responsible for what keeps followers from campaigning (§3.4): a heartbeat goes to everybody,
whatever else is on its way to them, entries or a snapshot. And for its end: who was removed
hears of that, and then nothing more (§4.2.2).

By the leader's own clock. Where clocks are not shown (in whole servers), it judges nobody.
"""

import attrs

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.configuration import Configuration
from leto.raft.messages import AppendEntries
from leto.raft.types import Index, Micros, NodeId, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

SPEAKS_TO_ALL = "a leader speaks to every member in time, and to nobody else"
_LEADER = RoleName.LEADER  # looked up once


@attrs.define
class _Leadership:
    term: Term = 0
    has_spoken: bool = False  # else its words may wait for its disk
    configuration: Configuration | None = None
    joined_at: Micros = 0  # nobody of the configuration joined later
    spoke_at: dict[NodeId, Micros] = attrs.field(factory=dict[NodeId, Micros])
    left_at: dict[NodeId, Micros] = attrs.field(factory=dict[NodeId, Micros])  # as committed
    dismissed: set[NodeId] = attrs.field(factory=set[NodeId])  # with one last word


class Heartbeats:
    """Remembers when each leader spoke to whom."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._interval_us = config.heartbeat_interval_us
        self._farewell_us = config.election_timeout_max_us + config.heartbeat_interval_us
        self._lives: dict[NodeId, _Leadership] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._lives[node.node_id] = _Leadership()

    def sent(self, node: Observed, send: Send) -> None:
        """The node sends an AppendEntries."""
        message = send.message
        assert type(message) is AppendEntries, "only those are shown here"
        if message.entries:
            return
        life = self._lives.get(node.node_id)
        if life is not None and message.term == life.term:
            life.has_spoken = True
            life.spoke_at[send.to] = self._moment.shown

    def elected(self, node: Observed) -> None:
        """The node leads from now on."""
        if node.node_id in self._lives:
            status = node.status
            self._lives[node.node_id] = _Leadership(
                status.current_term,
                configuration=status.configuration,
                joined_at=self._moment.shown,
            )

    def timer_fired(self, node: Observed, effective_index: Index) -> None:
        """The node has handled its timer. Its configuration stands at that index."""
        life, status = self._lives[node.node_id], node.status
        if status.role is not _LEADER or not life.has_spoken:
            return
        now, configuration = self._moment.shown, status.configuration
        if life.configuration is not configuration:
            life.configuration, life.joined_at = configuration, now
            life.left_at, life.dismissed = {}, set()
        for member in configuration.everyone:
            since = max(life.spoke_at.get(member.node_id, 0), life.joined_at)
            if now - since >= self._interval_us and member.node_id != node.node_id:
                raise _violation(
                    node, f"has not spoken to {member.name} for {duration(now - since)}"
                )
        if effective_index <= status.commit_index:
            self._check_departed(node, life, configuration)

    def _check_departed(
        self, node: Observed, life: _Leadership, configuration: Configuration
    ) -> None:
        now = self._moment.shown
        for node_id, spoke_at in life.spoke_at.items():
            if spoke_at == now and configuration.member(node_id) is None:
                since = life.left_at.setdefault(node_id, now)
                if node_id in life.dismissed:
                    raise _violation(node, f"still speaks to {node_id}, who has left")
                # One that is woken late speaks to it once more, and then forgets it.
                if now - since > self._farewell_us:
                    life.dismissed.add(node_id)


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(SPEAKS_TO_ALL, f"{node.name} {what}", node=node.name)
