"""A node asks to be woken in time."""

import attrs
import pytest

from leto.raft import Config
from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration
from leto.raft.events import MessageReceived, PeerGone
from leto.raft.messages import Message, PreVote, RequestVote
from leto.raft.types import BEFORE_LOG, Micros, NodeId
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.waking import WOKEN_IN_TIME, Waking
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

CONFIG = Config(
    election_timeout_min_us=200_000, election_timeout_max_us=300_000, heartbeat_interval_us=20_000
)
THREE = voters(1, 2, 3)
ASKER = NodeId(2)


class Stage:
    """A follower of three, at its time 1,000."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.moment.shown = 1_000
        self.waking = Waking(CONFIG, self.moment)
        self.node: StandingNode = node_with_log(1, 1)
        self.node.status.configuration = THREE
        self.deadline: Micros | None = None
        self.waking.started(self.node, lambda: self.deadline)
        self.waking.timer_fired(self.node)

    def wake_in(self, us: Micros) -> None:
        self.deadline = self.moment.shown + us

    def hear(self, configuration: Configuration = THREE) -> None:
        self.node.status.heard_at = self.moment.shown
        self.waking.heard(self.node, configuration)

    def ask(self, message: Message, *, puts_off_us: Micros) -> None:
        self.waking.is_asked(self.node)
        if self.deadline is not None:
            self.deadline += puts_off_us
        self.waking.was_asked(self.node, MessageReceived(ASKER, message))


PRE_VOTE = PreVote(term=1, round=1, last=BEFORE_LOG)
REQUEST_VOTE = RequestVote(term=1, last=BEFORE_LOG)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_follower_waits_an_election_timeout(stage: Stage) -> None:
    stage.wake_in(300_000)
    stage.hear()
    stage.waking.timer_fired(stage.node)
    stage.wake_in(300_001)

    with pytest.raises(PropertyViolated, match="id1 asks to be woken 1 µs late"):
        stage.hear()
    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.waking.timer_fired(stage.node)


def test_longer_with_a_lower_priority_then_or_now(stage: Stage) -> None:
    members = [attrs.evolve(m, priority=m.node_id) for m in THREE.members]
    stage.wake_in(400_000)

    stage.hear(Configuration(tuple(members)))

    stage.wake_in(400_001)
    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.waking.timer_fired(stage.node)


def test_who_did_not_listen_is_woken_as_before(stage: Stage) -> None:
    stage.wake_in(900_000)

    stage.waking.heard(stage.node, THREE)


def test_a_promise_is_waited_for(stage: Stage) -> None:
    stage.wake_in(900_000)
    stage.node.status.promised_until = 901_000

    stage.waking.timer_fired(stage.node)


def test_a_leader_wakes_for_its_next_heartbeat(stage: Stage) -> None:
    stage.node.status.role = RoleName.LEADER
    stage.wake_in(20_000)
    stage.waking.elected(stage.node)
    stage.waking.timer_fired(stage.node)
    stage.wake_in(20_001)

    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.waking.elected(stage.node)
    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.waking.timer_fired(stage.node)


@pytest.mark.parametrize("message", [PRE_VOTE, REQUEST_VOTE], ids=["pre-vote", "vote"])
def test_who_gives_no_vote_puts_nothing_off(stage: Stage, message: Message) -> None:
    stage.wake_in(5)
    stage.ask(message, puts_off_us=0)

    with pytest.raises(PropertyViolated, match="id1 asks to be woken 7 µs late"):
        stage.ask(message, puts_off_us=7)


def test_who_has_not_been_woken_yet_wants_to_be_at_any_time(stage: Stage) -> None:
    stage.wake_in(5)

    stage.waking.started(stage.node, lambda: stage.deadline)

    stage.ask(PRE_VOTE, puts_off_us=7)


def test_who_gives_its_vote_waits_for_what_comes_of_it(stage: Stage) -> None:
    stage.wake_in(5)
    stage.node.status.voted_for = ASKER

    stage.ask(REQUEST_VOTE, puts_off_us=7)

    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.ask(PRE_VOTE, puts_off_us=7)


def test_who_enters_another_term_or_is_never_woken_is_not_judged(stage: Stage) -> None:
    stage.ask(PRE_VOTE, puts_off_us=7)
    stage.wake_in(5)
    stage.waking.is_asked(stage.node)
    stage.node.status.current_term, stage.deadline = 2, 9_999

    stage.waking.was_asked(stage.node, MessageReceived(ASKER, REQUEST_VOTE))
    stage.waking.was_asked(stage.node, MessageReceived(ASKER, REQUEST_VOTE))


@pytest.mark.parametrize("gone, turn_us", [(2, 10_000), (3, 10_000)])
def test_whose_turn_it_is_follows_a_dead_leader_soon(
    stage: Stage, gone: int, turn_us: Micros
) -> None:
    stage.node.status.leader = NodeId(gone)
    stage.wake_in(turn_us)
    stage.waking.told_of_a_death(stage.node, PeerGone(NodeId(gone)))
    stage.wake_in(turn_us + 1)

    with pytest.raises(PropertyViolated, match=WOKEN_IN_TIME):
        stage.waking.told_of_a_death(stage.node, PeerGone(NodeId(gone)))


def test_others_wait_their_turn(stage: Stage) -> None:
    members = [attrs.evolve(m, priority=m.node_id) for m in voters(1, 2, 3, 4).members]
    stage.node.status.configuration = Configuration(tuple(members))
    stage.node.status.leader = NodeId(4)

    stage.wake_in(30_000)

    stage.waking.told_of_a_death(stage.node, PeerGone(NodeId(4)))


def test_who_has_no_vote_waits_longest(stage: Stage) -> None:
    stage.node.status.configuration, stage.node.status.leader = voters(2, 3), ASKER

    stage.wake_in(20_000)

    stage.waking.told_of_a_death(stage.node, PeerGone(ASKER))


def test_the_death_of_a_follower_is_nobodys_turn(stage: Stage) -> None:
    stage.node.status.leader = NodeId(3)
    stage.wake_in(300_000)

    stage.waking.told_of_a_death(stage.node, PeerGone(ASKER))


def test_a_leader_whose_life_is_not_shown_is_not_judged(stage: Stage) -> None:
    Waking(CONFIG, stage.moment).elected(stage.node)
