"""What the tests of snapshots share: a follower that needs one, and its chunks."""

import zlib

from leto.raft.config import Config
from leto.raft.entries import SnapshotMark
from leto.raft.messages import AppendEntries, InstallSnapshot
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Host, Make

KEEP_NOTHING = Config(trailing_entries=0, snapshot_chunk_bytes=4)


def heartbeat(term: int = 1) -> AppendEntries:
    """A leader's, that says nothing of its log."""
    return AppendEntries(term=term, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)


def with_one_behind() -> Cluster:
    """The first of three leads, and has compacted what the third has not heard."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    leader = cluster.elect(1)
    cluster.cut_off = {3}
    leader.propose(b"abcdef", b"ghi")
    cluster.settle()
    leader.request_snapshot()
    cluster.settle()
    leader.propose(b"j")
    cluster.settle()
    cluster.cut_off = set()
    return cluster


def until_transfer(cluster: Cluster) -> Host:
    """Let the leader learn that the third needs a snapshot; its first read is outstanding."""
    leader = cluster[1]
    leader.tick()
    while not leader.chunk_reads:
        cluster.deliver()
    leader.outbox.clear()
    return leader


def six_bytes() -> SnapshotMark:
    """A leader's snapshot of six bytes, `abcdef`, as of 5@1."""
    return SnapshotMark(
        last_included=EntryId(1, 5),
        configuration=Make.configuration(1, 2, 3, 4),
        size_bytes=6,
        checksum=zlib.crc32(b"abcdef"),
        before_log=EntryId(1, 2),
    )


def chunk(mark: SnapshotMark, offset: int, data: bytes, *, term: int = 1) -> InstallSnapshot:
    """A piece of it, in a transfer of its own."""
    return InstallSnapshot(term=term, transfer=7, snapshot=mark, offset=offset, data=data)
