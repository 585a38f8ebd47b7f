"""Notices rare situations around the nodes of a run, at either level.

Responsible for recognizing the situations of `leto_sim.sometimes` in what the checkers
are shown. It judges nothing, and is called through `leto_sim.checkers.panel`. Most
calls must cost next to nothing.
"""

from collections.abc import Sequence
from typing import Final

from leto.raft.actions import (
    Answer,
    Readable,
    Refusal,
    Refused,
    RoleName,
    Send,
    Transferred,
    Unknown,
    Write,
)
from leto.raft.configuration import Configuration
from leto.raft.events import CommandsProposed, ReadPolicy, ReadRequested, TransferRequested
from leto.raft.messages import (
    NO_ROOM,
    AppendEntriesResponse,
    InstallSnapshot,
    PreVoteResponse,
    ReadIndex,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.progress import Mode
from leto.raft.types import EntryId, Index, NodeId, RequestId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.requests import Requested
from leto_sim.sometimes import Situation, Sometimes

Standing = tuple[RoleName, Term, Index, Index]
_REFUSALS = {
    Refusal.TOO_MUCH_UNCOMMITTED: Situation.QUOTA_REFUSED,
    Refusal.DISK_FULL: Situation.DISK_FULL_REFUSED,
    Refusal.CHANGE_PENDING: Situation.CHANGE_REFUSED,
}
# Looked up once: reaching into an enumeration takes longer than what is done with it here.
_LEADER: Final = RoleName.LEADER
_NOT_LEADER: Final = Refusal.NOT_LEADER
_REPLICATE: Final = Mode.REPLICATE


class Lookout:
    """Looks at one run."""

    def __init__(self) -> None:
        self.sometimes = Sometimes()
        self._leading: dict[NodeId, None] = {}
        self._chunks: dict[tuple[NodeId, NodeId], tuple[int, int]] = {}  # id, and where it was
        self._transfers: dict[RequestId, bool] = {}  # those that are under way
        self._lease_reads: dict[RequestId, bool] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        mark = node.platter.snapshot
        if mark is not None and mark.last_included.index:
            self.sometimes.occurred(Situation.RESTARTED_FROM_SNAPSHOT)
        if node.status.configuration.is_joint:
            self.sometimes.occurred(Situation.RESTARTED_IN_JOINT_CONFIGURATION)

    def ended(self, node: Observed) -> None:
        """A node's life ends."""
        self._leading.pop(node.node_id, None)
        status = node.status
        if status.role is RoleName.LEADER and node.memory.last.index > status.commit_index:
            self.sometimes.occurred(Situation.LEADER_CRASHED_WITH_UNCOMMITTED_ENTRIES)

    def forced(self, *, lost: int) -> None:
        """An operator gives a quorum up, and so many committed entries with it."""
        self.sometimes.occurred(Situation.QUORUM_GIVEN_UP)
        if lost:
            self.sometimes.occurred(Situation.COMMITTED_ENTRIES_GIVEN_UP)

    def crashed(self, *, lost: int, kept: int) -> None:
        """So many writes that were not synced are lost, and so many are not."""
        if lost:
            self.sometimes.occurred(Situation.WRITES_LOST)
        if kept:
            self.sometimes.occurred(Situation.WRITES_SURVIVED)

    def write_issued(self, node: Observed, write: Write) -> None:
        """A node orders a write. Called before `node.memory` performs it."""
        if write.truncate_from is not None and write.truncate_from <= node.memory.last.index:
            self._truncates(node, write.truncate_from)
        if write.snapshot is not None:
            is_own = write.snapshot.last_included.index <= node.status.last_applied
            self.sometimes.occurred(
                Situation.SNAPSHOT_TAKEN if is_own else Situation.SNAPSHOT_INSTALLED
            )

    def _truncates(self, node: Observed, truncate_from: Index) -> None:
        dropped = node.memory.between(truncate_from - 1, node.memory.last.index)
        self.sometimes.occurred(Situation.LOG_TRUNCATED)
        if node.platter.last.index >= truncate_from:
            self.sometimes.occurred(Situation.DURABLE_ENTRIES_TRUNCATED)
        if any(isinstance(entry.payload, Configuration) for entry in dropped):
            self.sometimes.occurred(Situation.CONFIGURATION_ROLLED_BACK)

    def sent(self, node: Observed, send: Send) -> None:
        """A node sends a message."""
        message = send.message
        if type(message) is AppendEntriesResponse:  # most are
            if message.conflict is not None and message.conflict != NO_ROOM:
                self.sometimes.occurred(Situation.LOGS_CONFLICTED)
            return
        match message:
            case InstallSnapshot() as chunk:
                self._sends_chunk(node, send.to, chunk)
            case PreVoteResponse(vote_granted=False):
                self.sometimes.occurred(Situation.PRE_VOTE_REFUSED)
            case RequestVoteResponse(vote_granted=False):
                self.sometimes.occurred(Situation.VOTE_REFUSED)
            case RequestVote(is_transfer=True):
                self.sometimes.occurred(Situation.LEADERSHIP_HANDED_OVER)
            case ReadIndex():
                self.sometimes.occurred(Situation.FOLLOWER_ASKED_FOR_READ_INDEX)
            case _:
                pass

    def _sends_chunk(self, node: Observed, to: NodeId, chunk: InstallSnapshot) -> None:
        if chunk.offset == 0:
            self._chunks[node.node_id, to] = (chunk.transfer, len(chunk.data))
            return
        self.sometimes.occurred(Situation.SNAPSHOT_IN_PIECES)
        transfer, end = self._chunks.get((node.node_id, to), (0, 0))
        if transfer == chunk.transfer and chunk.offset > end:
            self.sometimes.occurred(Situation.SNAPSHOT_RESUMED)
        self._chunks[node.node_id, to] = (chunk.transfer, chunk.offset + len(chunk.data))

    def requested(self, node: Observed, event: Requested) -> None:
        """Somebody asks a node for something. Called before it is told."""
        match event:
            case CommandsProposed():
                if _has_full_window(node):
                    self.sometimes.occurred(Situation.WINDOW_FULL)
            case ReadRequested(request_id=request_id, policy=policy):
                if policy is ReadPolicy.LEASE:
                    self._lease_reads[request_id] = True
                status = node.status
                if status.role is _LEADER and not status.is_ready:
                    self.sometimes.occurred(Situation.READ_HELD_FOR_OWN_TERM)
            case TransferRequested(request_id=request_id):
                self._transfers[request_id] = True
            case _:
                pass

    def answered(self, answer: Answer) -> None:
        """A node answers a request."""
        request_id, outcome = answer.request_id, answer.outcome
        is_transfer = bool(self._transfers) and self._transfers.pop(request_id, False)
        wants_lease = bool(self._lease_reads) and self._lease_reads.pop(request_id, False)
        if type(outcome) is Refused and outcome.refusal is _NOT_LEADER:
            return  # most are
        match outcome:
            case Refused(refusal=refusal):
                self._refused(refusal, is_transfer=is_transfer)
            case Readable(policy=policy) if wants_lease:
                has_lease = policy is ReadPolicy.LEASE
                self.sometimes.occurred(
                    Situation.LEASE_READ if has_lease else Situation.LEASE_READ_WITHOUT_LEASE
                )
            case Unknown():
                self.sometimes.occurred(Situation.OUTCOME_UNKNOWN)
            case Transferred():
                self.sometimes.occurred(Situation.TRANSFER_COMPLETED)
            case _:
                pass

    def _refused(self, refusal: Refusal, *, is_transfer: bool) -> None:
        if is_transfer and refusal is Refusal.TIMED_OUT:
            self.sometimes.occurred(Situation.TRANSFER_GIVEN_UP)
        elif refusal in _REFUSALS:
            self.sometimes.occurred(_REFUSALS[refusal])

    def changed(self, node: Observed, before: Standing, earlier: Configuration) -> None:
        """A node has handled an event that changed how it stands, or its configuration."""
        status = node.status
        configuration = status.configuration
        if configuration.is_joint and not earlier.is_joint:
            self.sometimes.occurred(Situation.JOINT_CONFIGURATION)
        if status.standing[:2] != before[:2]:
            self._role_changed(node, before[0], before[1])

    def _role_changed(self, node: Observed, was: RoleName, before: Term) -> None:
        status = node.status
        if was is RoleName.LEADER:
            self._leading.pop(node.node_id, None)
            self.sometimes.occurred(_end_of_leadership(node, before))
        elif was is RoleName.CANDIDATE and status.role is not RoleName.LEADER:
            is_lost = status.role is RoleName.FOLLOWER
            self.sometimes.occurred(
                Situation.ELECTION_LOST if is_lost else Situation.ELECTION_WITHOUT_WINNER
            )
        if status.role is RoleName.LEADER:
            if self._leading:
                self.sometimes.occurred(Situation.TWO_LEADERS)
            if status.configuration.is_joint:
                self.sometimes.occurred(Situation.ELECTED_IN_JOINT_CONFIGURATION)
            self._leading[node.node_id] = None

    def committed(self, node: Observed, fresh: Sequence[EntryId]) -> None:
        """A node is the first that knows these entries to be committed."""
        status = node.status
        if status.role is RoleName.LEADER and fresh[0].term < status.current_term:
            self.sometimes.occurred(Situation.EARLIER_TERM_COMMITTED)


def _has_full_window(node: Observed) -> bool:
    followers = node.status.followers_by_id
    if not followers:
        return False
    last = node.memory.last_index
    return any(
        follower.mode is _REPLICATE and follower.next_index <= last
        for follower in followers.values()
    )


def _end_of_leadership(node: Observed, term: Term) -> Situation:
    if node.status.current_term > term:
        return Situation.LEADER_DEPOSED
    if node.node_id in node.status.configuration.voters:
        return Situation.LEADER_STEPPED_DOWN
    return Situation.LEADER_REMOVED_ITSELF
