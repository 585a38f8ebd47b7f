"""One window for all snapshots: however many followers need one, so much is on its way.

Responsible for what a leader sends of snapshots before it is answered. A chunk is on its way
from when it is sent until the follower has answered, or is sent no snapshot any more, or so
much time has passed that the leader may take it for lost. The only chunk may exceed the window.

By the node's own clock. Where clocks are not shown (in whole servers), it judges nobody.
"""

import attrs

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.events import MessageReceived
from leto.raft.messages import InstallSnapshot, InstallSnapshotResponse
from leto.raft.progress import Mode
from leto.raft.snapshot_sending import HEARTBEATS_BEFORE_RESENDING
from leto.raft.types import Micros, NodeId, Term
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

SNAPSHOT_WINDOW_HOLDS = "one window holds for all snapshots"


@attrs.frozen
class _Chunk:
    transfer: int
    size_bytes: int
    sent_at: Micros


@attrs.define
class _Leader:
    term: Term = 0
    chunks: dict[NodeId, _Chunk] = attrs.field(factory=dict[NodeId, _Chunk])  # the latest ones


class Chunks:
    """Remembers the latest chunk for each follower."""

    def __init__(self, config: Config, moment: Moment) -> None:
        self._moment = moment
        self._bytes_max = config.snapshot_bytes_in_flight_max
        self._patience_us = HEARTBEATS_BEFORE_RESENDING * config.heartbeat_interval_us
        self._leaders: dict[NodeId, _Leader] = {}

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._leaders[node.node_id] = _Leader()

    def sent(self, node: Observed, send: Send) -> None:
        """The node sends a chunk."""
        leader, message = self._leaders.get(node.node_id), send.message
        assert type(message) is InstallSnapshot, "only those are shown here"
        if leader is None:
            return
        if leader.term != message.term:
            leader.term, leader.chunks = message.term, {}
        leader.chunks.pop(send.to, None)
        others_bytes = sum(self._flying(node, leader))
        size_bytes = len(message.data)
        if others_bytes and others_bytes + size_bytes > self._bytes_max:
            raise PropertyViolated(
                SNAPSHOT_WINDOW_HOLDS,
                f"{node.name} sends {send.to} a chunk of {size_bytes} bytes,"
                f" with {others_bytes} bytes on their way to others",
                node=node.name,
            )
        leader.chunks[send.to] = _Chunk(message.transfer, size_bytes, self._moment.shown)

    def was_answered(self, node: Observed, event: MessageReceived) -> None:
        """The node is about to handle an answer."""
        message = event.message
        assert type(message) is InstallSnapshotResponse, "only those are shown here"
        chunks = self._leaders[node.node_id].chunks
        chunk = chunks.get(event.sender)
        if chunk is not None and chunk.transfer == message.transfer:
            del chunks[event.sender]

    def _flying(self, node: Observed, leader: _Leader) -> list[int]:
        followers, now = node.status.followers_by_id, self._moment.shown
        return [
            chunk.size_bytes
            for to, chunk in leader.chunks.items()
            if now - chunk.sent_at < self._patience_us
            and to in followers
            and followers[to].mode is Mode.SNAPSHOT
        ]
