"""From what the node's directory holds to a node that may start.

Responsible for reading the log through the same door as everything else, piece by
piece, and for what kind of node this is going to be:

    restored   the log holds a node: it goes on, in its next incarnation
    founded    no data and no -join: a cluster of one
    blank      no data and -join: to be admitted by the cluster's leader

Invariants:
    1. What the node starts with is durable before it starts, its incarnation included.
"""

from collections.abc import Callable

from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Restored, SnapshotMark
from leto.raft.types import Dice, NodeId
from leto.server.dice import born_id
from leto.server.disk.disk_lane import DiskLane
from leto.server.identity import Identity
from leto.server.settings import Settings
from leto.server.turn import Turn
from leto.server.world import FileFound
from leto.wal import Corrupt, Opened, Recovered, Recovery, create_log, open_log
from leto.wal import Identity as Owner
from leto.wire import NO_CLUSTER, ClusterId


class Boot:
    """Reads the directory, then calls `ready`, or `unusable` with a line for the operator."""

    def __init__(
        self,
        turn: Turn,
        lane: DiskLane,
        settings: Settings,
        dice: Dice,
        *,
        ready: Callable[[Opened, Identity], None],
        unusable: Callable[[str], None],
    ) -> None:
        self._turn = turn
        self._lane = lane
        self._settings = settings
        self._dice = dice
        self._segment_bytes = settings.limits.segment_bytes
        self._ready = ready
        self._unusable = unusable

    def start(self, files: tuple[FileFound, ...]) -> None:
        """These are the files."""
        listing = ((file.name, file.size_bytes) for file in files)
        chunk_bytes = self._settings.raft.snapshot_chunk_bytes
        self._read_on(Recovery(listing, chunk_bytes=chunk_bytes))

    def _read_on(self, recovery: Recovery) -> None:
        step = recovery.step
        if step is None:
            self._conclude(recovery.outcome)
            return

        def read(data: tuple[bytes, ...]) -> None:
            recovery.feed(data[0])
            self._read_on(recovery)

        self._lane.perform((step,), read)

    def _conclude(self, outcome: Recovered | Corrupt | None) -> None:
        assert outcome is not None, "nothing is left to read"
        if isinstance(outcome, Corrupt):
            self._unusable(f"the data directory is damaged: {outcome}")
            return
        if outcome.dropped_tail is not None:
            self._turn.warn("unsynced tail dropped", what=outcome.dropped_tail)
        if outcome.head is None:
            self._begin(self._create(outcome))
        elif (owner := outcome.head.identity.name) != self._settings.name:
            self._unusable(
                f"the data directory belongs to node {owner!r}, not to {self._settings.name!r}:"
                f" start it with -id {owner}, or give another -raftdir"
            )
        else:
            self._begin(open_log(outcome, segment_bytes=self._segment_bytes))

    def _create(self, recovered: Recovered) -> Opened:
        node_id = NodeId(born_id(self._dice))
        owner = Owner(node_id, self._settings.name)
        if self._settings.join is not None:
            return create_log(recovered, owner, segment_bytes=self._segment_bytes)
        address = Identity(self._settings, node_id, incarnation=0).peer_address
        member = Member(node_id=node_id, name=self._settings.name, address=str(address))
        return create_log(
            recovered,
            owner,
            cluster_id=ClusterId(born_id(self._dice)),
            founding=SnapshotMark(configuration=Configuration((member,))),
            segment_bytes=self._segment_bytes,
        )

    def _begin(self, opened: Opened) -> None:
        if not has_configuration(opened.restored) and self._settings.join is None:
            self._unusable(
                "the data directory belongs to a node that has not joined a cluster yet:"
                " say which with -join, or give another -raftdir"
            )
            return
        restored, log = opened.restored, opened.log
        identity = Identity(self._settings, restored.node_id, restored.incarnation, log.cluster_id)
        self._announce(restored, log.cluster_id)
        self._lane.perform(opened.steps, lambda _data: self._durable(opened, identity))

    def _durable(self, opened: Opened, identity: Identity) -> None:
        opened.log.synced(opened.log.end)
        self._ready(opened, identity)

    def _announce(self, restored: Restored, cluster_id: ClusterId) -> None:
        kind = "restored"
        if cluster_id == NO_CLUSTER:
            kind = "blank"
        elif restored.incarnation == 1:
            kind = "founded"
        self._turn.info(
            "node " + kind,
            node=f"{restored.node_id:016x}",
            cluster=f"{cluster_id:016x}",
            incarnation=restored.incarnation,
            entries=len(restored.entries),
        )
        if self._settings.join is not None and has_configuration(restored):
            self._turn.info("-join ignored: the log knows the cluster", join=self._settings.join)


def has_configuration(restored: Restored) -> bool:
    """Whether the node knows a cluster: a blank one does not."""
    return restored.snapshot is not None or any(
        isinstance(entry.payload, Configuration) for entry in restored.entries
    )
