"""A leader leads as long as a quorum answers it and its disk writes (§6.2).

Responsible for how leadership ends within a term: not later than an election timeout after
too few answered or the disk ceased to write; and not before that, unless a committed
configuration has no place for the leader any more (§4.2.2). And for who takes part at all: a
node whose disk has not finished a write for an election timeout neither answers nor
campaigns, for it could attest nothing.

Everything by the node's own clock, and by what it was told and ordered. Where clocks are not
shown (in whole servers), it judges nobody.
"""

from collections import deque

import attrs

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.configuration import Configuration
from leto.raft.events import MessageReceived
from leto.raft.types import Index, Micros, NodeId, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.quorums import has_quorum
from leto_sim.result import PropertyViolated

LEADS_WHILE_ANSWERED = "a leader leads as long as a quorum answers it"
DISK_OR_SILENCE = "whose disk hangs takes no part"
_LEADER = RoleName.LEADER  # looked up once


@attrs.define
class _Life:
    """What a node has been told, and when, in this life."""

    writes: deque[Micros] = attrs.field(factory=deque[Micros])  # when each was ordered
    term: Term = 0  # that it leads, or led
    configuration: Configuration | None = None
    elected_at: Micros = 0
    joined_at: Micros = 0  # nobody of the configuration joined later
    answered_at: dict[NodeId, Micros] = attrs.field(factory=dict[NodeId, Micros])
    is_hung: bool = False  # its disk, at the event that is being handled
    is_timer: bool = False  # that event


class Leadership:
    """Remembers who answered which leader when, and what each disk owes."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._patience_us = config.election_timeout_min_us
        self._longest_us = config.election_timeout_min_us + config.heartbeat_interval_us
        self._lives: dict[NodeId, _Life] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._lives[node.node_id] = _Life()

    # --- its disk ------------------------------------------------------------------------

    def write_issued(self, node: Observed) -> None:
        """The node orders a write."""
        life = self._lives.get(node.node_id)
        if life is not None:
            life.writes.append(self._moment.shown)

    def write_durable(self, node: Observed) -> None:
        """The oldest write is about to be durable."""
        life = self._lives.get(node.node_id)
        if life is not None:
            life.writes.popleft()

    def is_told(self, node: Observed, *, by_timer: bool = False) -> None:
        """The node is about to handle a message that asks something of it, or its timer."""
        life = self._lives[node.node_id]
        life.is_timer = by_timer
        life.is_hung = bool(life.writes) and self._moment.shown - life.writes[0] > self._patience_us

    def was_told(self, node: Observed) -> None:
        """It has handled that."""
        life = self._lives[node.node_id]
        life.is_hung = life.is_timer = False

    def sent(self, node: Observed, send: Send) -> None:
        """The node answers somebody, or asks for votes."""
        life = self._lives.get(node.node_id)
        if life is not None and life.is_hung:
            raise PropertyViolated(
                DISK_OR_SILENCE,
                f"{node.name}, whose disk hangs, sends {type(send.message).__name__}",
                node=node.name,
            )

    # --- its leadership ------------------------------------------------------------------

    def elected(self, node: Observed) -> None:
        """The node leads from now on."""
        life = self._lives.get(node.node_id)
        if life is not None:
            life.elected_at = self._moment.shown

    def was_answered(self, node: Observed, event: MessageReceived) -> None:
        """The node has handled a follower's answer."""
        role, term, _, _ = node.status.standing
        if role is _LEADER and event.message.term == term and not node.status.disk_has_hung:
            life = self._leading(node)
            life.answered_at[event.sender] = self._moment.shown

    def timer_fired(self, node: Observed) -> None:
        """The node has handled its timer."""
        if node.status.role is not _LEADER:
            return
        life = self._leading(node)
        now = self._moment.shown
        if life.writes and now - life.writes[0] > self._longest_us:
            raise _violation(DISK_OR_SILENCE, node, f"leads on; a write began at {life.writes[0]}")
        since = now - self._longest_us
        if not _is_heard(node, life, since, life.joined_at):
            raise _violation(LEADS_WHILE_ANSWERED, node, f"leads on, unanswered since {since}")

    def ceased(self, node: Observed, effective_index: Index) -> None:
        """The node leads its term no more. Its configuration stands at that index."""
        life = self._lives.get(node.node_id)
        if life is None or _is_removed(node, effective_index):
            return
        if not life.is_timer:
            raise _violation(LEADS_WHILE_ANSWERED, node, "steps down, and is not removed")
        is_new = self._moment.shown - life.elected_at <= self._patience_us
        is_heard = life.term == node.status.current_term and _is_heard(
            node, life, self._moment.shown - self._patience_us, None
        )
        if (is_heard or is_new) and not node.status.disk_has_hung:
            raise _violation(LEADS_WHILE_ANSWERED, node, "steps down; a quorum has just answered")

    def _leading(self, node: Observed) -> _Life:
        """Its life, told of the term and the configuration that it leads."""
        life, status = self._lives[node.node_id], node.status
        term, configuration = status.current_term, status.configuration
        if life.term != term:
            life.term, life.answered_at, life.configuration = term, {}, None
        if life.configuration is not configuration:
            life.configuration, life.joined_at = configuration, self._moment.shown
        return life


def _is_heard(node: Observed, life: _Life, since: Micros, otherwise: Micros | None) -> bool:
    """Whether a quorum has answered since then. Who never did counts as at `otherwise`."""

    def has_answered(node_id: NodeId) -> bool:
        answered_at = life.answered_at.get(node_id, otherwise)
        if answered_at is None:
            return node_id == node.node_id
        return node_id == node.node_id or max(answered_at, otherwise or answered_at) >= since

    return has_quorum(node.status.configuration, has_answered)


def _is_removed(node: Observed, effective_index: Index) -> bool:
    status = node.status
    is_voter = status.configuration.is_voter(node.node_id)
    return not is_voter and effective_index <= status.commit_index


def _violation(name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(name, f"{node.name} {what}", node=node.name)
