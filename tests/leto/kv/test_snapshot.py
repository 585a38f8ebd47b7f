import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.kv.keyspace import Entry, Keyspace
from leto.kv.snapshot import SnapshotReader, SnapshotUnreadable, write_snapshot
from leto.sessions import Reply, SessionTable, Verdict
from leto.sessions.snapshot import write_sessions

HEADER = struct.pack(">8sQQ", b"leto-kv\x01", 7, 1)
NO_SESSIONS = SessionTable().freeze()
ENTRY = struct.pack(">IIQ", 3, 5, 9) + b"keyvalue"


def keyspace_of(entries: list[Entry]) -> Keyspace:
    keyspace = Keyspace()
    keyspace.advance_time(7)
    for key, value, due_ms in entries:
        keyspace.put(key, value)
        if due_ms is not None:
            keyspace.expire_at(key, due_ms)
    return keyspace


def test_the_bytes_are_those_of_the_format() -> None:
    keyspace = keyspace_of([(b"key", b"value", 9)])

    assert [HEADER + ENTRY] == list(write_snapshot(keyspace.freeze(), NO_SESSIONS, 1_000))


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=30),
            st.binary(max_size=30),
            st.none() | st.integers(min_value=1, max_value=2**63 - 1),
        )
    ),
    st.integers(min_value=1, max_value=100),
    st.lists(st.integers(min_value=0, max_value=2_000)),
)
def test_what_was_written_is_read_however_it_is_cut(
    entries: list[Entry], chunk_bytes: int, cuts: list[int]
) -> None:
    keyspace = keyspace_of(entries)
    data = b"".join(write_snapshot(keyspace.freeze(), NO_SESSIONS, chunk_bytes))
    edges = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    reader = SnapshotReader(SessionTable())

    read = [
        entry for start, end in itertools.pairwise(edges) for entry in reader.read(data[start:end])
    ]
    reader.finish()

    assert list(keyspace.freeze().entries()) == read
    assert 7 == reader.stamp_ms


@pytest.mark.parametrize("size", [0, 10, 100, 1_000])
def test_chunks_are_bounded_whatever_the_values(size: int) -> None:
    entries: list[Entry] = [(b"%d" % number, b"v" * size, None) for number in range(50)]

    chunks = list(write_snapshot(keyspace_of(entries).freeze(), NO_SESSIONS, 100))

    assert all(100 <= len(chunk) < 200 for chunk in chunks[:-1])
    assert 0 < len(chunks[-1]) < 200


def test_a_snapshot_of_nothing_is_a_header() -> None:
    reader = SnapshotReader(SessionTable())

    assert [] == reader.read(b"".join(write_snapshot(Keyspace().freeze(), NO_SESSIONS, 100)))
    reader.finish()


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"leto-kv\x03" + HEADER[8:], "not a snapshot that this version reads"),
        (HEADER + ENTRY + b"x", "1 bytes follow the snapshot's last entry"),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotUnreadable, match=reason):
        SnapshotReader(SessionTable()).read(data)


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "ends within its header"),
        (HEADER[:-1], "ends within its header"),
        (HEADER, "ends 1 entries too early"),
        (HEADER + ENTRY[:10], "ends 1 entries too early"),
        (HEADER + ENTRY[:-1], "ends 1 entries too early"),
    ],
)
def test_what_is_not_whole_is_refused_at_its_end(data: bytes, reason: str) -> None:
    reader = SnapshotReader(SessionTable())
    assert [] == reader.read(data)

    with pytest.raises(SnapshotUnreadable, match=reason):
        reader.finish()


def test_a_chunk_behind_the_end_is_refused() -> None:
    reader = SnapshotReader(SessionTable())
    reader.read(HEADER + ENTRY)

    with pytest.raises(SnapshotUnreadable, match="follow"):
        reader.read(b"x")


def table_with(result: bytes) -> SessionTable:
    table = SessionTable()
    table.perform(table.register(), 1, 1, lambda: result)
    return table


def test_sessions_stand_between_header_and_keys() -> None:
    keys, sessions = keyspace_of([(b"key", b"value", 9)]).freeze(), table_with(b"a").freeze()

    written = b"".join(write_snapshot(keys, sessions, 1_000))

    header = b"leto-kv\x02" + HEADER[8:]
    assert header + b"".join(write_sessions(sessions)) + ENTRY == written


@pytest.mark.parametrize("chunk_bytes", [1, 7, 100, 10_000])
def test_sessions_and_keys_are_read_however_they_are_cut(chunk_bytes: int) -> None:
    keys = keyspace_of([(b"key", b"value", 9), (b"other", b"v", None)]).freeze()
    table = SessionTable()
    reader = SnapshotReader(table)

    chunks = list(write_snapshot(keys, table_with(b"a" * 200).freeze(), chunk_bytes))
    read = [entry for chunk in chunks for entry in reader.read(chunk)]
    reader.finish()

    assert list(keys.entries()) == read
    assert Reply(Verdict.DONE, b"a" * 200) == table.perform(1, 1, 1, bytes)
    assert all(len(chunk) < 2 * chunk_bytes for chunk in chunks)


def test_a_snapshot_that_ends_within_its_sessions_is_refused() -> None:
    reader = SnapshotReader(SessionTable())
    data = b"".join(write_snapshot(Keyspace().freeze(), table_with(b"a").freeze(), 1_000))

    assert [] == reader.read(data[:-1])

    with pytest.raises(SnapshotUnreadable, match="within its sessions"):
        reader.finish()
