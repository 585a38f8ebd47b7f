"""Within a term, a match index never falls."""

import pytest

from leto.raft.actions import Send
from leto.raft.messages import AppendEntries
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.match_indexes import MatchIndexes
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry


def heartbeat(
    checker: MatchIndexes, match_index: int, *, term: int = 3, entries: int = 0, to: int = 2
) -> None:
    leader = StandingNode(NodeId(1))
    leader.status.followers_by_id = {
        NodeId(2): FollowerStatus(
            node_id=NodeId(2),
            match_index=match_index,
            next_index=match_index + 1,
            mode=Mode.REPLICATE,
            last_ack_at=0,
        )
    }
    message = AppendEntries(
        term=term,
        round=1,
        prev=EntryId(0, 0),
        entries=tuple(entry(term, index + 1) for index in range(entries)),
        leader_commit=0,
    )
    checker.sent(leader, Send(NodeId(to), message))


def test_it_may_grow_and_stay() -> None:
    checker = MatchIndexes()

    for match_index in (0, 4, 4, 7):
        heartbeat(checker, match_index)


def test_that_it_falls_is_a_violation() -> None:
    checker = MatchIndexes()
    heartbeat(checker, 4)

    with pytest.raises(PropertyViolated, match="id1 thinks 2 matches to 3, after 4"):
        heartbeat(checker, 3)


def test_a_new_term_begins_anew() -> None:
    checker = MatchIndexes()
    heartbeat(checker, 4)

    heartbeat(checker, 0, term=4)


def test_only_heartbeats_are_looked_at() -> None:
    checker = MatchIndexes()
    heartbeat(checker, 4)

    heartbeat(checker, 3, entries=1)
    heartbeat(checker, 3, to=5)
