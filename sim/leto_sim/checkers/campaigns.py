"""Who campaigns was allowed to: by a quorum's pre-votes, or by the leader itself.

Responsible for two properties. A node stands for election only if a quorum, itself
included, has granted its latest round of pre-votes (§9.6), or if the leader of the term
before has asked it to (§3.10); who stands by an operator's word is for `forcings`. And a leader asks only who holds everything that it holds
itself, durably (§3.10), and may lead.
"""

from collections.abc import Mapping

from leto.raft.actions import RoleName, Send
from leto.raft.configuration import Configuration
from leto.raft.messages import PreVote, PreVoteResponse, RequestVote, TimeoutNow
from leto.raft.types import NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.patience import MAY_LEAD, may_lead
from leto_sim.checkers.quorums import has_quorum
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated

HAS_LEAVE = "who campaigns has a quorum's leave"
SAYS_WHO_SENT_IT = "who campaigns says truly whether it was told to"
_CANDIDATE = RoleName.CANDIDATE  # looked up once
HEIR_HOLDS_ALL = "who is asked to lead holds everything"


class Campaigns:
    """Remembers the pre-votes of every round, and whom leaders have asked to take over.

    Where messages are not shown (in whole servers), it judges nobody.
    """

    def __init__(self) -> None:
        self._rounds: dict[NodeId, int] = {}  # of each node the latest
        self._grants: dict[tuple[NodeId, int], set[NodeId]] = {}
        self._heirs: set[tuple[NodeId, Term]] = set()
        self._ordered: dict[NodeId, Term] = {}  # of those who are shown closely, the latest
        self._term_before: Term = 0  # of who is told to campaign

    def sent(self, node: Observed, send: Send, platters: Mapping[NodeId, Platter]) -> None:
        """The message leaves the node now."""
        match send.message:
            case PreVote(round=number):
                self._rounds[node.node_id] = number
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
            case RequestVote(term=term, is_transfer=is_transfer):
                ordered = self._ordered.get(node.node_id)
                if ordered is not None and is_transfer != (ordered == term):
                    raise PropertyViolated(
                        SAYS_WHO_SENT_IT,
                        f"{node.name} campaigns, {is_transfer=}; ordered was term {ordered}",
                        node=node.name,
                    )
            case _:
                pass

    def started(self, node: Observed) -> None:
        """A life starts of which the world shows what it is told."""
        self._ordered[node.node_id] = 0

    def is_told_to_lead(self, node: Observed) -> None:
        """The node is about to handle a leader's order to campaign."""
        self._term_before = node.status.current_term

    def was_told_to_lead(self, node: Observed) -> None:
        """The node has handled it: an order of an earlier term changes nothing."""
        role, term, _, _ = node.status.standing
        if role is _CANDIDATE and term != self._term_before:
            self._ordered[node.node_id] = term

    def _has_leave(self, node: Observed, before: Configuration) -> bool:
        """Whether the node, which is a candidate, was allowed to become one as far as is shown."""
        if not self._rounds and not self._heirs:
            return True
        is_heir = (node.node_id, node.status.current_term) in self._heirs
        return is_heir or has_quorum(before, self._grants_of(node).__contains__)

    def stood(self, node: Observed, before: Configuration) -> None:
        """The node has become a candidate, of itself or because a leader asked it to."""
        if not self._has_leave(node, before):
            term, grants = node.status.current_term, sorted(self._grants_of(node))
            raise PropertyViolated(
                HAS_LEAVE,
                f"{node.name} stands in term {term}; {grants} would vote for it",
                node=node.name,
            )

    def _grants_of(self, node: Observed) -> set[NodeId]:
        """Who would vote for it, by the latest round; itself among them."""
        number = self._rounds.get(node.node_id, 0)
        return self._grants.get((node.node_id, number), set()) | {node.node_id}


def _check_heir(node: Observed, heir: NodeId, platter: Platter | None) -> None:
    if platter is None or platter.hard_state.current_term > node.status.current_term:
        return  # it is gone, or follows another one by now
    if not platter.holds(node.memory.last):
        raise PropertyViolated(
            HEIR_HOLDS_ALL,
            f"{node.name} asks {heir}, who ends with {platter.last}, not {node.memory.last}",
            node=node.name,
        )
