"""Leader append-only: a leader never overwrites or deletes entries in its log (figure 3.2)."""

from typing import TYPE_CHECKING

from leto.raft.actions import RoleName, Write
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.raft.types import NodeId, Term

LEADER_APPEND_ONLY = "leader append-only"
_LEADER = RoleName.LEADER  # looked up once


class LeaderAppendOnly:
    """Holds truncations against the role before and after the event that ordered them."""

    def __init__(self) -> None:
        self._led: dict[NodeId, Term] = {}  # the term that it led after its previous event
        self._truncated: dict[NodeId, Write] = {}  # by the event that is being handled

    def started(self, node: Observed) -> None:
        """A new life: it leads nothing."""
        self._led.pop(node.node_id, None)
        self._truncated.pop(node.node_id, None)

    def write_issued(self, node: Observed, write: Write) -> None:
        """The node orders a write."""
        if write.truncate_from is not None:
            self._truncated[node.node_id] = write

    def handled(self, node: Observed) -> None:
        """The event is done with: was it a leader's, before and after?"""
        role, term, _, _ = node.status.standing
        truncated = self._truncated.pop(node.node_id, None) if self._truncated else None
        if role is not _LEADER:
            self._led.pop(node.node_id, None)
            return
        led_before = self._led.get(node.node_id) == term
        if truncated is not None and led_before:
            raise PropertyViolated(
                LEADER_APPEND_ONLY,
                f"the leader of term {term} truncates its log from {truncated.truncate_from}",
                node=node.name,
            )
        self._led[node.node_id] = term
