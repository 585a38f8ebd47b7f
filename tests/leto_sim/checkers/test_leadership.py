"""A leader leads as long as a quorum answers it and its disk writes."""

import attrs
import pytest

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.events import MessageReceived
from leto.raft.messages import AppendEntriesResponse, PreVote
from leto.raft.types import BEFORE_LOG, NodeId
from leto_sim.checkers.leadership import DISK_OR_SILENCE, LEADS_WHILE_ANSWERED, Leadership
from leto_sim.checkers.moment import Moment
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

CONFIG = Config(election_timeout_min_us=100, election_timeout_max_us=200, heartbeat_interval_us=20)
PRE_VOTE = Send(NodeId(2), PreVote(term=1, round=1, last=BEFORE_LOG))


class Stage:
    """A leader of three, at its time 0."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.leadership = Leadership(CONFIG, self.moment)
        self.leader: StandingNode = node_with_log(1, 1)
        self.leader.status.role = RoleName.LEADER
        self.leader.status.configuration = voters(1, 2, 3)
        self.leadership.started(self.leader)

    def answer(self, at: int, sender: int = 2, term: int = 1) -> None:
        self.moment.shown = at
        message = AppendEntriesResponse(term=term, round=1, match_index=0)
        self.leadership.was_answered(self.leader, MessageReceived(NodeId(sender), message))

    def fire(self, at: int) -> None:
        self.moment.shown = at
        self.leadership.is_told(self.leader, by_timer=True)
        self.leadership.was_told(self.leader)
        self.leadership.timer_fired(self.leader)

    def step_down(self, at: int, *, by_timer: bool = True, effective_index: int = 0) -> None:
        self.moment.shown = at
        self.leadership.is_told(self.leader, by_timer=by_timer)
        self.leader.status.role = RoleName.FOLLOWER
        self.leadership.ceased(self.leader, effective_index)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_leader_that_is_answered_leads_on(stage: Stage) -> None:
    for at in range(0, 1_000, 50):
        stage.answer(at)
        stage.fire(at + 10)


def test_a_leader_that_nobody_answers_must_not(stage: Stage) -> None:
    stage.answer(0)
    stage.fire(120)

    with pytest.raises(PropertyViolated, match="id1 leads on, unanswered since 1"):
        stage.fire(121)


def test_answers_to_an_earlier_term_are_none(stage: Stage) -> None:
    stage.answer(0)
    stage.answer(110, term=0)

    with pytest.raises(PropertyViolated, match=LEADS_WHILE_ANSWERED):
        stage.fire(121)


def test_who_has_just_joined_has_time_to_answer(stage: Stage) -> None:
    stage.answer(0)
    stage.leader.status.configuration = voters(1, 2, 3, 4)

    stage.fire(200)
    stage.fire(320)
    with pytest.raises(PropertyViolated, match=LEADS_WHILE_ANSWERED):
        stage.fire(321)


def test_a_leader_whose_disk_hangs_must_not_lead_on(stage: Stage) -> None:
    stage.leadership.write_issued(stage.leader)
    stage.answer(100)
    stage.fire(120)
    stage.answer(121)

    with pytest.raises(PropertyViolated, match=DISK_OR_SILENCE):
        stage.fire(121)
    stage.leadership.write_durable(stage.leader)
    stage.fire(122)


def test_followers_do_not_lead_on(stage: Stage) -> None:
    stage.leader.status.role = RoleName.FOLLOWER

    stage.answer(0)
    stage.fire(500)


@pytest.mark.parametrize("at, is_hung", [(101, False), (50, True)], ids=["unanswered", "hung"])
def test_a_leader_steps_down_for_a_reason(stage: Stage, at: int, *, is_hung: bool) -> None:
    stage.answer(0)
    stage.leader.status.disk_has_hung = is_hung

    stage.step_down(at)


def test_who_hears_nothing_while_its_disk_hangs_was_not_answered(stage: Stage) -> None:
    stage.leader.status.disk_has_hung = True
    stage.answer(90)
    stage.leader.status.disk_has_hung = False

    stage.step_down(101)


def test_it_must_not_step_down_while_it_is_answered(stage: Stage) -> None:
    stage.answer(0)

    with pytest.raises(PropertyViolated, match="id1 steps down; a quorum has just answered"):
        stage.step_down(100)


def test_nor_because_of_anything_but_its_timer(stage: Stage) -> None:
    with pytest.raises(PropertyViolated, match="id1 steps down, and is not removed"):
        stage.step_down(500, by_timer=False)


def test_a_removed_leader_goes_once_that_is_committed(stage: Stage) -> None:
    status = stage.leader.status
    status.configuration, status.commit_index = voters(2, 3), 7

    stage.step_down(1, by_timer=False, effective_index=7)
    with pytest.raises(PropertyViolated, match=LEADS_WHILE_ANSWERED):
        stage.step_down(1, by_timer=False, effective_index=8)


def test_whose_disk_hangs_takes_no_part(stage: Stage) -> None:
    stage.leadership.write_issued(stage.leader)
    stage.moment.shown = 101

    stage.leadership.is_told(stage.leader)
    with pytest.raises(PropertyViolated, match="id1, whose disk hangs, sends PreVote"):
        stage.leadership.sent(stage.leader, PRE_VOTE)
    stage.leadership.was_told(stage.leader)
    stage.leadership.sent(stage.leader, PRE_VOTE)  # it has waited for a write before


def test_a_slow_disk_does_not_hang(stage: Stage) -> None:
    stage.leadership.write_issued(stage.leader)
    stage.moment.shown = 100

    stage.leadership.is_told(stage.leader)
    stage.leadership.sent(stage.leader, PRE_VOTE)


def test_where_lives_are_not_shown_nobody_is_judged() -> None:
    leadership, node = Leadership(CONFIG, Moment()), attrs.evolve(node_with_log(1, 1))

    leadership.write_issued(node)
    leadership.write_durable(node)
    leadership.sent(node, PRE_VOTE)
    leadership.ceased(node, 0)


def test_a_new_leader_waits_for_the_first_answers(stage: Stage) -> None:
    stage.moment.shown = 50
    stage.leadership.elected(stage.leader)

    with pytest.raises(PropertyViolated, match=LEADS_WHILE_ANSWERED):
        stage.step_down(150)
    stage.step_down(151)


def test_a_leader_whose_life_is_not_shown_may_be_elected() -> None:
    stage = Stage()

    stage.leadership = Leadership(CONFIG, stage.moment)

    stage.leadership.elected(stage.leader)
