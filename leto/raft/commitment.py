"""From replicated to applied: what is committed, and who is told (§3.5, §3.6.2).

Responsible for the commit rule, for handing committed entries to the state
machine a piece at a time, and for answering proposals. It does not apply.

Invariants:
    1. Commit and applied indexes never fall, and `last_applied <= commit_index`.
    2. A leader commits by counting only entries of its own term (§3.6.2).
    3. An entry is applied when it is committed *and* durable here, so that a
       snapshot never outruns its log.
"""

from leto.raft.actions import Answer, Apply, Committed
from leto.raft.errors import EventOutOfOrder
from leto.raft.roles import Leader
from leto.raft.state import State
from leto.raft.traces.log import EntriesApplied
from leto.raft.types import Index, NodeId


def advance_commit_index(state: State, leader: Leader) -> None:
    """Commit what a quorum stores durably. Asked when `leader.may_commit`."""
    leader.may_commit = False
    if state.commit_index == state.log.last.index:
        return

    own_id, progress_of = state.node_id, leader.progress

    def match_index(node_id: NodeId) -> Index:
        if node_id == own_id:
            # The leader counts like any other: once its own write is durable (§10.2.1).
            return state.lane.durable_index
        return progress_of[node_id].match_index

    index = state.configuration.quorum_value(match_index)
    # §3.6.2: only entries of our own term are committed by counting; those of
    # earlier terms are committed with them (figure 3.7 shows what else happens).
    if index > state.commit_index and state.log.term_at(index) == state.current_term:
        state.commit_index = index


def apply_committed(state: State) -> None:
    """Order the next piece to be applied, if none is being applied."""
    until = min(state.commit_index, state.lane.durable_index)
    if state.applying or state.snapshots.is_behind or until <= state.last_applied:
        return
    entries = state.log.entries_from(
        state.last_applied + 1, until=until, bytes_max=state.config.apply_bytes_max
    )
    state.applying = entries[-1].id.index
    state.applied_bytes += state.log.size_of(state.last_applied + 1, until=state.applying)
    state.actions.append(Apply(entries))


def on_applied(state: State, index: Index) -> None:
    """The state machine has caught up to `index`; answer what that settles.

    Raises:
        EventOutOfOrder: it is not what was ordered.
    """
    if index != state.applying or not index:
        raise EventOutOfOrder(f"applied {index}, but {state.applying or 'nothing'} was ordered")
    state.applying = 0
    assert index <= state.commit_index, f"§3.5: applied {index} beyond {state.commit_index}"
    state.last_applied = index
    if state.is_traced:
        state.trace(EntriesApplied, index)
    while state.proposals and state.proposals[0][0].index <= index:
        entry_id, request_id = state.proposals.popleft()
        state.actions.append(Answer(request_id, Committed(entry_id)))
