"""One window for all snapshots."""

import attrs
import pytest

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.entries import SnapshotMark
from leto.raft.events import MessageReceived
from leto.raft.messages import InstallSnapshot, InstallSnapshotResponse
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import NodeId
from leto_sim.checkers.chunks import SNAPSHOT_WINDOW_HOLDS, Chunks
from leto_sim.checkers.moment import Moment
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, voters

CONFIG = Config(
    snapshot_bytes_in_flight_max=10,
    election_timeout_min_us=100,
    election_timeout_max_us=200,
    heartbeat_interval_us=20,
)
FOLLOWER = FollowerStatus(
    node_id=NodeId(2), match_index=0, next_index=1, mode=Mode.SNAPSHOT, last_ack_at=0
)


class Leader:
    """Sends chunks to nodes 2 and 3."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.chunks = Chunks(CONFIG, self.moment)
        self.node = StandingNode()
        self.node.status.followers_by_id = {NodeId(2): FOLLOWER, NodeId(3): FOLLOWER}
        self.chunks.started(self.node)

    def send(self, to: int, size: int, *, term: int = 1) -> None:
        message = InstallSnapshot(
            term=term,
            transfer=to,
            snapshot=SnapshotMark(configuration=voters(1)),
            offset=0,
            data=b"x" * size,
        )
        self.chunks.sent(self.node, Send(NodeId(to), message))

    def hear(self, sender: int, transfer: int) -> None:
        message = InstallSnapshotResponse(term=1, transfer=transfer, next_offset=0)
        self.chunks.was_answered(self.node, MessageReceived(NodeId(sender), message))


@pytest.fixture
def leader() -> Leader:
    leader = Leader()
    leader.send(2, 6)
    return leader


def test_what_fits_the_window_goes(leader: Leader) -> None:
    leader.send(3, 4)


def test_what_does_not_is_a_violation(leader: Leader) -> None:
    with pytest.raises(PropertyViolated, match=SNAPSHOT_WINDOW_HOLDS):
        leader.send(3, 5)


def test_the_only_chunk_may_be_larger_than_the_window() -> None:
    Leader().send(2, 11)


def test_an_answer_makes_room(leader: Leader) -> None:
    leader.hear(3, 2)
    leader.hear(2, 7)
    with pytest.raises(PropertyViolated, match=SNAPSHOT_WINDOW_HOLDS):
        leader.send(3, 5)

    leader.hear(2, 2)

    leader.send(3, 5)


def test_so_does_a_chunk_that_may_be_lost(leader: Leader) -> None:
    leader.moment.shown = 100

    leader.send(3, 5)


@pytest.mark.parametrize("others", [{}, {NodeId(2): attrs.evolve(FOLLOWER, mode=Mode.PROBE)}])
def test_so_does_a_follower_that_needs_no_snapshot_any_more(
    leader: Leader, others: dict[NodeId, FollowerStatus]
) -> None:
    leader.node.status.followers_by_id = others

    leader.send(3, 5)


def test_another_term_begins_with_nothing_on_its_way(leader: Leader) -> None:
    leader.send(3, 5, term=2)


def test_the_same_chunk_again_takes_no_more_room(leader: Leader) -> None:
    leader.send(2, 6)


def test_where_lives_are_not_shown_nobody_is_judged(leader: Leader) -> None:
    leader.chunks = Chunks(CONFIG, leader.moment)

    leader.send(2, 11)
    leader.send(3, 11)
