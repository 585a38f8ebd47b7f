"""From what the disk held to a node's first state (§3.8).

Responsible for judging whether the disk can have been a node's, and for where
the node begins: what a snapshot covers is committed, the rest of the log is to
be committed again.
"""

from leto.raft.config import Config
from leto.raft.configuration import EMPTY_CONFIGURATION, Configuration, ConfigurationHistory
from leto.raft.entries import Restored
from leto.raft.errors import InvalidRestored
from leto.raft.leases import LEASE_MAX_US
from leto.raft.log import Log
from leto.raft.roles import Follower
from leto.raft.snapshot_work import SnapshotWork
from leto.raft.state import State
from leto.raft.types import BEFORE_LOG, Dice
from leto.raft.write_lane import WriteLane


def initial_state(config: Config, restored: Restored, dice: Dice) -> State:
    """The state that a node starts with; its clock starts with its first event."""
    snapshot = restored.snapshot
    log = _log(restored)
    restores = snapshot is not None and snapshot.last_included.index > 0
    return State(
        config=config,
        node_id=restored.node_id,
        incarnation=restored.incarnation,
        dice=dice,
        now=0,
        hard_state=restored.hard_state,
        log=log,
        configurations=_configurations(restored),
        snapshot=snapshot,
        lane=WriteLane(durable_index=log.last.index),
        role=Follower(leader=None, deadline=0),
        commit_index=snapshot.last_included.index if snapshot is not None else 0,
        last_applied=0,
        snapshots=SnapshotWork(to_restore=snapshot if restores else None, part=restored.part),
    )


def _log(restored: Restored) -> Log:
    snapshot = restored.snapshot
    log = Log(snapshot.before_log if snapshot is not None else BEFORE_LOG)
    before = log.before_log
    for entry in restored.entries:
        if entry.id.index != before.index + 1 or entry.id.term < before.term:
            raise InvalidRestored(f"the log has {entry.id} after {before}")
        before = entry.id
    log.append(restored.entries)
    if snapshot is not None and not log.holds(snapshot.last_included):
        raise InvalidRestored(
            f"the log {log.before_log}..{log.last} does not hold the entry"
            f" {snapshot.last_included} of its snapshot"
        )
    if restored.hard_state.current_term < log.last.term:
        raise InvalidRestored(
            f"the log ends in term {log.last.term}, beyond the term"
            f" {restored.hard_state.current_term} (§3.8: the term is durable first)"
        )
    return log


def _configurations(restored: Restored) -> ConfigurationHistory:
    snapshot = restored.snapshot
    if snapshot is None:
        history = ConfigurationHistory([(0, EMPTY_CONFIGURATION)])
    else:
        history = ConfigurationHistory([(snapshot.last_included.index, snapshot.configuration)])
    for entry in restored.entries:
        if isinstance(entry.payload, Configuration) and entry.id.index > history.effective_index:
            history.append(entry.id.index, entry.payload)
    if history.longest_lease_us > LEASE_MAX_US:
        # Voters promise no more, so a leader must not count on more (§6.4.1).
        raise InvalidRestored(
            f"a configuration has leases of {history.longest_lease_us} us,"
            f" more than the {LEASE_MAX_US} us that a voter promises"
        )
    return history
