"""Who follows answers its leader at once (§3.5, §10.2.1).

Responsible for what a follower owes: an answer to each new round when it hears of it, whatever
its disk is about, since reads and leases rest on that; and another one as soon as the entries
that it was sent are durable, since commands wait for that. A heartbeat later it would be told
anyway, so that nobody would miss it.

What it says waits for its term and vote to be durable: until it is told that they are, nobody
is judged. Nor is anybody where it is not shown what a node is told (in whole servers).
"""

import attrs

from leto.raft.actions import RoleName, Send
from leto.raft.entries import HardState
from leto.raft.events import MessageReceived
from leto.raft.messages import AppendEntries, AppendEntriesResponse, InstallSnapshotResponse
from leto.raft.types import Index, NodeId, Seq, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

TELLS_AT_ONCE = "who follows answers its leader at once"
_FOLLOWER = RoleName.FOLLOWER  # looked up once


@attrs.define
class _Life:
    promise: tuple[Term, NodeId | None]  # term and vote, durable or on their way to the disk
    promised_by: Seq = 0  # the write that makes them durable
    written: Seq = 0  # the latest write that the node has been told of
    term: Term = -1  # what follows is of that term
    round: int = 0  # the latest that was answered
    told: Index = 0  # that so much is durable
    owed: Index = 0  # what was appended, to be told once it is durable
    has_appended: bool = False  # in this event

    def come_to(self, term: Term) -> None:
        if term != self.term:
            self.term, self.round, self.told, self.owed = term, 0, 0, 0


class Telling:
    """Remembers what each follower owes its leader."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._lives: dict[NodeId, _Life] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._lives[node.node_id] = _Life((node.status.current_term, node.status.voted_for))

    def changed(self, node: Observed) -> None:
        """The node plays another role: what it owed whom it followed is void."""
        life = self._lives.get(node.node_id)
        if life is not None:
            life.owed = 0

    def promised(self, node: Observed, seq: Seq, promise: HardState) -> None:
        """The node orders term and vote, and perhaps nothing new of them, to be written."""
        life = self._lives.get(node.node_id)
        if life is not None and life.promise != (promise.current_term, promise.voted_for):
            life.promise, life.promised_by = (promise.current_term, promise.voted_for), seq

    def appended(self, node: Observed) -> None:
        """The node orders entries to be written."""
        life = self._lives.get(node.node_id)
        if life is not None:
            life.has_appended = True

    def sent(self, node: Observed, send: Send) -> None:
        """The node answers a leader."""
        life, message = self._lives.get(node.node_id), send.message
        if life is None or message.term != node.status.current_term:
            return  # in a former term: it has waited for the disk
        life.come_to(message.term)
        if type(message) is AppendEntriesResponse:
            life.round = max(life.round, message.round)
        else:
            assert type(message) is InstallSnapshotResponse, message
        life.told = max(life.told, message.match_index)

    def heard(self, node: Observed, event: MessageReceived) -> None:
        """The node has handled its leader's word."""
        life, status, message = self._lives[node.node_id], node.status, event.message
        has_appended, life.has_appended = life.has_appended, False
        if type(message) is not AppendEntries or message.term != status.current_term:
            return
        if message.round <= life.round and message.term == life.term and not has_appended:
            return  # it was answered, and nothing else is owed
        listens = status.heard_at == self._moment.shown and not status.disk_has_hung
        if not listens or life.promised_by > life.written:
            return
        life.come_to(message.term)
        if message.round > life.round:
            raise _violation(node, f"does not answer round {message.round}")
        if has_appended and message.entries:
            last = message.entries[-1].id
            if node.memory.holds(last):
                life.owed = max(life.owed, last.index)

    def written(self, node: Observed, seq: Seq) -> None:
        """The node has been told that its writes up to that one are durable."""
        life, status = self._lives[node.node_id], node.status
        life.has_appended, life.written = False, seq
        if life.owed <= life.told or status.role is not _FOLLOWER:
            return
        durable = min(life.owed, status.durable_index)
        if durable > life.told and life.term == status.current_term and life.promised_by <= seq:
            raise _violation(node, f"has {durable} on its disk, and has told {life.told}")


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(TELLS_AT_ONCE, f"{node.name} {what}", node=node.name)
