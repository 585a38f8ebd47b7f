"""Each thing that nodes say to each other, as the bytes of one frame.

Responsible for the table of frame types and for the body of each. It does not
know links (`leto.server.peers.links`) nor how a frame is told from the next
(`leto.wire.frames`).

Invariants:
    1. `decode` is total: whatever the bytes, it returns a word, `Unreadable`, or None for
       a type that only a newer minor version knows.
    2. A body may be longer than what is read of it: the rest is a newer version's.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final, TypeAlias, TypeVar

import attrs

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
from leto.raft.types import EntryId
from leto.wire.frames import Frame, encode_frame
from leto.wire.handshake import (
    Goodbye,
    Hello,
    Ping,
    put_goodbye,
    put_hello,
    put_ping,
    read_goodbye,
    read_hello,
    read_ping,
)
from leto.wire.values import (
    U64,
    MalformedError,
    Parts,
    Reader,
    bounded,
    put_blob,
    put_entries,
    put_entry_id,
    put_mark,
    read_blob,
    read_entries,
    read_entry_id,
    read_mark,
)

Word: TypeAlias = Message | Hello | Ping | Goodbye
"""Anything that one node says to another."""


@attrs.frozen
class Unreadable:
    """A frame whose body is not what its type promises: close the link."""

    reason: str


def encode(word: Word) -> bytes:
    """The frame that says this, ready to transmit."""
    return _BY_CLASS[type(word)].encode(word)


def decode(frame: Frame) -> Word | Unreadable | None:
    """What a frame says; None if only a newer minor version knows its type."""
    form = _BY_NUMBER.get(frame.type)
    if form is None:
        return None
    try:
        return form.read(Reader(frame.body))
    except MalformedError as malformed:
        return Unreadable(f"{form.kind.__name__}: {malformed}")


# --- Raft's messages, field by field ------------------------------------------------------

_APPEND: Final = Struct(">QQQQQI")  # term, round, prev, leader commit, lease
_APPENDED: Final = Struct(">QQQB")  # term, round, match index, whether a conflict follows
_ROUND: Final = Struct(">QQ")  # term, round (or read)
_ROUND_FLAG: Final = Struct(">QQB")
_TERM_FLAG: Final = Struct(">QB")
_INSTALL: Final = Struct(">QQQ")  # term, transfer, offset
_INSTALLED: Final = Struct(">QQQQ")  # term, transfer, next offset, match index
_READABLE: Final = Struct(">QQBQ")  # term, read, whether there is an index, the index


def _put_append(message: AppendEntries) -> Parts:
    prev = message.prev
    numbers = (message.term, message.round, prev.term, prev.index, message.leader_commit)
    parts = [_APPEND.pack(*numbers, message.lease_us)]
    put_entries(parts, message.entries)
    return parts


def _read_append(reader: Reader) -> AppendEntries:
    term, round_, prev_term, prev_index, commit, lease_us = reader.unpack(_APPEND)
    bounded(term | prev_term | prev_index | commit)  # too large if one of them is
    return AppendEntries(
        term=term,
        round=round_,
        prev=EntryId(prev_term, prev_index),
        leader_commit=commit,
        lease_us=lease_us,
        entries=read_entries(reader),
    )


def _put_appended(message: AppendEntriesResponse) -> Parts:
    conflict = message.conflict
    numbers = (message.term, message.round, message.match_index, conflict is not None)
    parts = [_APPENDED.pack(*numbers)]
    if conflict is not None:
        put_entry_id(parts, conflict.rejected)
        put_entry_id(parts, conflict.hint)
    return parts


def _read_appended(reader: Reader) -> AppendEntriesResponse:
    term, round_, match_index, has_conflict = reader.unpack(_APPENDED)
    return AppendEntriesResponse(
        term=bounded(term),
        round=round_,
        match_index=bounded(match_index),
        conflict=_read_conflict(reader) if has_conflict else None,
    )


def _read_conflict(reader: Reader) -> Conflict:
    return Conflict(rejected=read_entry_id(reader), hint=read_entry_id(reader))


def _put_pre_vote(message: PreVote) -> Parts:
    parts = [_ROUND.pack(message.term, message.round)]
    put_entry_id(parts, message.last)
    return parts


def _read_pre_vote(reader: Reader) -> PreVote:
    term, round_ = reader.unpack(_ROUND)
    return PreVote(term=bounded(term), round=round_, last=read_entry_id(reader))


def _put_pre_voted(message: PreVoteResponse) -> Parts:
    return [_ROUND_FLAG.pack(message.term, message.round, message.vote_granted)]


def _read_pre_voted(reader: Reader) -> PreVoteResponse:
    term, round_, granted = reader.unpack(_ROUND_FLAG)
    return PreVoteResponse(term=bounded(term), round=round_, vote_granted=granted != 0)


def _put_request_vote(message: RequestVote) -> Parts:
    parts = [_TERM_FLAG.pack(message.term, message.is_transfer)]
    put_entry_id(parts, message.last)
    return parts


def _read_request_vote(reader: Reader) -> RequestVote:
    term, is_transfer = reader.unpack(_TERM_FLAG)
    last = read_entry_id(reader)
    return RequestVote(term=bounded(term), last=last, is_transfer=is_transfer != 0)


def _put_timeout_now(message: TimeoutNow) -> Parts:
    return [U64.pack(message.term)]


def _read_timeout_now(reader: Reader) -> TimeoutNow:
    return TimeoutNow(term=reader.counter())


def _put_voted(message: RequestVoteResponse) -> Parts:
    return [_TERM_FLAG.pack(message.term, message.vote_granted)]


def _read_voted(reader: Reader) -> RequestVoteResponse:
    term, granted = reader.unpack(_TERM_FLAG)
    return RequestVoteResponse(term=bounded(term), vote_granted=granted != 0)


def _put_install(message: InstallSnapshot) -> Parts:
    parts = [_INSTALL.pack(message.term, message.transfer, message.offset)]
    put_mark(parts, message.snapshot)
    put_blob(parts, message.data)
    return parts


def _read_install(reader: Reader) -> InstallSnapshot:
    term, transfer, offset = reader.unpack(_INSTALL)
    return InstallSnapshot(
        term=bounded(term),
        transfer=transfer,
        offset=bounded(offset),
        snapshot=read_mark(reader),
        data=read_blob(reader),
    )


def _put_installed(message: InstallSnapshotResponse) -> Parts:
    numbers = (message.term, message.transfer, message.next_offset, message.match_index)
    return [_INSTALLED.pack(*numbers)]


def _read_installed(reader: Reader) -> InstallSnapshotResponse:
    term, transfer, next_offset, match_index = reader.unpack(_INSTALLED)
    return InstallSnapshotResponse(
        term=bounded(term),
        transfer=transfer,
        next_offset=bounded(next_offset),
        match_index=bounded(match_index),
    )


def _put_read_index(message: ReadIndex) -> Parts:
    return [_ROUND.pack(message.term, message.read)]


def _read_read_index(reader: Reader) -> ReadIndex:
    term, read = reader.unpack(_ROUND)
    return ReadIndex(term=bounded(term), read=read)


def _put_readable(message: ReadIndexResponse) -> Parts:
    index = message.index
    return [_READABLE.pack(message.term, message.read, index is not None, index or 0)]


def _read_readable(reader: Reader) -> ReadIndexResponse:
    term, read, has_index, index = reader.unpack(_READABLE)
    return ReadIndexResponse(
        term=bounded(term), read=read, index=bounded(index) if has_index else None
    )


# --- the table ----------------------------------------------------------------------------

_W = TypeVar("_W", bound=Word)


@attrs.frozen
class _Form:
    """How one kind of word is written."""

    number: int
    kind: type[object]
    encode: Callable[[Word], bytes]
    read: Callable[[Reader], Word]


def _form(
    number: int, kind: type[_W], put: Callable[[_W], Parts], read: Callable[[Reader], _W]
) -> _Form:
    def encode_word(word: Word) -> bytes:
        assert isinstance(word, kind), "the table finds a word's own form"
        return encode_frame(number, put(word))

    return _Form(number, kind, encode_word, read)


# Numbers are for ever; the gap is for words that are not Raft's.
_FORMS: Final = (
    _form(1, Hello, put_hello, read_hello),
    _form(2, Ping, put_ping, read_ping),
    _form(3, Goodbye, put_goodbye, read_goodbye),
    _form(16, AppendEntries, _put_append, _read_append),
    _form(17, AppendEntriesResponse, _put_appended, _read_appended),
    _form(18, PreVote, _put_pre_vote, _read_pre_vote),
    _form(19, PreVoteResponse, _put_pre_voted, _read_pre_voted),
    _form(20, RequestVote, _put_request_vote, _read_request_vote),
    _form(21, RequestVoteResponse, _put_voted, _read_voted),
    _form(22, InstallSnapshot, _put_install, _read_install),
    _form(23, InstallSnapshotResponse, _put_installed, _read_installed),
    _form(24, ReadIndex, _put_read_index, _read_read_index),
    _form(25, ReadIndexResponse, _put_readable, _read_readable),
    _form(26, TimeoutNow, _put_timeout_now, _read_timeout_now),
)
_BY_NUMBER: Final = {form.number: form for form in _FORMS}
_BY_CLASS: Final[dict[type[object], _Form]] = {form.kind: form for form in _FORMS}
