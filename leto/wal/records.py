"""What the log on disk says, record by record.

Responsible for the three kinds of records and their bytes. A record is the body of one
frame, and a frame holds all of it or does not count (`leto.wal.frames`).

Invariant:
    Every segment begins with a `SegmentHead` that repeats all that is neither an
    entry nor said by a later record. So the segments from any one on are a log of
    their own, once the entries of the older ones are needed no more.
"""

from struct import Struct
from typing import Final, NamedTuple, TypeAlias

import attrs

from leto.raft.actions import Write
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.types import Index, NodeId
from leto.wire.values import (
    NO_CLUSTER,
    U8,
    U16,
    U64,
    ClusterId,
    MalformedError,
    Parts,
    Reader,
    put_entries,
    put_hard_state,
    put_mark,
    put_text,
    read_entries,
    read_hard_state,
    read_mark,
)

FORMAT: Final = 2
"""Of segments. A log that a newer Leto wrote is refused, not guessed at.

Since 2 a hard state may say that the node was admitted. One of 1 never does: then what
the log holds tells, as it did. A start begins a segment of the present format.
"""
_FORMATS_READ: Final = (1, 2)


class Position(NamedTuple):
    """A place in the log: the number of a segment, and an offset into it.

    A tuple, since two are compared for every frame that is read.
    """

    segment: int
    offset: int


NOWHERE: Final = Position(0, 0)
"""Before the first segment."""


@attrs.frozen
class Identity:
    """Whose data this is: the id that was born with it, and the member's name."""

    node_id: NodeId
    name: str


@attrs.frozen(kw_only=True)
class SegmentHead:
    """The first record of each segment: what the log amounts to at its beginning.

    `previous` is where the log ended before. What the previous segment holds beyond
    that was a tail that a power cut tore, and does not count.
    """

    identity: Identity
    cluster_id: ClusterId = NO_CLUSTER
    incarnation: int
    hard_state: HardState = attrs.field(factory=HardState)
    snapshot: SnapshotMark | None = None
    last_index: Index = 0
    previous: Position = NOWHERE


@attrs.frozen
class ClusterJoined:
    """The cluster that answered the JOIN of a blank node."""

    cluster_id: ClusterId


Record: TypeAlias = SegmentHead | ClusterJoined | Write
"""A `Write` as the log holds it: its chunk is in the snapshot's file."""

_HEAD: Final = 1
_CLUSTER: Final = 2
_WRITE: Final = 3

_HEAD_NUMBERS: Final = Struct(">QQIQQQ")  # node, cluster, incarnation, last index, previous
_WRITE_NUMBERS: Final = Struct(">BQBQ")  # kind, seq, what it has, truncate from

_HAS_HARD_STATE: Final = 1
_HAS_TRUNCATION: Final = 2
_HAS_SNAPSHOT: Final = 4


def encode_record(record: Record) -> Parts:
    """The body of the frame that holds the record."""
    if isinstance(record, Write):
        return _put_write(record)
    if isinstance(record, SegmentHead):
        return _put_head(record)
    return [U8.pack(_CLUSTER), U64.pack(record.cluster_id)]


def decode_record(body: bytes) -> Record:
    """Undoes `encode_record`.

    Raises:
        MalformedError: the bytes are no record that this version knows.
    """
    reader = Reader(body)
    kind = reader.number(U8)
    if kind == _WRITE:
        record: Record = _read_write(Reader(body))
    elif kind == _HEAD:
        record = _read_head(reader)
    elif kind == _CLUSTER:
        record = ClusterJoined(ClusterId(reader.number(U64)))
    else:
        raise MalformedError(f"records of kind {kind} are unknown here")
    return record


def _put_write(write: Write) -> Parts:
    has = (
        _HAS_HARD_STATE * (write.hard_state is not None)
        | _HAS_TRUNCATION * (write.truncate_from is not None)
        | _HAS_SNAPSHOT * (write.snapshot is not None)
    )
    parts = [_WRITE_NUMBERS.pack(_WRITE, write.seq, has, write.truncate_from or 0)]
    if write.hard_state is not None:
        put_hard_state(parts, write.hard_state)
    put_entries(parts, write.entries)
    if write.snapshot is not None:
        put_mark(parts, write.snapshot)
    return parts


def _read_write(reader: Reader) -> Write:
    _, seq, has, truncate_from = reader.unpack(_WRITE_NUMBERS)
    return Write(
        seq=seq,
        hard_state=read_hard_state(reader) if has & _HAS_HARD_STATE else None,
        truncate_from=truncate_from if has & _HAS_TRUNCATION else None,
        entries=read_entries(reader),
        snapshot=read_mark(reader) if has & _HAS_SNAPSHOT else None,
    )


def _put_head(head: SegmentHead) -> Parts:
    numbers = _HEAD_NUMBERS.pack(
        head.identity.node_id,
        head.cluster_id,
        head.incarnation,
        head.last_index,
        head.previous.segment,
        head.previous.offset,
    )
    parts = [U8.pack(_HEAD), U16.pack(FORMAT), numbers]
    put_text(parts, head.identity.name)
    put_hard_state(parts, head.hard_state)
    parts.append(U8.pack(head.snapshot is not None))
    if head.snapshot is not None:
        put_mark(parts, head.snapshot)
    return parts


def _read_head(reader: Reader) -> SegmentHead:
    version = reader.number(U16)
    if version not in _FORMATS_READ:
        raise MalformedError(f"this is a log of format {version}, this Leto reads {FORMAT}")
    node_id, cluster_id, incarnation, last_index, segment, offset = reader.unpack(_HEAD_NUMBERS)
    return SegmentHead(
        identity=Identity(NodeId(node_id), reader.text()),
        cluster_id=ClusterId(cluster_id),
        incarnation=incarnation,
        last_index=last_index,
        previous=Position(segment, offset),
        hard_state=read_hard_state(reader),
        snapshot=read_mark(reader) if reader.flag() else None,
    )
