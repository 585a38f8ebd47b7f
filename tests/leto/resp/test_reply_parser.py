import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.resp.replies import (
    RESP2,
    RESP3,
    ErrorReply,
    MapReply,
    Protocol,
    Reply,
    SetReply,
    Simple,
    Verbatim,
    encode_reply,
)
from leto.resp.reply_parser import ReplyLimits, ReplyParser

SMALL = ReplyLimits(
    line_bytes_max=20, bulk_bytes_max=10, members_max=8, nesting_max=2, reply_bytes_max=15
)
ENOUGH = 1_000_000

LINES = st.text(max_size=8).map(lambda text: text.replace("\r", "").replace("\n", ""))
LEAVES: st.SearchStrategy[Reply] = st.one_of(
    st.none(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.binary(max_size=20),
    LINES.map(Simple),
    LINES.map(ErrorReply),
)


def aggregates(members: st.SearchStrategy[Reply]) -> st.SearchStrategy[Reply]:
    return st.lists(members, max_size=4).map(tuple)


def resp3_aggregates(members: st.SearchStrategy[Reply]) -> st.SearchStrategy[Reply]:
    pairs = st.lists(st.tuples(members, members), max_size=3).map(tuple)
    return st.one_of(
        aggregates(members),
        pairs.map(MapReply),
        st.lists(members, max_size=4).map(lambda items: SetReply(tuple(items))),
    )


RESP2_REPLIES = st.recursive(LEAVES, aggregates, max_leaves=10)
RESP3_REPLIES = st.recursive(LEAVES | st.binary().map(Verbatim), resp3_aggregates, max_leaves=10)
CUTS = st.lists(st.integers(min_value=0, max_value=2_000), max_size=10)


def read_back(replies: list[Reply], protocol: Protocol, cuts: list[int], limit: int) -> list[Reply]:
    data = b"".join(encode_reply(reply, protocol) for reply in replies)
    edges = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    parser = ReplyParser()
    read: list[Reply] = []
    for start, end in itertools.pairwise(edges):
        parser.feed(data[start:end])
        while taken := parser.take(limit):
            read += taken
    assert parser.error is None
    assert 0 == parser.buffered_bytes
    return read


@given(st.lists(RESP2_REPLIES), CUTS, st.integers(min_value=1, max_value=9))
def test_what_was_encoded_in_resp2_is_read_however_it_is_cut(
    replies: list[Reply], cuts: list[int], limit: int
) -> None:
    assert replies == read_back(replies, RESP2, cuts, limit)


@given(st.lists(RESP3_REPLIES), CUTS, st.integers(min_value=1, max_value=9))
def test_what_was_encoded_in_resp3_is_read_however_it_is_cut(
    replies: list[Reply], cuts: list[int], limit: int
) -> None:
    assert replies == read_back(replies, RESP3, cuts, limit)


FRAGMENTS = st.sampled_from(
    [b"*2", b"*0", b"*-1", b"%1", b"~1", b"$3", b"$-1", b"=5", b"=3", b":7", b"+OK", b"-ERR", b"_"]
    + [b"\r\n"] * 6
    + [b"abc", b"txt:a", b"x", b"\r", b"\n"]
)


@given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=4))))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    parser = ReplyParser(SMALL)

    for piece in pieces:
        parser.feed(piece)
        parser.take(ENOUGH)

    assert parser.error is None or parser.error.startswith("Protocol error: ")


@pytest.mark.parametrize(
    "data, error",
    [
        (b"PONG\r\n", "unexpected reply type b'P'"),
        (b"\r\n", "unexpected reply type b''"),
        (b"_x\r\n", "unexpected reply type b'_'"),
        (b":x\r\n", "invalid integer"),
        (b"$x\r\n", "invalid bulk length"),
        (b"$-2\r\n", "invalid bulk length"),
        (b"$11\r\n", "invalid bulk length"),
        (b"=3\r\n", "invalid bulk length"),
        (b"=-1\r\n", "invalid bulk length"),
        (b"*x\r\n", "invalid aggregate length"),
        (b"*-2\r\n", "invalid aggregate length"),
        (b"~-1\r\n", "invalid aggregate length"),
        (b"*9\r\n", "too many members"),
        (b"%5\r\n", "too many members"),
        (b"*1\r\n*1\r\n*1\r\n", "too deep nesting"),
        (b"*2\r\n$8\r\n12345678\r\n$8\r\n", "too big reply"),
        (b"+" + b"x" * 20, "too big line"),
    ],
)
def test_a_violation_is_named_after_the_replies_before_it(data: bytes, error: str) -> None:
    parser = ReplyParser(SMALL)
    parser.feed(b":1\r\n" + data)

    replies = parser.take(ENOUGH)

    assert [1] == replies
    assert f"Protocol error: {error}" == parser.error
    assert [] == parser.take(ENOUGH)
    assert 0 == parser.buffered_bytes


def test_no_more_replies_are_taken_than_asked_for() -> None:
    parser = ReplyParser()
    parser.feed(b":1\r\n:2\r\n:3\r\n")

    assert [1, 2] == parser.take(2)
    assert [3] == parser.take(2)


def test_limits_hold_for_each_reply_not_for_the_stream() -> None:
    parser = ReplyParser(SMALL)
    parser.feed(b"*1\r\n$10\r\n0123456789\r\n" * 50)

    assert [(b"0123456789",)] * 50 == parser.take(ENOUGH)
    assert parser.error is None


def test_buffered_bytes_count_what_no_reply_has_carried_away() -> None:
    parser = ReplyParser()
    parser.feed(b"*2\r\n$5\r\nhello\r\n$5\r\nwor")

    parser.take(ENOUGH)

    assert len(b"hello") + len(b"wor") == parser.buffered_bytes


def test_the_null_of_an_array_is_the_null() -> None:
    parser = ReplyParser()
    parser.feed(b"*-1\r\n")

    assert [None] == parser.take(1)
