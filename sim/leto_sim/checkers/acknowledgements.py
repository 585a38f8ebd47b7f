"""A node never forgets what it has acknowledged, and so never acknowledges less.

What it told the leader of a term is on its disk stays there until a leader of a later
term takes it away: a truncation within the term, a restart that finds less, a term
that is not found again, each would make of a committed entry one that a quorum lacks.
"""

from leto.raft.actions import Send, Write
from leto.raft.messages import AppendEntriesResponse, InstallSnapshotResponse
from leto.raft.types import Index, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

_ACKNOWLEDGING = (AppendEntriesResponse, InstallSnapshotResponse)
NEVER_FORGETS = "what was acknowledged stays until a later leader takes it away"


class Acknowledgements:
    """Remembers the most that each node acknowledged, in the latest term in which it did."""

    def __init__(self) -> None:
        self._acked: dict[NodeId, tuple[Term, Index]] = {}

    def sent(self, node: Observed, send: Send) -> None:
        """The acknowledgement leaves the node now."""
        message = send.message
        assert isinstance(message, _ACKNOWLEDGING), "only those are shown here"
        acked = (message.term, message.match_index)
        if message.match_index and acked > self._acked.get(node.node_id, (0, 0)):
            self._acked[node.node_id] = acked

    def write_durable(self, node: Observed, write: Write) -> None:
        """A write that truncates is about to be durable. `node.platter` is as before it."""
        index = write.truncate_from
        if index is None or write.snapshot is not None:
            return  # what a snapshot replaces it also contains
        hard_state = write.hard_state or node.platter.hard_state
        term, acked = self._acked.get(node.node_id, (0, 0))
        if hard_state.current_term <= term and index <= acked:
            raise _violation(node, term, acked, f"truncates from {index}")

    def started(self, node: Observed) -> None:
        """A new life begins with what its disk holds."""
        term, acked = self._acked.get(node.node_id, (0, 0))
        found_term, found = node.platter.hard_state.current_term, node.platter.last
        if found_term < term or (found_term == term and found.index < acked):
            raise _violation(node, term, acked, f"finds {found} in term {found_term}")


def _violation(node: Observed, term: Term, acked: Index, what: str) -> PropertyViolated:
    return PropertyViolated(
        NEVER_FORGETS,
        f"{node.name} acknowledged {acked} in term {term}, and {what}",
        node=node.name,
    )
