"""A record is shown as a step's name, as plain values, and as a line."""

import pytest

from leto.raft.traces import Reason, Record, describe, fields_of, step_of
from leto.raft.traces.cluster import ConfigurationAppended
from leto.raft.traces.elections import (
    BecameFollower,
    ElectionTimedOut,
    LeaderDied,
    VoteAsked,
    VoteRefused,
)
from leto.raft.traces.log import EntriesAppended
from leto.raft.types import EntryId, NodeId

ONE, TWO = NodeId(1), NodeId(2)


def name_of(node_id: NodeId) -> str:
    return f"id{node_id}"


@pytest.mark.parametrize(
    "record,step,fields,line",
    [
        (ElectionTimedOut(), "election_timed_out", {}, "election timed out"),
        (
            VoteRefused(TWO, Reason.LOG_BEHIND),
            "vote_refused",
            {"candidate": 2, "reason": "log_behind"},
            "vote refused: candidate=id2 the log asked about is behind this one",
        ),
        (
            BecameFollower(None),
            "became_follower",
            {"leader": None},
            "became follower: leader=nobody",
        ),
        (
            EntriesAppended(EntryId(1, 2), EntryId(3, 4)),
            "entries_appended",
            {"first": "2@1", "last": "4@3"},
            "entries appended: first=2@1 last=4@3",
        ),
        (
            ConfigurationAppended(7, (ONE, TWO), ()),
            "configuration_appended",
            {"index": 7, "voters": [1, 2], "outgoing": []},
            "configuration appended: index=7 voters=id1,id2 outgoing=nobody",
        ),
        (
            VoteAsked(EntryId(1, 2), is_transfer=True),
            "vote_asked",
            {"last": "2@1", "is_transfer": True},
            "vote asked: last=2@1 is_transfer=True",
        ),
        (
            LeaderDied(ONE, 5),
            "leader_died",
            {"leader": 1, "campaign_at": 5},
            "leader died: leader=id1 campaign_at=5",
        ),
    ],
)
def test_a_record_is_a_step_and_what_it_is_about(
    record: Record, step: str, fields: dict[str, object], line: str
) -> None:
    assert step == step_of(record)
    assert fields == fields_of(record)
    assert line == describe(record, name_of)
