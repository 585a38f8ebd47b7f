"""The bytes of a table of sessions."""

import itertools
import struct

from hypothesis import given
from hypothesis import strategies as st

from leto.sessions import Reply, SessionTable, Verdict
from leto.sessions.snapshot import SessionsReader, write_sessions


def table_of(results: list[list[bytes]]) -> SessionTable:
    table = SessionTable()
    for stamp_ms, answers in enumerate(results):
        table.advance_time(stamp_ms)
        session_id = table.register()
        for number, answer in enumerate(answers, 1):
            table.perform(session_id, number, 1, answer.__bytes__)
    return table


def test_the_bytes_are_those_of_the_format() -> None:
    table = table_of([[], [b"result"]])

    written = b"".join(write_sessions(table.freeze()))

    header = struct.pack(">QQI", 1, 2, 2)
    first, second = struct.pack(">QQQI", 1, 0, 1, 0), struct.pack(">QQQI", 2, 1, 1, 1)
    assert header + first + second + struct.pack(">QI", 1, 6) + b"result" == written


@given(
    st.lists(st.lists(st.binary(max_size=20), max_size=4), max_size=4),
    st.lists(st.integers(min_value=0, max_value=2_000)),
)
def test_what_was_written_is_read_however_it_is_cut(
    results: list[list[bytes]], cuts: list[int]
) -> None:
    data = b"".join(write_sessions(table_of(results).freeze()))
    edges = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    table = table_of([[b"what was here before"]])
    reader = SessionsReader(table)
    at = 0

    for _, end in itertools.pairwise(edges):
        at = reader.read(data[:end], at)

    assert reader.is_done
    assert len(data) == at
    assert data == b"".join(write_sessions(table.freeze()))


def test_what_follows_the_sessions_is_left_alone() -> None:
    data = b"".join(write_sessions(table_of([[b"a"]]).freeze()))
    reader = SessionsReader(SessionTable())

    assert len(data) == reader.read(data + b"more", 0)

    assert len(data) == reader.read(data + b"more", len(data))


def test_a_restored_table_answers_as_the_one_that_was_written() -> None:
    data = b"".join(write_sessions(table_of([[b"a", b"b"]]).freeze()))
    table = SessionTable()

    SessionsReader(table).read(data, 0)

    assert Reply(Verdict.DONE, b"b") == table.perform(1, 2, 1, lambda: b"again")
    assert table_of([[b"a", b"b"]]).memory_bytes == table.memory_bytes
