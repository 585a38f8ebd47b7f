"""Events in words."""

import pytest

from leto.raft.actions import RoleName
from leto.raft.configuration import EMPTY_CONFIGURATION, RemoveMember
from leto.raft.entries import SnapshotMark
from leto.raft.events import (
    Applied,
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    Proposal,
    ReadRequested,
    SnapshotChunkRead,
    SnapshotRequested,
    SnapshotRestored,
    SnapshotTaken,
    TimerFired,
    TransferRequested,
    WriteFailed,
    Written,
)
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
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.descriptions import describe_event, describe_message, describe_standing
from tests.support.observed import entry

LAST = EntryId(2, 5)
MARK = SnapshotMark(last_included=LAST, configuration=EMPTY_CONFIGURATION)


def name_of(node_id: NodeId) -> str:
    return f"id{node_id}"


@pytest.mark.parametrize(
    "event,words",
    [
        (MessageReceived(NodeId(2), ReadIndex(term=1, read=9)), "< id2 ReadIndex t1"),
        (TimerFired(), "timer"),
        (Written(7), "written 7"),
        (WriteFailed("no spoon"), "write failed: no spoon"),
        (Applied(7), "applied 7"),
        (CommandsProposed((Proposal(1, b""), Proposal(2, b""))), "proposed #1, #2"),
        (ReadRequested(3), "read requested #3"),
        (ChangeRequested(3, (RemoveMember(NodeId(2)),)), "change requested #3 RemoveMember"),
        (TransferRequested(3), "transfer requested #3 to anyone"),
        (TransferRequested(3, NodeId(2)), "transfer requested #3 to id2"),
        (ConfigurationForced(3, (NodeId(1), NodeId(2))), "forced #3 on id1, id2"),
        (PeerGone(NodeId(2)), "id2 is gone"),
        (DiskRoomChanged(has_room=True), "disk has room"),
        (DiskRoomChanged(has_room=False), "disk is full"),
        (SnapshotRequested(3), "snapshot requested #3"),
        (SnapshotTaken(last_included=LAST, size_bytes=1, checksum=2), "snapshot taken 5@2"),
        (SnapshotRestored(LAST), "snapshot restored 5@2"),
        (SnapshotChunkRead(transfer=1, offset=4, data=b"abc"), "chunk read 4+3"),
    ],
)
def test_each_event_has_its_words(event: Event, words: str) -> None:
    assert words == describe_event(event, name_of)


def append(*indexes: int) -> AppendEntries:
    entries = tuple(entry(3, index) for index in indexes)
    return AppendEntries(term=3, round=1, prev=LAST, entries=entries, leader_commit=4)


@pytest.mark.parametrize(
    "message,words",
    [
        (append(), "AppendEntries t3 5@2 [] commit 4"),
        (append(6), "AppendEntries t3 5@2 [6@3] commit 4"),
        (append(6, 7), "AppendEntries t3 5@2 [6@3..7@3] commit 4"),
        (AppendEntriesResponse(term=3, round=1, match_index=6), "appended t3 up to 6"),
        (
            AppendEntriesResponse(
                term=3, round=1, match_index=0, conflict=Conflict(LAST, BEFORE_LOG)
            ),
            "not appended t3 after 5@2, try 0@0",
        ),
        (PreVote(term=3, round=1, last=LAST), "PreVote t3 last 5@2"),
        (PreVoteResponse(term=3, round=1, vote_granted=True), "pre-vote granted t3"),
        (RequestVote(term=3, last=LAST), "RequestVote t3 last 5@2"),
        (RequestVote(term=3, last=LAST, is_transfer=True), "RequestVote t3 last 5@2 (transfer)"),
        (RequestVoteResponse(term=3, vote_granted=False), "vote refused t3"),
        (TimeoutNow(term=3), "TimeoutNow t3"),
        (
            InstallSnapshot(term=3, transfer=1, snapshot=MARK, offset=4, data=b"ab"),
            "InstallSnapshot t3 5@2 4+2",
        ),
        (
            InstallSnapshotResponse(term=3, transfer=1, next_offset=4, match_index=5),
            "snapshot t3 next 4, up to 5",
        ),
        (ReadIndex(term=3, read=1), "ReadIndex t3"),
        (ReadIndexResponse(term=3, read=1, index=None), "read index t3 None"),
    ],
)
def test_each_message_has_its_words(message: Message, words: str) -> None:
    assert words == describe_message(message)


def test_a_node_stands_in_a_role_and_a_term() -> None:
    assert ["f1", "p2", "c3", "L4"] == [
        describe_standing(role, term) for term, role in enumerate(RoleName, 1)
    ]
