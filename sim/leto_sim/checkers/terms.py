"""A term begins with a candidate, and a vote goes to one (§3.4).

Responsible for where terms come from: nobody enters a term, and nobody votes in it, for
anybody but a candidate that has begun it. Hence sounding the others out changes nothing,
neither with who asks nor with who is asked (§9.6).
"""

from typing import TYPE_CHECKING

from leto.raft.entries import HardState
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.raft.types import NodeId, Term

BEGUN_BY_A_CANDIDATE = "a term begins with a candidate"


class Terms:
    """Remembers which candidates have begun which term."""

    def __init__(self) -> None:
        self._candidates: dict[Term, set[NodeId]] = {}

    def write_issued(self, node: Observed, hard_state: HardState) -> None:
        """The node orders term and vote to be written."""
        term, voted_for = hard_state.current_term, hard_state.voted_for
        if voted_for == node.node_id:
            self._candidates.setdefault(term, set()).add(node.node_id)
        elif term and term not in self._candidates:
            raise _violation(node, f"enters term {term}, which nobody has begun")
        elif voted_for is not None and voted_for not in self._candidates.get(term, ()):
            raise _violation(node, f"votes for {voted_for}, who does not stand in term {term}")


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(BEGUN_BY_A_CANDIDATE, f"{node.name} {what}", node=node.name)
