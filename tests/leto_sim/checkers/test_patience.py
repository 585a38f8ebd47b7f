"""Who hears from its leader does not campaign."""

import attrs
import pytest

from leto.raft import Config
from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, MemberRole
from leto.raft.events import MessageReceived, PeerGone
from leto.raft.messages import AppendEntries
from leto.raft.types import BEFORE_LOG, NodeId
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.patience import MAY_LEAD, PATIENT, Patience, may_lead
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, voters

CONFIG = Config(election_timeout_min_us=100, election_timeout_max_us=200, heartbeat_interval_us=20)
THREE = voters(1, 2, 3)


def with_priorities(*priorities: int) -> Configuration:
    members = zip(THREE.members, priorities, strict=True)
    return Configuration(tuple(attrs.evolve(m, priority=priority) for m, priority in members))


def without_vote(node_id: int) -> Configuration:
    return Configuration(
        tuple(
            attrs.evolve(m, role=MemberRole.LEARNER) if m.node_id == node_id else m
            for m in THREE.members
        )
    )


class Stage:
    """A follower of the configuration, which starts at its time 0."""

    def __init__(self, configuration: Configuration = THREE) -> None:
        self.moment = Moment()
        self.patience = Patience(CONFIG, self.moment)
        self.node = StandingNode()
        self.node.status.configuration, self.node.status.current_term = configuration, 3
        self.patience.started(self.node)

    def hear(self, at: int, term: int = 3) -> None:
        self.moment.shown = at
        message = AppendEntries(term=term, round=1, prev=BEFORE_LOG, entries=(), leader_commit=0)
        event = MessageReceived(NodeId(2), message)
        self.patience.heard(self.node, event, self.node.status.configuration)

    def ask(self, at: int, role: RoleName = RoleName.PRE_CANDIDATE) -> None:
        self.moment.shown = at
        follows, self.node.status.role = self.node.status.role, role
        self.patience.asked(self.node, [self.node.status.configuration])
        self.node.status.role = follows


def test_who_has_waited_may_campaign() -> None:
    stage = Stage()
    stage.hear(50)

    stage.ask(150)
    with pytest.raises(PropertyViolated, match="id1 sounds the others out after 99 µs"):
        stage.ask(149)


def test_a_question_may_leave_late_when_a_leader_was_heard_since() -> None:
    stage = Stage()
    stage.hear(50)

    stage.ask(51, RoleName.FOLLOWER)


def test_who_has_just_started_waits_too() -> None:
    with pytest.raises(PropertyViolated, match=PATIENT):
        Stage().ask(99)


def test_who_is_alone_need_not() -> None:
    Stage(voters(1)).ask(0)


def test_each_priority_above_ones_own_is_worth_half_a_range() -> None:
    stage = Stage(with_priorities(1, 2, 3))

    stage.ask(200)
    with pytest.raises(PropertyViolated, match=PATIENT):
        stage.ask(199)


def test_strangers_wait_like_anybody() -> None:
    stage = Stage(voters(2, 3))

    with pytest.raises(PropertyViolated, match=PATIENT):
        stage.ask(99)


@pytest.mark.parametrize("role, term", [(RoleName.FOLLOWER, 2), (RoleName.CANDIDATE, 3)])
def test_others_words_put_nothing_off(role: RoleName, term: int) -> None:
    stage = Stage()
    stage.node.status.role = role

    stage.hear(50, term)

    stage.ask(100)


def test_what_is_said_while_the_disk_hangs_is_not_heard() -> None:
    stage = Stage()
    stage.node.status.disk_has_hung = True

    stage.hear(50)

    stage.ask(100)


def test_nobody_waits_for_the_dead() -> None:
    stage = Stage()
    stage.hear(50)

    stage.patience.told_of_a_death(stage.node, PeerGone(NodeId(2)))

    stage.ask(60)


def test_the_death_of_a_follower_is_no_reason_to_campaign() -> None:
    stage = Stage()
    stage.hear(50)

    stage.patience.told_of_a_death(stage.node, PeerGone(NodeId(3)))

    with pytest.raises(PropertyViolated, match=PATIENT):
        stage.ask(60)


def test_who_has_given_its_vote_waits_for_what_comes_of_it() -> None:
    stage = Stage()
    stage.moment.shown = 100

    stage.patience.voted(stage.node)

    with pytest.raises(PropertyViolated, match=PATIENT):
        stage.ask(199)
    stage.ask(200)


def test_a_leaders_silence_is_by_the_nodes_own_clock() -> None:
    stage = Stage()
    stage.hear(50)
    stage.moment.shown = 60

    silence_us = stage.patience.silence_us(stage.node)

    assert 10 == silence_us


def test_who_knows_its_leader_to_be_dead_waits_for_nobody() -> None:
    stage = Stage()
    stage.hear(50)

    stage.patience.told_of_a_death(stage.node, PeerGone(NodeId(2)))

    assert None is stage.patience.silence_us(stage.node)


def test_who_may_not_lead_does_not_ask() -> None:
    with pytest.raises(PropertyViolated, match=MAY_LEAD):
        Stage(with_priorities(0, 1, 1)).ask(500)


def test_the_last_configuration_that_gives_a_vote_counts() -> None:
    leaving = attrs.evolve(voters(2, 3), outgoing=THREE.members)

    assert may_lead([THREE, without_vote(1)], NodeId(1))
    assert may_lead([leaving], NodeId(1))
    assert not may_lead([THREE, with_priorities(0, 1, 1)], NodeId(1))
    assert not may_lead([voters(2, 3), without_vote(1)], NodeId(1))


def test_where_lives_are_not_shown_nobody_is_judged() -> None:
    Patience(CONFIG, Moment()).asked(StandingNode(), [])
