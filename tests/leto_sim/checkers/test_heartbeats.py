"""A leader speaks to every member in time, and to nobody else for long."""

import pytest

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.messages import AppendEntries
from leto.raft.types import BEFORE_LOG, NodeId
from leto_sim.checkers.heartbeats import SPEAKS_TO_ALL, Heartbeats
from leto_sim.checkers.moment import Moment
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, node_with_log, voters

CONFIG = Config(election_timeout_min_us=100, election_timeout_max_us=200, heartbeat_interval_us=20)


class Stage:
    """A leader of three, elected at its time 0, which has said so to all."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.heartbeats = Heartbeats(CONFIG, self.moment)
        self.node: StandingNode = node_with_log(1, 1)
        self.node.status.role = RoleName.LEADER
        self.node.status.configuration = voters(1, 2, 3)
        self.heartbeats.started(self.node)
        self.heartbeats.elected(self.node)

    def speak(self, *node_ids: int, with_entries: bool = False, term: int = 1) -> None:
        entries = (entry(1, 1),) if with_entries else ()
        message = AppendEntries(
            term=term, round=1, prev=BEFORE_LOG, entries=entries, leader_commit=0
        )
        for node_id in node_ids:
            self.heartbeats.sent(self.node, Send(NodeId(node_id), message))

    def fire(self, at: int, *node_ids: int, effective_index: int = 0) -> None:
        """The timer fires, and the node speaks to those."""
        self.moment.shown = at
        self.speak(*node_ids)
        self.heartbeats.timer_fired(self.node, effective_index)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_whom_it_speaks_to_in_time(stage: Stage) -> None:
    stage.fire(19, 2)
    stage.fire(20, 3)
    stage.fire(38)

    with pytest.raises(PropertyViolated, match="id1 has not spoken to id2 for 20 µs"):
        stage.fire(39, 3)


def test_entries_are_no_heartbeat(stage: Stage) -> None:
    stage.fire(20, 2, 3)
    stage.speak(2, 3, with_entries=True)

    with pytest.raises(PropertyViolated, match=SPEAKS_TO_ALL):
        stage.fire(40)


def test_who_has_not_said_a_word_may_have_to_wait_for_its_disk(stage: Stage) -> None:
    stage.speak(2, term=0)

    stage.fire(500)


def test_who_has_just_joined_is_spoken_to_from_then_on(stage: Stage) -> None:
    stage.fire(20, 2, 3)
    stage.node.status.configuration = voters(1, 2, 3, 4)

    stage.fire(30)
    stage.fire(40, 2, 3)

    with pytest.raises(PropertyViolated, match="to id4 for 20 µs"):
        stage.fire(50, 2, 3)


def test_who_has_left_is_not_spoken_to_for_ever(stage: Stage) -> None:
    stage.fire(20, 2, 3)
    stage.node.status.configuration = voters(1, 2)
    for at in range(40, 270, 10):
        stage.fire(at, 2, 3, effective_index=9)  # it is not committed yet

    for at in range(270, 510, 10):
        stage.fire(at, 2, 3)

    with pytest.raises(PropertyViolated, match="id1 still speaks to 3, who has left"):
        stage.fire(510, 2, 3)


def test_who_does_not_lead_or_is_not_shown_is_not_judged(stage: Stage) -> None:
    stage.speak(2)
    stage.node.status.role = RoleName.FOLLOWER

    stage.fire(500)
    stage.heartbeats = Heartbeats(CONFIG, stage.moment)
    stage.heartbeats.elected(stage.node)
    stage.speak(2)
