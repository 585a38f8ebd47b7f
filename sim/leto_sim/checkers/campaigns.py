"""Who campaigns was allowed to: by a quorum's pre-votes, or by the leader itself.

Responsible for two properties. A node stands for election only if a quorum, itself
included, has granted its latest round of pre-votes (§9.6), or if the leader of the term
before has asked it to (§3.10). And a leader asks only who holds everything that it holds
itself, durably (§3.10), and may lead.
"""

from collections.abc import Mapping

from leto.raft.actions import Send
from leto.raft.configuration import Configuration
from leto.raft.messages import PreVote, PreVoteResponse, TimeoutNow
from leto.raft.types import NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.patience import MAY_LEAD, may_lead
from leto_sim.checkers.quorums import has_quorum
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated

HAS_LEAVE = "who campaigns has a quorum's leave"
HEIR_HOLDS_ALL = "who is asked to lead holds everything"


class Campaigns:
    """Remembers the pre-votes of every round, and whom leaders have asked to take over.

    Where messages are not shown (in whole servers), it judges nobody.
    """

    def __init__(self) -> None:
        self._rounds: dict[NodeId, int] = {}  # of each node the latest
        self._earlier_rounds: dict[NodeId, int] = {}  # and the one before
        self._grants: dict[tuple[NodeId, int], set[NodeId]] = {}
        self._heirs: set[tuple[NodeId, Term]] = set()

    def sent(self, node: Observed, send: Send, platters: Mapping[NodeId, Platter]) -> None:
        """The message leaves the node now."""
        match send.message:
            case PreVote(round=number):
                self._asked(node.node_id, number)
            case PreVoteResponse(round=number, vote_granted=True):
                self._grants.setdefault((send.to, number), set()).add(node.node_id)
            case TimeoutNow(term=term):
                self._heirs.add((send.to, term + 1))
                _check_heir(node, send.to, platters.get(send.to))
                if not may_lead([node.status.configuration], send.to):
                    raise PropertyViolated(
                        MAY_LEAD,
                        f"{node.name} asks {send.to} to lead, who may not",
                        node=node.name,
                    )
            case _:
                pass

    def _asked(self, node_id: NodeId, number: int) -> None:
        """Each voter is asked once in a round."""
        latest = self._rounds.get(node_id, 0)
        if number != latest:
            self._rounds[node_id], self._earlier_rounds[node_id] = number, latest

    def has_granted_lately(self, voter: NodeId, candidate: NodeId) -> bool:
        """Whether it has granted the candidate a pre-vote of one of the latest two rounds."""
        rounds = (self._rounds.get(candidate, 0), self._earlier_rounds.get(candidate, 0))
        return any(voter in self._grants.get((candidate, number), ()) for number in rounds)

    def stood(self, node: Observed, before: Configuration) -> None:
        """The node has become a candidate."""
        if not self._rounds and not self._heirs:
            return
        term, configuration = node.status.current_term, node.status.configuration
        is_forced = configuration.is_forced and configuration is not before  # `forcings` judges
        if (node.node_id, term) in self._heirs or is_forced:
            return
        number = self._rounds.get(node.node_id, 0)
        grants = self._grants.get((node.node_id, number), set()) | {node.node_id}
        if not has_quorum(before, grants.__contains__):
            raise PropertyViolated(
                HAS_LEAVE,
                f"{node.name} stands in term {term}; {sorted(grants)} would vote for it",
                node=node.name,
            )


def _check_heir(node: Observed, heir: NodeId, platter: Platter | None) -> None:
    if platter is None or platter.hard_state.current_term > node.status.current_term:
        return  # it is gone, or follows another one by now
    if not platter.holds(node.memory.last):
        raise PropertyViolated(
            HEIR_HOLDS_ALL,
            f"{node.name} asks {heir}, who ends with {platter.last}, not {node.memory.last}",
            node=node.name,
        )
