"""Linearizable reads without a log entry: ReadIndex on leader and followers (§6.4).

Responsible for learning the index at which a read may be answered, and for
answering once the state machine is there. It does not read.

    leader    waits until an entry of its own term is committed, notes the commit
              index, lets a quorum confirm in a new round that it still leads
    follower  asks the leader for that index, many reads at a time

Invariants:
    1. A read's index was the commit index of a leader after the read was requested.
    2. It counts only if a quorum acknowledged a round that began after that.
"""

from typing import Final

from leto.raft.actions import Answer, Readable, Refusal, Refused
from leto.raft.events import ReadPolicy, ReadRequested
from leto.raft.leases import lease_end
from leto.raft.messages import ReadIndex, ReadIndexResponse
from leto.raft.read_queue import Confirmation, ReadableAt, RemoteReader
from leto.raft.roles import Follower, Leader
from leto.raft.state import State
from leto.raft.traces.reads import ReadIndexAsked, ReadReleased, ReadsConfirmed, ReadsIssued
from leto.raft.types import Index, Micros, NodeId, RequestId

NEVER: Final = 1 << 62
"""A time that does not come."""


def on_read_requested(state: State, event: ReadRequested) -> None:
    """A client of this node wants to read."""
    request_id = event.request_id
    if event.policy is ReadPolicy.STALE:
        readable = Readable(state.last_applied, ReadPolicy.STALE)
        state.actions.append(Answer(request_id, readable))
        return
    match state.role:
        case Leader() as leader if event.policy is ReadPolicy.LEASE and _has_leased(
            state, leader, request_id
        ):
            pass
        case Leader() as leader:
            leader.waiting_reads.append(request_id)
        case Follower(leader=known) if known is not None:
            state.follower_reads.waiting.append(request_id)
            _ask_leader(state)
        case _:
            _refuse(state, request_id, Refusal.NOT_LEADER)


def _has_leased(state: State, leader: Leader, request_id: RequestId) -> bool:
    """Answer at once if the lease and the state machine allow it."""
    end = lease_end(state, leader)
    if end is None or state.last_applied < state.commit_index:
        return False
    state.actions.append(Answer(request_id, Readable(state.last_applied, ReadPolicy.LEASE, end)))
    return True


def on_read_index(state: State, sender: NodeId, message: ReadIndex) -> None:
    """A follower asks. It asks one thing at a time, so the latest replaces what waits."""
    leader = state.role
    if isinstance(leader, Leader):
        leader.waiting_reads = [
            reader
            for reader in leader.waiting_reads
            if not (isinstance(reader, RemoteReader) and reader.node_id == sender)
        ]
        leader.waiting_reads.append(RemoteReader(sender, message.read))
    else:
        response = ReadIndexResponse(term=state.current_term, read=message.read, index=None)
        state.send(sender, response)


def on_read_index_response(state: State, _: NodeId, message: ReadIndexResponse) -> None:
    """The leader answers; anything but the answer to what is asked now is too old."""
    reads = state.follower_reads
    if reads.read == 0 or message.read != reads.read:
        return
    asked, reads.asked, reads.read = reads.asked, [], 0
    for request_id in asked:
        if message.index is None:
            _refuse(state, request_id, Refusal.LEADER_NOT_READY)
        else:
            _await(state, message.index, request_id)
    _ask_leader(state)


def confirm_reads(state: State, leader: Leader) -> bool:
    """Let the reads that wait count on the next round, if none runs. Whether to begin it."""
    if leader.confirmation is not None or not leader.waiting_reads:
        return False
    # §6.4: until an entry of its own term is committed, a leader does not know
    # what is committed.
    if state.commit_index < leader.noop_index:
        return False
    coming_round = leader.round + 1
    leader.confirmation = Confirmation(coming_round, state.commit_index, leader.waiting_reads)
    leader.waiting_reads = []
    readers = len(leader.confirmation.readers)
    state.trace(ReadsIssued, coming_round, state.commit_index, readers)
    return True


def finish_confirmed_reads(state: State, leader: Leader) -> None:
    """Release the reads whose round a quorum has acknowledged."""
    confirmation = leader.confirmation
    if confirmation is None or confirmed_round(state, leader) < confirmation.round:
        return
    leader.confirmation = None
    readers = len(confirmation.readers)
    state.trace(ReadsConfirmed, confirmation.round, confirmation.index, readers)
    for reader in confirmation.readers:
        if isinstance(reader, RemoteReader):
            response = ReadIndexResponse(
                term=state.current_term, read=reader.read, index=confirmation.index
            )
            state.send(reader.node_id, response)
        else:
            _await(state, confirmation.index, reader)


def _await(state: State, index: Index, request_id: RequestId) -> None:
    give_up_at = state.now + state.config.election_timeout_max_us
    state.readable.append(ReadableAt(index, request_id, give_up_at))


def confirmed_round(state: State, leader: Leader) -> int:
    """The latest round in which a quorum still followed."""

    def acked_round(node_id: NodeId) -> int:
        if node_id == state.node_id:
            return leader.round
        return leader.progress[node_id].acked_round

    return state.configuration.quorum_value(acked_round)


def answer_readable(state: State) -> None:
    """Answer the reads whose index the state machine has reached."""
    still_ahead = [read for read in state.readable if read.index > state.last_applied]
    if len(still_ahead) == len(state.readable):
        return
    for read in state.readable:
        if read.index <= state.last_applied:
            state.trace(ReadReleased, read.request_id, read.index)
            state.actions.append(Answer(read.request_id, Readable(read.index)))
    state.readable.clear()
    state.readable.extend(still_ahead)


def give_up_leading(state: State, leader: Leader) -> None:
    """Refuse what a former leader can no longer confirm."""
    readers = leader.confirmation.readers if leader.confirmation is not None else []
    for reader in (*readers, *leader.waiting_reads):
        if isinstance(reader, RemoteReader):
            response = ReadIndexResponse(term=state.current_term, read=reader.read, index=None)
            state.send(reader.node_id, response)
        else:
            _refuse(state, reader, Refusal.NOT_LEADER)


def follow_another(state: State) -> None:
    """The leader changed: ask the new one, or refuse while there is none."""
    reads = state.follower_reads
    reads.waiting[:0], reads.asked, reads.read = reads.asked, [], 0
    if isinstance(state.role, Follower) and state.role.leader is not None:
        _ask_leader(state)
        return
    waiting, reads.waiting = reads.waiting, []
    for request_id in waiting:
        _refuse(state, request_id, Refusal.NOT_LEADER)


def unanswered(state: State) -> list[RequestId]:
    """Every read of this node's own clients whose answer is still owed."""
    own = [*state.follower_reads.asked, *state.follower_reads.waiting]
    own += [read.request_id for read in state.readable]
    if isinstance(state.role, Leader):
        confirmation = state.role.confirmation
        readers = [*(confirmation.readers if confirmation else ()), *state.role.waiting_reads]
        own += [reader for reader in readers if not isinstance(reader, RemoteReader)]
    return own


def deadline(state: State) -> Micros:
    """When a node that does not lead must look at its reads."""
    reads = state.follower_reads
    ask_again_at = reads.ask_again_at if reads.read else NEVER
    # They were appended in the order of time.
    return min(ask_again_at, state.readable[0].give_up_at) if state.readable else ask_again_at


def on_reads_timer(state: State) -> None:
    """Ask again what may have been lost, and give up in the end."""
    _give_up_unreachable(state)
    reads = state.follower_reads
    if reads.read == 0 or state.now < reads.ask_again_at:
        return
    if state.now >= reads.give_up_at:
        asked, reads.asked, reads.read = reads.asked, [], 0
        for request_id in asked:
            _refuse(state, request_id, Refusal.TIMED_OUT)
        _ask_leader(state)
        return
    _send_read_index(state)


def _give_up_unreachable(state: State) -> None:
    """Refuse reads whose index does not come: this node may have been removed meanwhile."""
    while state.readable and state.readable[0].give_up_at <= state.now:
        read = state.readable.popleft()
        if read.index > state.commit_index:
            _refuse(state, read.request_id, Refusal.TIMED_OUT)
        else:
            _await(state, read.index, read.request_id)  # to be applied: that takes no leader


def _ask_leader(state: State) -> None:
    reads = state.follower_reads
    if reads.read or not reads.waiting or state.leader is None:
        return  # without a leader they are refused, once the event has been considered
    reads.read = state.new_id()
    reads.asked, reads.waiting = reads.waiting, []
    reads.give_up_at = state.now + state.config.election_timeout_max_us
    state.trace(ReadIndexAsked, state.leader, len(reads.asked))
    _send_read_index(state)


def _send_read_index(state: State) -> None:
    reads = state.follower_reads
    assert isinstance(state.role, Follower), "only a follower asks"
    assert state.role.leader is not None, "it asks its leader"
    reads.ask_again_at = state.now + state.config.heartbeat_interval_us
    state.send(state.role.leader, ReadIndex(term=state.current_term, read=reads.read))


def _refuse(state: State, request_id: RequestId, refusal: Refusal) -> None:
    state.actions.append(Answer(request_id, Refused(refusal, state.leader)))
