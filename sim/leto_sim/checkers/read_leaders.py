"""Who lets a node read still leads (§6.4).

Responsible for what makes a read fresh, whether anybody has written meanwhile or not
(if somebody has, `requests` sees it too). While a leader may answer by its lease, nobody has
been elected in a later term (§6.4.1). And whoever confirms a read by a round that began
after it was asked for has not been succeeded before that: a quorum that has voted in a later
term confirms nothing.
"""

from leto.raft.actions import Answer, Readable
from leto.raft.events import ReadPolicy, ReadRequested
from leto.raft.types import RequestId, Term
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

LEADS_ALONE = "who answers by a lease leads alone"
LEADS_STILL = "who confirms a read still leads"


class ReadLeaders:
    """Remembers for each read the latest term that had a leader when it was asked for."""

    def __init__(self, elections: ElectionSafety, *, trusts_clocks: bool) -> None:
        self._elections = elections
        self._trusts_clocks = trusts_clocks
        self._asked_in: dict[RequestId, Term] = {}

    def requested(self, event: ReadRequested) -> None:
        """Somebody asks for a read."""
        if event.policy is not ReadPolicy.STALE:
            self._asked_in[event.request_id] = self._elections.last_term

    def answered(self, node: Observed, answer: Answer) -> None:
        """The node answers a request."""
        asked_in = self._asked_in.pop(answer.request_id, None)
        if asked_in is None or type(answer.outcome) is not Readable:
            return
        term, last_term = node.status.current_term, self._elections.last_term
        if answer.outcome.policy is ReadPolicy.INDEX:
            if asked_in > term:
                raise _violation(LEADS_STILL, node, f"lets read in term {term}", asked_in)
        elif last_term > term and self._trusts_clocks:
            raise _violation(LEADS_ALONE, node, f"answers by its lease of term {term}", last_term)


def _violation(name: str, node: Observed, what: str, later: Term) -> PropertyViolated:
    return PropertyViolated(name, f"{node.name} {what}; term {later} has a leader", node=node.name)
