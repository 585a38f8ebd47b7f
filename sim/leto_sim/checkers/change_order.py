"""Configurations follow each other one at a time (§4.1, §4.3).

Responsible for when a leader may append a configuration: not before the one before it
is committed, nor before the leader has committed an entry of its own term (single-server
change: raft-dev 2015-07). And for when it must: a joint configuration is left by whoever
leads, as soon as that is allowed, since agreement needs two quorums until then (§4.3).
And for what none may be: without a voter that may lead, no leader ever follows.
Whether the two fit together is another matter.
"""

from leto.raft.actions import RoleName, Write
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry
from leto.raft.types import EntryId, Index
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

ONE_CHANGE_AT_A_TIME = "configurations change one at a time"
SOMEBODY_MAY_LEAD = "a configuration has somebody who may lead"
JOINT_IS_LEFT = "a joint configuration is left once it is committed"


def check_changes(node: Observed, write: Write, ledger: Ledger) -> None:
    """The node orders entries to be written. `node.memory` is as before the write."""
    for entry in write.entries:
        if type(entry.payload) is Configuration and not entry.payload.is_forced:
            _check_members(node, entry.id, entry.payload)
            _check_change(node, write, entry, ledger)


def check_joint_is_left(node: Observed, effective_index: Index) -> None:
    """An event is done with: the node acts by the configuration that stands at that index."""
    status = node.status
    may_leave = status.is_ready and status.transfer_target is None
    if status.configuration.is_joint and may_leave and effective_index <= status.commit_index:
        raise PropertyViolated(
            JOINT_IS_LEFT,
            f"{node.name} leads on by the joint configuration at {effective_index}",
            node=node.name,
        )


def _check_members(node: Observed, change: EntryId, configuration: Configuration) -> None:
    if not any(m.is_voter and m.priority > 0 for m in configuration.members):
        raise PropertyViolated(
            SOMEBODY_MAY_LEAD, f"{node.name} appends {change}, and nobody may lead", node=node.name
        )


def _check_change(node: Observed, write: Write, change: Entry, ledger: Ledger) -> None:
    leads = node.status.role is RoleName.LEADER
    if not leads or change.id.term != node.status.current_term:
        return  # a copy of what a leader has appended
    commit_index = node.status.commit_index
    committed = ledger.id_at(commit_index)
    if committed is not None and committed.term < change.id.term:
        raise _violation(node, change, f"with nothing of its term committed after {committed}")
    for entry in (*node.memory.entries, *write.entries):
        is_pending = commit_index < entry.id.index < change.id.index
        if is_pending and type(entry.payload) is Configuration:
            raise _violation(node, change, f"while {entry.id} is not committed")


def _violation(node: Observed, change: Entry, why: str) -> PropertyViolated:
    return PropertyViolated(
        ONE_CHANGE_AT_A_TIME, f"{node.name} appends the change {change.id} {why}", node=node.name
    )
