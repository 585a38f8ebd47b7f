"""Within a term, a leader never thinks less of a follower than before (progress.1).

Looked at whenever a leader sends a heartbeat: that is often enough, since what has
fallen takes a while to rise again, and cheap.
"""

from leto.raft.actions import Send
from leto.raft.messages import AppendEntries
from leto.raft.types import Index, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

MATCH_GROWS = "match indexes only grow"


class MatchIndexes:
    """Remembers the match index of each follower, as its leader had it."""

    def __init__(self) -> None:
        self._seen: dict[tuple[NodeId, NodeId], tuple[Term, Index]] = {}

    def sent(self, node: Observed, send: Send) -> None:
        """The leader sends an AppendEntries."""
        message = send.message
        assert type(message) is AppendEntries, "only those are shown here"
        if message.entries:
            return
        follower = node.status.followers_by_id.get(send.to)
        if follower is not None:
            self._check(node, send.to, message.term, follower.match_index)

    def _check(self, node: Observed, follower: NodeId, term: Term, match_index: Index) -> None:
        link = (node.node_id, follower)
        before_term, before = self._seen.get(link, (0, 0))
        if before_term == term and match_index < before:
            raise PropertyViolated(
                MATCH_GROWS,
                f"{node.name} thinks {follower} matches to {match_index}, after {before}",
                node=node.name,
            )
        self._seen[link] = (term, match_index)
