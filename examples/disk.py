"""The disk of an example's node: `leto.wal` says which steps, this performs them.

Everything here blocks until it is durable. So whoever must not block gives a `Disk` a
thread of its own; one is enough, because orders are performed in their order anyway.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias, assert_never

import attrs

from leto.raft import Config
from leto.raft.actions import Compact, ReadSnapshotChunk, RestoreSnapshot, Write
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import SnapshotMark
from leto.raft.events import SnapshotChunkRead, SnapshotTaken, WriteFailed, Written
from leto.raft.types import EntryId, NodeId
from leto.wal import (
    Corrupt,
    Identity,
    Recovered,
    Recovery,
    SnapshotReader,
    Step,
    create_log,
    open_log,
    read_chunk,
)
from leto.wire import ClusterId
from leto_adapters.directory import DataDirectory
from leto_adapters.disk import Files


@attrs.frozen
class Content:
    """A state machine's content, on its way to a snapshot or back from one."""

    last_included: EntryId
    data: bytes


Order: TypeAlias = Write | Content | RestoreSnapshot | ReadSnapshotChunk | Compact
Done: TypeAlias = Written | WriteFailed | SnapshotTaken | Content | SnapshotChunkRead


def found(root: Path, addresses: Mapping[str, str]) -> None:
    """Found a cluster: give each node's directory its identity and the first configuration.

    Done once, before any node runs. A node whose directory is lost must not be founded again:
    it would have forgotten what it promised. It comes back as a new member, with a new id.
    """
    cluster_id = ClusterId(secrets.randbits(64))
    members = tuple(
        Member(node_id=NodeId(secrets.randbits(64)), name=name, address=address)
        for name, address in addresses.items()
    )
    for member in members:
        directory = DataDirectory(root / member.name)
        files = Files(directory.descriptor)
        opened = create_log(
            _recovered(directory, files),
            Identity(member.node_id, member.name),
            cluster_id=cluster_id,
            founding=SnapshotMark(configuration=Configuration(members)),
        )
        _perform(files, opened.steps)
        files.close()
        directory.close()


class Disk:
    """The log and the snapshots of one node, in a directory that `found` has made."""

    def __init__(self, path: Path) -> None:
        self._directory = DataDirectory(path)
        self._files = Files(self._directory.descriptor)
        opened = open_log(_recovered(self._directory, self._files))
        _perform(self._files, opened.steps)
        self._log = opened.log
        self._log.synced(self._log.end)
        self._has_failed = False
        self.name: str = self._log.identity.name
        self.cluster_id: ClusterId = self._log.cluster_id
        self.restored = opened.restored

    def perform(self, order: Order, tell: Callable[[Done], None]) -> None:
        """Perform one order of the node, then `tell` what it waits for, if anything."""
        if self._has_failed:
            return
        try:
            done = self._perform(order)
        except OSError as error:
            self._has_failed = True  # and nothing is ever tried again on these files
            done = WriteFailed(str(error))
        if done is not None:
            tell(done)

    def close(self) -> None:
        """Let go of the directory."""
        self._files.close()
        self._directory.close()

    def _perform(self, order: Order) -> Done | None:
        match order:
            case Write(seq=seq):
                _perform(self._files, self._log.steps_for(order))
                self._log.synced(self._log.end)
                return Written(seq)
            case Content(last_included=last_included, data=data):
                writer = self._log.snapshots.take(last_included)
                _perform(self._files, writer.append(data))
                return writer.taken
            case RestoreSnapshot(snapshot=mark):
                return Content(mark.last_included, self._read_snapshot(mark))
            case ReadSnapshotChunk(transfer=transfer, offset=offset):
                data = _perform(self._files, (read_chunk(order),))
                return SnapshotChunkRead(transfer=transfer, offset=offset, data=data)
            case Compact():
                _perform(self._files, self._log.steps_for_compaction(order))
                return None
            case _:
                assert_never(order)

    def _read_snapshot(self, mark: SnapshotMark) -> bytes:
        reader, pieces = SnapshotReader(mark), list[bytes]()
        while (step := reader.step) is not None:
            pieces.append(_perform(self._files, (step,)))
            damage = reader.feed(pieces[-1])
            if damage is not None:
                raise OSError(str(damage))
        return b"".join(pieces)


def _recovered(directory: DataDirectory, files: Files) -> Recovered:
    listing = ((file.name, file.size_bytes) for file in directory.files())
    recovery = Recovery(listing, chunk_bytes=Config().snapshot_chunk_bytes)
    while (step := recovery.step) is not None:
        recovery.feed(_perform(files, (step,)))
    if recovery.outcome is None or isinstance(recovery.outcome, Corrupt):
        raise OSError(str(recovery.outcome))
    return recovery.outcome


def _perform(files: Files, steps: Iterable[Step]) -> bytes:
    """Do the steps in order; what they read."""
    return b"".join([files.perform(step) or b"" for step in steps])
