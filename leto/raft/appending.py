"""The only ways in which a node's log changes: log, lane and configurations in step.

Responsible for growing, cutting and resetting the log, so that what is in
memory, what is on its way to the disk and which configuration is effective
never tell different stories. Who may do it, and when, is decided elsewhere.

Invariants:
    1. A leader never drops or replaces an entry of its log (figure 3.2).
    2. A committed entry is never dropped, unless a snapshot that covers it
       takes its place (§5.1).
    3. The effective configuration is the last one in the log, or the
       snapshot's (§4.1).
    4. What log and snapshot once proved of this node's admission stays proved.
"""

import attrs

from leto.raft.configuration import Configuration
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.progress import Progress
from leto.raft.roles import Leader
from leto.raft.state import State
from leto.raft.traces.cluster import ConfigurationAppended, ConfigurationRolledBack
from leto.raft.traces.log import EntriesAppended, LogReplaced, LogTruncated
from leto.raft.types import Index


def extend_log(state: State, entries: tuple[Entry, ...]) -> None:
    """Append entries; a configuration among them is effective at once (§4.1)."""
    state.log.append(entries)
    state.lane.record_entries(entries)
    if state.is_traced:
        state.trace(EntriesAppended, entries[0].id, entries[-1].id)
    for entry in entries:
        if isinstance(entry.payload, Configuration):
            state.configurations.append(entry.id.index, entry.payload)
            _trace_configuration(state)
            _follow_configuration(state)


def truncate_log(state: State, index: Index) -> None:
    """Drop the entries from `index` on; a configuration among them is rolled back (§4.1)."""
    assert not isinstance(state.role, Leader), "figure 3.2: a leader's log only grows"
    assert index > state.commit_index, f"figure 3.2: {index} is committed ({state.commit_index})"
    state.log.truncate_from(index)
    state.lane.record_truncation(index)
    state.trace(LogTruncated, index)
    before = state.configurations.effective_index
    was_proved = before >= index and _is_admission_proved(state)
    state.configurations.truncate_from(index)
    effective = state.configurations.effective_index
    assert effective <= state.log.last.index, f"§4.1: a configuration of no entry, at {effective}"
    _keep_admission(state, was_admitted=was_proved)
    if before >= index:
        state.trace(ConfigurationRolledBack, before, effective)


def replace_log(state: State, mark: SnapshotMark) -> None:
    """Let the log begin behind the snapshot: it lacked or contradicted it (figure 5.3)."""
    assert not isinstance(state.role, Leader), "figure 3.2: a leader's log only grows"
    assert mark.last_included.index > state.commit_index, "a snapshot covers what it replaces"
    was_admitted = state.was_admitted
    state.lane.record_truncation(state.log.first_index)
    state.log.reset_to(mark.last_included)
    state.trace(LogReplaced, mark.last_included)
    state.configurations.truncate_from(mark.last_included.index + 1)
    state.configurations.start_from(mark.last_included.index, mark.configuration)
    _keep_admission(state, was_admitted=was_admitted)
    assert state.configuration is mark.configuration, "§5.1: the snapshot's, for nothing follows it"


def _keep_admission(state: State, *, was_admitted: bool) -> None:
    """Let the hard state remember that this node was a member, if the log tells it no more.

    Else, started again, it would take its removal for an admission that was lost. Recorded in
    the write that changes the log, so that a crash leaves both or neither.
    """
    if was_admitted and not _is_admission_proved(state):
        state.hard_state = attrs.evolve(state.hard_state, was_admitted=True)
        state.lane.record_admission(state.hard_state)


def _is_admission_proved(state: State) -> bool:
    """Whether the disk alone tells it, as a start finds it: without the commit index."""
    is_in_log = state.configurations.have_admitted(state.node_id, 0)
    return is_in_log or state.hard_state.was_admitted


def _trace_configuration(state: State) -> None:
    configuration = state.configuration
    outgoing = tuple(member.node_id for member in configuration.outgoing)
    index = state.configurations.effective_index
    state.trace(ConfigurationAppended, index, configuration.voters, outgoing)


def _follow_configuration(state: State) -> None:
    """Let a leader's progress follow the members."""
    leader = state.role
    if not isinstance(leader, Leader):
        return
    leader.may_commit = leader.is_changing = True
    for progress in leader.progress.values():
        is_member = state.configuration.member(progress.node_id) is not None
        progress.leaving_since = None if is_member else progress.leaving_since or state.now
    for member in state.configuration.everyone:
        if member.node_id not in leader.progress and member.node_id != state.node_id:
            leader.progress[member.node_id] = Progress(
                member.node_id, state.log.last.index + 1, last_ack_at=state.now
            )
