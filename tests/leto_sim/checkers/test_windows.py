"""No more is on its way than the settings say."""

import pytest

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.messages import AppendEntries
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.windows import ENTRY_BYTES_MAX, WINDOW_HOLDS, Windows
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry

CONFIG = Config(appends_in_flight_max=2, bytes_in_flight_max=100, append_bytes_max=10)


def send(appends: int, size_bytes: int, *, entries: int = 1, to: int = 2) -> None:
    leader = StandingNode(NodeId(1))
    leader.status.followers_by_id = {
        NodeId(2): FollowerStatus(
            node_id=NodeId(2),
            match_index=0,
            next_index=1,
            mode=Mode.REPLICATE,
            last_ack_at=0,
            appends_in_flight=appends,
            bytes_in_flight=size_bytes,
        )
    }
    message = AppendEntries(
        term=1,
        round=1,
        prev=EntryId(0, 0),
        entries=tuple(entry(1, index + 1) for index in range(entries)),
        leader_commit=0,
    )
    Windows(CONFIG).sent(leader, Send(NodeId(to), message))


def test_a_full_window_is_no_violation() -> None:
    send(2, 100 + ENTRY_BYTES_MAX)


@pytest.mark.parametrize("appends,size_bytes", [(3, 30), (2, 101 + ENTRY_BYTES_MAX)])
def test_a_window_that_bursts_is(appends: int, size_bytes: int) -> None:
    with pytest.raises(PropertyViolated, match=WINDOW_HOLDS):
        send(appends, size_bytes)


def test_heartbeats_and_other_followers_are_not_looked_at() -> None:
    send(3, 0, entries=0)
    send(3, 0, to=3)
