"""Where a follower has rejected entries, its leader does not ask it again."""

import attrs
import pytest

from leto.raft.actions import RoleName
from leto.raft.events import MessageReceived
from leto.raft.messages import AppendEntriesResponse, Conflict
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.searches import SEARCH_MOVES_ON, check_search
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log

REJECTION = AppendEntriesResponse(
    term=3, round=1, match_index=0, conflict=Conflict(EntryId(2, 7), EntryId(1, 7))
)
STUBBORN = FollowerStatus(
    node_id=NodeId(2), match_index=0, next_index=8, mode=Mode.PROBE, last_ack_at=0
)


def leader(follower: FollowerStatus = STUBBORN) -> StandingNode:
    node = node_with_log(1, 3)
    node.status.role, node.status.followers_by_id = RoleName.LEADER, {NodeId(2): follower}
    return node


def hear(node: StandingNode, message: AppendEntriesResponse = REJECTION, sender: int = 2) -> None:
    check_search(node, MessageReceived(NodeId(sender), message))


def test_who_asks_again_is_in_violation() -> None:
    with pytest.raises(PropertyViolated, match=SEARCH_MOVES_ON):
        hear(leader())


@pytest.mark.parametrize(
    "follower",
    [
        attrs.evolve(STUBBORN, next_index=7),
        attrs.evolve(STUBBORN, match_index=7),
        attrs.evolve(STUBBORN, mode=Mode.SNAPSHOT),
    ],
    ids=["asks before it", "has matched since", "sends a snapshot"],
)
def test_who_moves_on_is_not(follower: FollowerStatus) -> None:
    hear(leader(follower))


def test_what_does_not_concern_the_leader_is_not_looked_at() -> None:
    hung, former = leader(), leader()
    hung.status.disk_has_hung, former.status.role = True, RoleName.FOLLOWER

    hear(leader(), sender=3)
    hear(leader(), attrs.evolve(REJECTION, conflict=None))
    hear(leader(), attrs.evolve(REJECTION, term=2))
    hear(hung)
    hear(former)
