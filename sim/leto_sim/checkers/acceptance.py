"""A node takes on what it may, and refuses what it must not, and only that.

Responsible for commands: none is appended beyond the quota of what is uncommitted, by a
node whose disk has no room, or by a leader that hands over (§3.10); and none is refused for
one of these reasons unless it holds. And for a transfer of leadership, which ends in time,
whatever becomes of its target, and which nobody begins unasked whose disk has not been full
for an election timeout. What is said of refusals by others is `requests`.

Where it is not shown what a node is told (in whole servers), it judges nobody.
"""

import attrs

from leto.raft import Config
from leto.raft.actions import Answer, Refusal, Refused, RoleName, Write
from leto.raft.entries import Command, Noop
from leto.raft.events import TransferRequested
from leto.raft.types import Index, Micros, NodeId, RequestId, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

TAKES_WHAT_IT_MAY = "commands are taken where there is room for them"
REFUSES_TRULY = "nothing is refused without that reason"
TRANSFERS_TRULY = "what is said of a transfer of leadership is true"
TRANSFERS_END = "a transfer of leadership ends in time"
_LEADER = RoleName.LEADER  # looked up once


@attrs.define
class _Life:
    full_since: Micros | None = None
    may_withdraw_until: Micros = 0  # having begun to before there was room again
    transfers: dict[RequestId, Micros] = attrs.field(factory=dict[RequestId, Micros])
    has_asked_another: bool = False  # to lead, for one of them
    is_timer: bool = False  # the event that is being handled
    # Of the term that it leads: the weight of its log up to each index, from some place on.
    term: Term = 0
    weight: int = 0
    weights: dict[Index, int] = attrs.field(factory=dict[Index, int])

    def uncommitted_bytes(self, committed: Index) -> int:
        """What its log weighs beyond what it knows to be committed. Once in its term at least
        it has appended something, which was weighed.
        """
        return self.weight - self.weights.get(committed, 0)


class Acceptance:
    """Remembers what each node was told of its disk, and the transfers that it was asked for."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._uncommitted_bytes_max = config.uncommitted_bytes_max
        self._patience_us = config.election_timeout_max_us
        self._transfer_us = config.election_timeout_max_us + config.heartbeat_interval_us
        self._lives: dict[NodeId, _Life] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._lives[node.node_id] = _Life()

    def told_of_room(self, node: Observed, *, has_room: bool) -> None:
        """The node is told about its disk."""
        life, now = self._lives[node.node_id], self._moment.shown
        if not has_room:
            life.full_since = now if life.full_since is None else life.full_since
        else:
            if self._may_withdraw(life):
                life.may_withdraw_until = now + self._transfer_us
            life.full_since = None

    def asked_to_transfer(self, node: Observed, event: TransferRequested) -> None:
        """The node is told that somebody wants another leader."""
        life = self._lives[node.node_id]
        life.transfers[event.request_id] = self._moment.shown

    def write_issued(self, node: Observed, write: Write) -> None:
        """The node orders entries to be written. `node.memory` is as before the write."""
        life, status = self._lives.get(node.node_id), node.status
        if life is None:
            return
        has_commands = any(type(entry.payload) is Command for entry in write.entries)
        if has_commands and life.full_since is not None:
            raise _violation(TAKES_WHAT_IT_MAY, node, "takes commands on a full disk")
        if status.role is not _LEADER:
            return
        if write.entries[0].id.term == status.current_term:
            self._check_transfers(node, life, write)
            if has_commands:
                self._check_quota(node, life)
        self._weigh(node, life, write)

    def answered(self, node: Observed, answer: Answer, committed: Index) -> None:
        """The node answers a request; `committed` is its commit index as of the event before."""
        life = self._lives.get(node.node_id)
        if life is None:
            return
        if life.transfers.pop(answer.request_id, None) is not None:
            self._check_transfer(node, life, answer)
        if type(answer.outcome) is Refused:
            self._check_refusal(node, life, answer.outcome.refusal, committed)

    def asked_another(self, node: Observed) -> None:
        """The node asks another one to lead."""
        life = self._lives.get(node.node_id)
        if life is not None:
            if life.has_asked_another:
                raise _violation(TRANSFERS_TRULY, node, "asks twice in one transfer")
            if not life.transfers and not self._may_withdraw(life):
                raise _violation(TRANSFERS_TRULY, node, "asks another to lead, and nobody wants it")
            life.has_asked_another = bool(life.transfers)

    def timer_fires(self, node: Observed) -> None:
        """The node is about to handle its timer."""
        self._lives[node.node_id].is_timer = True

    def timer_fired(self, node: Observed) -> None:
        """The node has handled its timer."""
        life = self._lives[node.node_id]
        life.is_timer = False
        if not life.transfers or node.status.role is not _LEADER:
            return
        now = self._moment.shown
        for request_id, since in life.transfers.items():
            if now - since > self._transfer_us:
                raise _violation(
                    TRANSFERS_END, node, f"has not answered the transfer {request_id} since {since}"
                )

    def _check_transfer(self, node: Observed, life: _Life, answer: Answer) -> None:
        outcome = answer.outcome
        if type(outcome) is not Refused:
            life.has_asked_another = False
        elif outcome.refusal is not Refusal.TRANSFER_PENDING and life.has_asked_another:
            # Else it is the second one that is refused.
            raise _violation(TRANSFERS_TRULY, node, "refuses a transfer, and has asked another")

    def _check_transfers(self, node: Observed, life: _Life, write: Write) -> None:
        # One that its timer ends is answered after the write, which it may cause.
        if not life.transfers or life.is_timer:
            return
        if any(type(entry.payload) is not Noop for entry in write.entries):
            raise _violation(TAKES_WHAT_IT_MAY, node, "appends something while it hands over")

    def _check_quota(self, node: Observed, life: _Life) -> None:
        uncommitted = life.uncommitted_bytes(node.status.commit_index)
        if uncommitted > self._uncommitted_bytes_max:
            raise _violation(
                TAKES_WHAT_IT_MAY, node, f"takes commands beyond {uncommitted} uncommitted bytes"
            )

    def _check_refusal(
        self, node: Observed, life: _Life, refusal: Refusal, committed: Index
    ) -> None:
        match refusal:
            case Refusal.TOO_MUCH_UNCOMMITTED:
                # The event that is refused may commit: what follows has no part in that.
                is_true = life.uncommitted_bytes(committed) > self._uncommitted_bytes_max
            case Refusal.DISK_FULL:
                is_true = life.full_since is not None
            case Refusal.TRANSFER_PENDING:
                is_true = bool(life.transfers) or self._may_withdraw(life)
            case _:
                return
        if not is_true:
            raise _violation(REFUSES_TRULY, node, f"refuses: {refusal.value}")

    def _may_withdraw(self, life: _Life) -> bool:
        """Whether it may hand over unasked, since its disk stays full."""
        now = self._moment.shown
        if life.full_since is None:
            return now < life.may_withdraw_until
        return now - life.full_since >= self._patience_us

    def _weigh(self, node: Observed, life: _Life, write: Write) -> None:
        """Notes the weights of the entries that a leader appends."""
        if life.term != node.status.current_term:
            life.term, life.weight, life.weights = node.status.current_term, 0, {}
            memory = node.memory
            for entry in memory.between(node.status.commit_index, memory.last_index):
                life.weight += entry.size_bytes
                life.weights[entry.id.index] = life.weight
        for entry in write.entries:
            life.weight += entry.size_bytes
            life.weights[entry.id.index] = life.weight


def _violation(name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(name, f"{node.name} {what}", node=node.name)
