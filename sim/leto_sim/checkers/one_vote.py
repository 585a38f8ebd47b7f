"""One vote a term: a node votes for one candidate in a term, also across restarts (§3.4).

Hence a vote leaves the node only when it is durable (§3.8).
"""

from leto.raft.actions import Send
from leto.raft.entries import HardState
from leto.raft.messages import RequestVote, RequestVoteResponse
from leto.raft.types import NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

ONE_VOTE = "one vote a term"


class OneVote:
    """Remembers every vote that was given, by the voter's id: a wiped node is a stranger."""

    def __init__(self) -> None:
        self._votes: dict[tuple[NodeId, Term], NodeId] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life: it knows what its disk knows of its vote."""
        durable, status = node.platter.hard_state, node.status
        if status.current_term == durable.current_term and status.voted_for != durable.voted_for:
            raise PropertyViolated(
                ONE_VOTE,
                f"{node.name} starts in term {status.current_term} with the vote"
                f" {status.voted_for}; {durable} is durable",
                node=node.name,
            )

    def sent(self, node: Observed, send: Send) -> None:
        """A candidate votes for itself; a grant is a vote for whom it is sent to."""
        message = send.message
        if type(message) is RequestVote:
            self._gave(node, message.term, node.node_id)
        elif type(message) is RequestVoteResponse and message.vote_granted:
            self._gave(node, message.term, send.to)

    def became_durable(self, node: Observed, hard_state: HardState) -> None:
        """Term and vote are replaced on the disk. `node.platter` still holds the old ones."""
        before = node.platter.hard_state
        if hard_state.current_term < before.current_term:
            raise PropertyViolated(
                ONE_VOTE, f"the term on the disk falls: {before} -> {hard_state}", node=node.name
            )
        if hard_state.voted_for is not None:
            self._voted(node, hard_state.current_term, hard_state.voted_for)
        elif hard_state.current_term == before.current_term and before.voted_for is not None:
            raise PropertyViolated(
                ONE_VOTE, f"a vote on the disk is forgotten: {before}", node=node.name
            )

    def _gave(self, node: Observed, term: Term, candidate: NodeId) -> None:
        self._voted(node, term, candidate)
        durable = node.platter.hard_state
        if durable.current_term <= term and (durable.current_term, durable.voted_for) != (
            term,
            candidate,
        ):
            raise PropertyViolated(
                ONE_VOTE,
                f"in term {term} {node.name} votes for {candidate}; {durable} is durable",
                node=node.name,
            )

    def _voted(self, node: Observed, term: Term, candidate: NodeId) -> None:
        first = self._votes.setdefault((node.node_id, term), candidate)
        if first != candidate:
            raise PropertyViolated(
                ONE_VOTE,
                f"in term {term} {node.name} votes for {candidate} after {first}",
                node=node.name,
            )
