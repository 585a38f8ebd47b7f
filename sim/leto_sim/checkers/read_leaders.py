"""Who lets a node read still leads (§6.4).

Responsible for what makes a read fresh, whether anybody is told of a write meanwhile or not
(if somebody is, `requests` sees it too). While a leader may answer by its lease, nobody has
been elected in a later term (§6.4.1), and it knows what is committed: an entry of its own term
is. Whoever confirms a read by a round that began after it was asked for has not been succeeded
before that: a quorum that has voted in a later term confirms nothing. And a read rests on all
that any node knew to be committed when it was asked for.
"""

from leto.raft.actions import Answer, Readable
from leto.raft.events import ReadPolicy, ReadRequested
from leto.raft.types import Index, RequestId, Term
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

LEADS_ALONE = "who answers by a lease leads alone"
LEADS_STILL = "who confirms a read still leads"
KNOWS_COMMITTED = "who answers by a lease has committed in its own term"
COMMITTED_SEEN = "reads see what was committed before"


class ReadLeaders:
    """Remembers for each read how the cluster stood when it was asked for.

    That is the latest term that had a leader, and how far the log was committed.
    """

    def __init__(self, elections: ElectionSafety, ledger: Ledger, *, trusts_clocks: bool) -> None:
        self._elections = elections
        self._ledger = ledger
        self._trusts_clocks = trusts_clocks
        self._asked: dict[RequestId, tuple[Term, Index]] = {}

    def requested(self, event: ReadRequested) -> None:
        """Somebody asks for a read."""
        if event.policy is not ReadPolicy.STALE:
            standing = (self._elections.last_term, self._ledger.last.index)
            self._asked[event.request_id] = standing

    def forced(self, forcing: Forcing) -> None:
        """Who is asked already need not know of what only the lost nodes knew."""
        for request_id, (term, committed) in self._asked.items():
            known = min(term, forcing.entry.term - 1), min(committed, forcing.agreed)
            self._asked[request_id] = known

    def answered(self, node: Observed, answer: Answer) -> None:
        """The node answers a request."""
        asked, outcome = self._asked.pop(answer.request_id, None), answer.outcome
        if asked is None or type(outcome) is not Readable:
            return
        asked_in, committed = asked
        if outcome.policy is ReadPolicy.INDEX:
            if asked_in > node.status.current_term:
                raise _violation(LEADS_STILL, node, "lets read", asked_in)
        else:
            self._check_lease(node)
            if not self._trusts_clocks:
                return
        if outcome.index < committed:
            what = f"reads at {outcome.index}; {committed} was committed"
            raise PropertyViolated(COMMITTED_SEEN, f"{node.name} {what}", node=node.name)

    def _check_lease(self, node: Observed) -> None:
        term, last_term = node.status.current_term, self._elections.last_term
        if last_term > term and self._trusts_clocks:
            raise _violation(LEADS_ALONE, node, "answers by its lease", last_term)
        committed = node.memory.id_at(node.status.commit_index)
        if committed is None or committed.term != term:
            raise PropertyViolated(
                KNOWS_COMMITTED,
                f"{node.name} answers by its lease of term {term}, and has committed {committed}",
                node=node.name,
            )


def _violation(name: str, node: Observed, what: str, later: Term) -> PropertyViolated:
    text = f"{node.name} {what} in term {node.status.current_term}; term {later} has a leader"
    return PropertyViolated(name, text, node=node.name)
