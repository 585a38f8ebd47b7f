"""Who leads was elected: by a quorum, whose votes for it are durable (§3.4).

Responsible for counting votes where they lie, on the voters' disks, not where they are
counted. So a vote that counts twice, or in another term than its own, is noticed at the
first election that it decides, whether anybody else wins the same term or not.
"""

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from leto_sim.checkers.observed import Observed
from leto_sim.checkers.quorums import has_quorum
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.raft.entries import HardState
    from leto.raft.types import NodeId, Term

ELECTED = "who leads was elected by a quorum"


class Electorates:
    """Remembers who has voted for whom, in each term."""

    def __init__(self) -> None:
        self._voters: dict[tuple[Term, NodeId], set[NodeId]] = {}

    def became_durable(self, node: Observed, hard_state: "HardState") -> None:
        """Term and vote are replaced on the disk."""
        if hard_state.voted_for is not None:
            candidacy = (hard_state.current_term, hard_state.voted_for)
            self._voters.setdefault(candidacy, set()).add(node.node_id)

    def voters_of(self, term: "Term", candidate: "NodeId") -> AbstractSet["NodeId"]:
        """Whose vote for it was durable at some time."""
        return self._voters.get((term, candidate), frozenset())

    def elected(self, node: Observed) -> None:
        """The node says that it leads its current term."""
        term = node.status.current_term
        voters = self.voters_of(term, node.node_id)
        if not has_quorum(node.status.configuration, voters.__contains__):
            raise PropertyViolated(
                ELECTED,
                f"{node.name} leads term {term}; only {sorted(voters)} have voted for it",
                node=node.name,
            )
