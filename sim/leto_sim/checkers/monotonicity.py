"""Terms, commit indexes and applied indexes never go back (§3.3, §3.5).

The term does not across restarts either, which the disk must see to (§3.8).
"""

import attrs

from leto.raft.actions import RoleName
from leto.raft.types import Index, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

MONOTONICITY = "what only grows"


@attrs.define
class _Seen:
    current_term: Term
    commit_index: Index = 0
    last_applied: Index = 0


class Monotonicity:
    """Remembers where each node was."""

    def __init__(self) -> None:
        self._seen: dict[NodeId, _Seen] = {}

    def started(self, node: Observed) -> None:
        """A new life, which knows the term from the disk and starts to count anew."""
        self._seen[node.node_id] = _Seen(node.platter.hard_state.current_term)
        self.handled(node)

    def handled(self, node: Observed) -> None:
        """An event is done with."""
        self.stands(node, node.status.standing)

    def stands(self, node: Observed, standing: tuple[RoleName, Term, Index, Index]) -> None:
        """The same for whoever has looked already how the node stands."""
        seen = self._seen[node.node_id]
        _, term, commit_index, last_applied = standing
        if term < seen.current_term:
            raise _violation(node, f"the term goes back: {term} < {seen.current_term}")
        if commit_index < seen.commit_index:
            raise _violation(node, f"commit goes back: {commit_index} < {seen.commit_index}")
        if last_applied < seen.last_applied:
            raise _violation(node, f"applied goes back: {last_applied} < {seen.last_applied}")
        if last_applied > commit_index:
            raise _violation(node, f"{last_applied} is applied, {commit_index} committed")
        seen.current_term, seen.commit_index = term, commit_index
        seen.last_applied = last_applied


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(MONOTONICITY, f"{node.name}: {what}", node=node.name)
