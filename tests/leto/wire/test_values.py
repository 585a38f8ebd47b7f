"""The encoding that the wire and the log share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.entries import Command, Entry, HardState, Noop, SnapshotMark
from leto.raft.types import EntryId, NodeId
from leto.wire.values import (
    COUNTER_LIMIT,
    U8,
    U16,
    U32,
    U64,
    MalformedError,
    Parts,
    Reader,
    bounded,
    put_blob,
    put_configuration,
    put_entries,
    put_entry_id,
    put_hard_state,
    put_mark,
    put_text,
    read_blob,
    read_configuration,
    read_entries,
    read_entry_id,
    read_hard_state,
    read_mark,
)

counters = st.integers(0, COUNTER_LIMIT - 1)
node_ids = st.integers(0, 2**64 - 1).map(NodeId)
entry_ids = st.builds(EntryId, counters, counters)
members = st.builds(
    Member,
    node_id=node_ids,
    name=st.text(max_size=20),
    address=st.text(max_size=20),
    role=st.sampled_from(MemberRole),
    priority=st.integers(0, 2**32 - 1),
)
some_members = st.lists(members, max_size=5, unique_by=lambda member: member.node_id).map(tuple)
configurations = st.builds(
    Configuration,
    some_members,
    some_members,
    lease_us=st.integers(0, 2**32 - 1),
    is_forced=st.booleans(),
)
entries = st.builds(
    Entry, entry_ids, st.builds(Noop) | st.builds(Command, st.binary()) | configurations
)
marks = st.builds(
    SnapshotMark,
    last_included=entry_ids,
    before_log=entry_ids,
    configuration=configurations,
    size_bytes=counters,
    checksum=st.integers(0, 2**32 - 1),
)


def joined(parts: Parts) -> Reader:
    return Reader(b"".join(parts))


@given(entry_ids)
def test_entry_id_survives_a_round_trip(entry_id: EntryId) -> None:
    parts: Parts = []

    put_entry_id(parts, entry_id)

    assert entry_id == read_entry_id(joined(parts))


def test_a_hard_state_of_unknown_flags_is_malformed() -> None:
    with pytest.raises(MalformedError, match="a hard state has the flags 0x4"):
        read_hard_state(Reader(bytes(8) + b"\x04" + bytes(8)))


@given(st.builds(HardState, counters, st.none() | node_ids, was_admitted=st.booleans()))
def test_hard_state_survives_a_round_trip(hard_state: HardState) -> None:
    parts: Parts = []

    put_hard_state(parts, hard_state)

    assert hard_state == read_hard_state(joined(parts))


@given(st.lists(entries, max_size=5).map(tuple))
def test_entries_survive_a_round_trip(several: tuple[Entry, ...]) -> None:
    parts: Parts = []

    put_entries(parts, several)
    reader = joined(parts)

    assert several == read_entries(reader)
    assert reader.remaining == 0


@given(marks)
def test_mark_survives_a_round_trip(mark: SnapshotMark) -> None:
    parts: Parts = []

    put_mark(parts, mark)
    reader = joined(parts)

    assert mark == read_mark(reader)
    assert reader.remaining == 0


@given(st.binary())
def test_blob_survives_a_round_trip(data: bytes) -> None:
    parts: Parts = []

    put_blob(parts, data)

    assert data == read_blob(joined(parts))


def test_number_beyond_the_end_is_malformed() -> None:
    reader = Reader(b"\0")

    with pytest.raises(MalformedError, match="2 bytes wanted, 1 left"):
        reader.number(U16)


def test_blob_beyond_the_end_is_malformed() -> None:
    reader = Reader(b"abc")

    with pytest.raises(MalformedError, match="4 bytes wanted, 3 left"):
        reader.blob(4)


def test_flag_is_anything_but_zero() -> None:
    reader = Reader(b"\0\1")

    assert (False, True) == (reader.flag(), reader.flag())


def test_text_that_is_not_utf8_is_malformed() -> None:
    reader = Reader(U16.pack(2) + b"\xff\xff")

    with pytest.raises(MalformedError, match="not UTF-8"):
        reader.text()


def test_counters_leave_room_for_one_more() -> None:
    largest = COUNTER_LIMIT - 1

    assert largest == bounded(largest)
    assert U64.pack(largest + 1) == U64.pack(COUNTER_LIMIT)
    with pytest.raises(MalformedError, match="as large as"):
        Reader(U64.pack(COUNTER_LIMIT)).counter()


def test_count_that_the_bytes_cannot_hold_is_malformed_before_anything_is_allocated() -> None:
    reader = Reader(U32.pack(2**32 - 1) + bytes(100))

    with pytest.raises(MalformedError, match="4294967295 items announced"):
        read_entries(reader)


def test_unknown_kind_of_entry_is_malformed() -> None:
    parts: Parts = []
    put_entries(parts, (Entry(EntryId(1, 1), Noop()),))
    data = bytearray(b"".join(parts))
    data[20] = 9

    with pytest.raises(MalformedError, match="kind 9"):
        read_entries(Reader(bytes(data)))


def test_unknown_role_is_malformed() -> None:
    head = U32.pack(0) + U8.pack(0)
    data = head + U16.pack(1) + U64.pack(1) + U8.pack(3) + U32.pack(1) + U16.pack(0) * 3

    with pytest.raises(MalformedError, match="role 3"):
        read_configuration(Reader(data))


def test_configuration_whose_members_do_not_ascend_is_malformed() -> None:
    parts: Parts = []
    put_configuration(parts, Configuration((Member(node_id=NodeId(1), name="", address=""),)))
    head, one = b"".join(parts)[:5], b"".join(parts)[7:-2]

    with pytest.raises(MalformedError, match="not in order"):
        read_configuration(Reader(head + U16.pack(2) + one + one + U16.pack(0)))


def test_longest_text_fits() -> None:
    parts: Parts = []

    put_text(parts, "x" * 65535)

    assert "x" * 65535 == joined(parts).text()


@given(st.binary(max_size=200))
def test_hostile_bytes_are_malformed_or_a_value(data: bytes) -> None:
    for read in (read_entries, read_mark, read_configuration, read_hard_state, read_blob):
        try:
            read(Reader(data))
        except MalformedError:
            continue
