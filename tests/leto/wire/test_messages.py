"""Each of Raft's messages as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry, Noop, SnapshotMark
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Conflict,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.types import EntryId, NodeId
from leto.wire.frames import Frame, FrameReader
from leto.wire.messages import Unreadable, decode, encode
from leto.wire.values import COUNTER_LIMIT

terms = st.integers(0, COUNTER_LIMIT - 1)
numbers = st.integers(0, 2**64 - 1)
entry_ids = st.builds(EntryId, terms, terms)
MEMBER = Member(node_id=NodeId(7), name="id7", address="host:15379")
payloads = st.builds(Noop) | st.builds(Command, st.binary()) | st.just(Configuration((MEMBER,)))
marks = st.builds(
    SnapshotMark,
    last_included=entry_ids,
    before_log=entry_ids,
    configuration=st.just(Configuration((MEMBER,))),
    size_bytes=terms,
    checksum=st.integers(0, 2**32 - 1),
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        AppendEntries,
        term=terms,
        round=numbers,
        prev=entry_ids,
        entries=st.lists(st.builds(Entry, entry_ids, payloads), max_size=4).map(tuple),
        leader_commit=terms,
        lease_us=st.integers(0, 2**32 - 1),
    ),
    st.builds(
        AppendEntriesResponse,
        term=terms,
        round=numbers,
        match_index=terms,
        conflict=st.none() | st.builds(Conflict, entry_ids, entry_ids),
    ),
    st.builds(PreVote, term=terms, round=numbers, last=entry_ids),
    st.builds(PreVoteResponse, term=terms, round=numbers, vote_granted=st.booleans()),
    st.builds(RequestVote, term=terms, last=entry_ids, is_transfer=st.booleans()),
    st.builds(TimeoutNow, term=terms),
    st.builds(RequestVoteResponse, term=terms, vote_granted=st.booleans()),
    st.builds(
        InstallSnapshot,
        term=terms,
        transfer=numbers,
        snapshot=marks,
        offset=terms,
        data=st.binary(),
    ),
    st.builds(
        InstallSnapshotResponse,
        term=terms,
        transfer=numbers,
        next_offset=terms,
        match_index=terms,
    ),
    st.builds(ReadIndex, term=terms, read=numbers),
    st.builds(ReadIndexResponse, term=terms, read=numbers, index=st.none() | terms),
)


def frame_of(message: Message) -> Frame:
    (frame,) = FrameReader().feed(encode(message))
    return frame


@given(messages)
def test_message_survives_a_round_trip(message: Message) -> None:
    assert message == decode(frame_of(message))


@given(messages, st.binary(min_size=1))
def test_fields_of_a_newer_minor_version_are_ignored(message: Message, more: bytes) -> None:
    frame = frame_of(message)

    assert message == decode(Frame(frame.type, frame.body + more))


@given(messages, st.data())
def test_shortened_message_is_unreadable(message: Message, data: st.DataObject) -> None:
    frame = frame_of(message)
    kept = data.draw(st.integers(0, len(frame.body) - 1))

    word = decode(Frame(frame.type, frame.body[:kept]))

    assert isinstance(word, Unreadable)
    assert word.reason.startswith(type(message).__name__)


@pytest.mark.parametrize("number", [0, 4, 15, 27, 65535])
def test_type_of_a_newer_minor_version_is_ignored(number: int) -> None:
    assert decode(Frame(number, b"whatever")) is None


@given(st.integers(0, 30), st.binary(max_size=200))
def test_decode_is_total(number: int, body: bytes) -> None:
    decode(Frame(number, body))


def test_term_that_could_not_be_followed_by_another_is_unreadable() -> None:
    frame = frame_of(RequestVoteResponse(term=COUNTER_LIMIT, vote_granted=True))

    assert isinstance(decode(frame), Unreadable)
