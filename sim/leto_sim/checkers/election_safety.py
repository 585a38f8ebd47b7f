"""Election safety: at most one leader can be elected in a given term (figure 3.2)."""

from typing import TYPE_CHECKING

from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.raft.types import NodeId, Term

ELECTION_SAFETY = "election safety"


class ElectionSafety:
    """Remembers who led which term. Called when a node has become leader."""

    def __init__(self) -> None:
        self.leaders: dict[Term, NodeId] = {}
        self.last_term: Term = 0  # the latest term that has had a leader

    def forced(self, forcing: Forcing) -> None:
        """The terms that only the lost nodes knew are led anew."""
        self.leaders = {t: n for t, n in self.leaders.items() if not forcing.is_new(t)}
        self.last_term = max(self.leaders, default=0)

    def elected(self, node: Observed) -> None:
        """The node says that it leads its current term. It may do so once."""
        term = node.status.current_term
        if term in self.leaders:
            again = "again" if self.leaders[term] == node.node_id else "as the second node"
            raise PropertyViolated(
                ELECTION_SAFETY, f"{node.name} leads term {term} {again}", node=node.name
            )
        self.leaders[term] = node.node_id
        self.last_term = max(self.last_term, term)
