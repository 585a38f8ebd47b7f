"""Who answers by a lease leads alone (§6.4.1).

Responsible for what a lease is for: while a leader may answer reads without asking
anybody, nobody has been elected in a later term. Whether such a read was too old
is another matter (`requests`): most often nobody has written meanwhile.
"""

from leto.raft.actions import Answer, Readable
from leto.raft.events import ReadPolicy
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

LEADS_ALONE = "who answers by a lease leads alone"


def check_lease(node: Observed, answer: Answer, elections: ElectionSafety) -> None:
    """The node answers a request."""
    outcome = answer.outcome
    if type(outcome) is not Readable or outcome.policy is not ReadPolicy.LEASE:
        return
    term = node.status.current_term
    if elections.last_term > term:
        raise PropertyViolated(
            LEADS_ALONE,
            f"{node.name} answers by its lease of term {term};"
            f" somebody leads term {elections.last_term}",
            node=node.name,
        )
