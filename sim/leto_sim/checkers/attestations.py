"""A message attests only what is durable when it leaves.

Checked for each message against its sender's disk: its term, the log that a candidate
advertises, the match index of an acknowledgement (§3.8; votes: `one_vote`). A message of
an earlier term than the disk's was overtaken by it while it waited: what it attests
is history, and the protocol must not (and does not) count it in the new term.
"""

from leto.raft.actions import Send
from leto.raft.messages import (
    AppendEntriesResponse,
    InstallSnapshotResponse,
    PreVote,
    RequestVote,
)
from leto.raft.types import EntryId, Index
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

ATTESTS_DURABLE = "only what is durable is attested"


def check_sent(node: Observed, send: Send) -> None:
    """The message leaves the node now."""
    message = send.message
    durable_term = node.platter.hard_state.current_term
    if durable_term < message.term:
        raise _violation(node, f"speaks in term {message.term}; {durable_term} is durable")
    if durable_term > message.term:
        return
    match message:
        case AppendEntriesResponse(match_index=match_index):
            _check_log_reaches(node, match_index)
        case InstallSnapshotResponse(match_index=match_index):
            _check_log_reaches(node, match_index)
        case RequestVote(last=last):
            _check_holds(node, last)
        case PreVote(last=last):
            _check_holds(node, last)
        case _:
            pass


def _check_log_reaches(node: Observed, match_index: Index) -> None:
    if match_index > node.platter.last.index:
        raise _violation(node, f"acknowledges {match_index}; {node.platter.last} is durable")


def _check_holds(node: Observed, last: EntryId) -> None:
    if not node.platter.holds(last):
        raise _violation(node, f"advertises {last}; {node.platter.last} is durable")


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(ATTESTS_DURABLE, f"{node.name} {what}", node=node.name)
