"""The write-ahead log and the snapshot files of a node: what survives a crash.

Reading order: `records` (what the log says), `frames` (how it lies in its files), `image`
(what it amounts to), `log` (writing it), `chain` and `recovery` (reading it after a
crash), `snapshots` (the files beside it), `parts` (of one that was being received),
`read_back` (whether they are still whole), `steps` and `corruption` (the words for the
disk and for the operator).

At start: perform `Recovery.step` and `feed` it until there is an `outcome`; then
`open_log` or `create_log`, whose steps make this life of the node durable. From then on
each `Write` becomes `WriteAheadLog.steps_for(write)`, and `synced(end)` when they are done.
"""

from leto.wal.corruption import Corrupt
from leto.wal.frames import Frame, SegmentReader, segment_name, segment_number
from leto.wal.log import SEGMENT_BYTES, Opened, WriteAheadLog, create_log, open_log
from leto.wal.read_back import ReadBack
from leto.wal.records import ClusterJoined, Identity, Position, Record, SegmentHead
from leto.wal.recovery import Recovered, Recovery
from leto.wal.snapshots import (
    SnapshotFiles,
    SnapshotReader,
    SnapshotWriter,
    has_file,
    read_chunk,
    received_entry,
    snapshot_name,
)
from leto.wal.steps import (
    Delete,
    ReadAt,
    Rename,
    Step,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)

__all__ = [
    "SEGMENT_BYTES",
    "ClusterJoined",
    "Corrupt",
    "Delete",
    "Frame",
    "Identity",
    "Opened",
    "Position",
    "ReadAt",
    "ReadBack",
    "Record",
    "Recovered",
    "Recovery",
    "Rename",
    "SegmentHead",
    "SegmentReader",
    "SnapshotFiles",
    "SnapshotReader",
    "SnapshotWriter",
    "Step",
    "SyncDirectory",
    "SyncFile",
    "Truncate",
    "WriteAheadLog",
    "WriteAt",
    "create_log",
    "has_file",
    "open_log",
    "read_chunk",
    "received_entry",
    "segment_name",
    "segment_number",
    "snapshot_name",
]
