"""All the records there are."""

from typing import TypeAlias

from leto.raft.traces.cluster import ClusterStep
from leto.raft.traces.elections import ElectionStep
from leto.raft.traces.log import LogStep
from leto.raft.traces.reads import ReadStep
from leto.raft.traces.snapshots import SnapshotStep

Record: TypeAlias = ElectionStep | LogStep | ReadStep | SnapshotStep | ClusterStep
