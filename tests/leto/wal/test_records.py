"""The bytes of what the log says."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.actions import Write
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry, HardState, Noop, SnapshotChunk, SnapshotMark
from leto.raft.types import EntryId, NodeId
from leto.wal.records import (
    ClusterJoined,
    Identity,
    Position,
    Record,
    SegmentHead,
    decode_record,
    encode_record,
)
from leto.wire.values import ClusterId, MalformedError

counters = st.integers(0, 2**63 - 1)
ids = st.integers(0, 2**64 - 1)
entry_ids = st.builds(EntryId, counters, counters)
MEMBERS = Configuration((Member(node_id=NodeId(1), name="id1", address="host:15379"),))
hard_states = st.builds(
    HardState, counters, st.none() | ids.map(NodeId), was_admitted=st.booleans()
)
marks = st.builds(
    SnapshotMark,
    last_included=entry_ids,
    before_log=entry_ids,
    configuration=st.just(MEMBERS),
    size_bytes=counters,
    checksum=st.integers(0, 2**32 - 1),
)
entries = st.builds(
    Entry, entry_ids, st.builds(Noop) | st.builds(Command, st.binary()) | st.just(MEMBERS)
)
writes = st.builds(
    Write,
    seq=ids,
    hard_state=st.none() | hard_states,
    truncate_from=st.none() | counters,
    entries=st.lists(entries, max_size=3).map(tuple),
    snapshot=st.none() | marks,
)
heads = st.builds(
    SegmentHead,
    identity=st.builds(Identity, ids.map(NodeId), st.text(max_size=20)),
    cluster_id=ids.map(ClusterId),
    incarnation=st.integers(0, 2**32 - 1),
    hard_state=hard_states,
    snapshot=st.none() | marks,
    last_index=counters,
    previous=st.builds(Position, ids, ids),
)
records = st.one_of(writes, heads, st.builds(ClusterJoined, ids.map(ClusterId)))
HEAD = SegmentHead(identity=Identity(NodeId(1), "id1"), incarnation=1)


@given(records)
def test_record_survives_a_round_trip(record: Record) -> None:
    assert record == decode_record(b"".join(encode_record(record)))


@given(records, st.data())
def test_shortened_record_is_malformed(record: Record, data: st.DataObject) -> None:
    body = b"".join(encode_record(record))
    kept = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(MalformedError):
        decode_record(body[:kept])


@given(st.binary(max_size=200))
def test_hostile_bytes_are_malformed_or_a_record(body: bytes) -> None:
    try:
        decode_record(body)
    except MalformedError:
        return


def test_chunk_is_not_in_the_log() -> None:
    chunk = SnapshotChunk(last_included=EntryId(1, 1), offset=0, data=b"content")
    write = Write(seq=1, hard_state=HardState(1), chunk=chunk)

    body = b"".join(encode_record(write))

    assert attrs.evolve(write, chunk=None) == decode_record(body)
    assert b"content" not in body


def test_unknown_kind_is_malformed() -> None:
    with pytest.raises(MalformedError, match="kind 9"):
        decode_record(b"\x09")


def test_a_log_of_the_first_format_is_read() -> None:
    body = bytearray(b"".join(encode_record(HEAD)))
    body[2] = 1

    assert decode_record(bytes(body)) == HEAD


def test_log_of_another_format_is_malformed() -> None:
    body = bytearray(b"".join(encode_record(HEAD)))
    body[2] = 3

    with pytest.raises(MalformedError, match="a log of format 3, this Leto reads 2"):
        decode_record(bytes(body))
