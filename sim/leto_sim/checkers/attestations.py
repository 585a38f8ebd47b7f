"""A message attests only what is durable when it leaves.

Checked for each message against its sender's disk: its term, the log that a candidate
advertises, the match index of an acknowledgement (§3.8; votes: `one_vote`). A message of
an earlier term than the disk's was overtaken by it while it waited: what it attests
is history, and the protocol must not (and does not) count it in the new term.
"""

from leto.raft.actions import Send, Write
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshotResponse,
    PreVote,
    RequestVote,
)
from leto.raft.types import BEFORE_LOG, EntryId, Index, NodeId
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

ATTESTS_DURABLE = "only what is durable is attested"
_ACKNOWLEDGEMENTS = (AppendEntriesResponse, InstallSnapshotResponse)
_ADVERTISEMENTS = (RequestVote, PreVote)


class Attestations:
    """Checks each message; remembers what a disk held before it was truncated.

    A message may wait for a write, and a leader of the same term may have truncated
    the log by the time it leaves: what it advertises was durable once.
    """

    def __init__(self) -> None:
        self._truncated: dict[NodeId, EntryId] = {}  # the end of the log before that

    def write_durable(self, node: Observed, write: Write) -> None:
        """A write is about to be durable. `node.platter` is as before it."""
        if write.truncate_from is not None:
            self._truncated[node.node_id] = node.platter.last

    def sent(self, node: Observed, send: Send) -> None:
        """The message leaves the node now."""
        message = send.message
        term, durable_term = message.term, node.platter.hard_state.current_term
        if durable_term < term:
            raise _violation(node, f"speaks in term {term}; {durable_term} is durable")
        # No match over classes: it is asked of every message.
        if durable_term > term or type(message) is AppendEntries:
            return
        if isinstance(message, _ACKNOWLEDGEMENTS):
            _check_log_reaches(node, message.match_index)
        elif isinstance(message, _ADVERTISEMENTS):
            self._check_held(node, message.last)

    def _check_held(self, node: Observed, last: EntryId) -> None:
        before_truncation = self._truncated.get(node.node_id, BEFORE_LOG)
        if not node.platter.holds(last) and last > before_truncation:
            raise _violation(node, f"advertises {last}; {node.platter.last} is durable")


def _check_log_reaches(node: Observed, match_index: Index) -> None:
    if match_index > node.platter.log.last_index:
        raise _violation(node, f"acknowledges {match_index}; {node.platter.last} is durable")


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(ATTESTS_DURABLE, f"{node.name} {what}", node=node.name)
