"""An operator's forced configuration: when one may be forced, and what it may cost."""

from collections.abc import Callable

import attrs
import pytest

from leto.raft import Config
from leto.raft.actions import Answer, Refusal, Refused, RoleName
from leto.raft.configuration import ChangeRole, Configuration, MemberRole
from leto.raft.entries import HardState
from leto.raft.events import ConfigurationForced, MessageReceived, PeerGone
from leto.raft.messages import AppendEntries
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.checkers.electorates import Electorates
from leto_sim.checkers.forcings import Forcing, Forcings
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.patience import Patience
from leto_sim.clock import Clock
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

PATIENCE_US = 1_000
FORCED = attrs.evolve(voters(1, 2), is_forced=True)
NODE, OTHER = NodeId(1), NodeId(2)


class Desk:
    """Node 1 has asked in vain for long enough, stands as it is told to, and node 2 votes for it."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.now = 0
        self.electorates = Electorates()
        self.patience = Patience(Config(), self.moment)
        self.forcings = Forcings(self.electorates, self.patience, PATIENCE_US)
        self.node = node_with_log(1, 3, 3)
        self.other = node_with_log(2, 3)
        self.patience.started(self.node)
        self.forcings.started(self.node, Clock(0), lambda: self.now)
        self.forcings.role_changed(self.node, RoleName.PRE_CANDIDATE)
        self.order(1, 2)
        self.now = PATIENCE_US
        self.node.status.current_term = 4
        self.vote(self.node)
        self.vote(self.other)

    def vote(self, voter: StandingNode, *, term: int = 4, candidate: NodeId = NODE) -> None:
        self.electorates.became_durable(voter, HardState(term, candidate))

    def order(self, *survivors: int, request_id: int = 1) -> None:
        event = ConfigurationForced(request_id, tuple(map(NodeId, survivors)))
        self.forcings.requested(self.node, event)

    def force(self, configuration: Configuration = FORCED, term: int = 4) -> Forcing | None:
        platters = {node.node_id: node.platter for node in (self.node, self.other)}
        return self.forcings.force(self.node, EntryId(term, 3), configuration, 1, platters)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_node_in_despair_does_as_it_is_told(desk: Desk) -> None:
    forcing = desk.force()

    expected = Forcing(at_us=PATIENCE_US, entry=EntryId(4, 3), configuration=FORCED, agreed=1)
    assert expected == forcing
    assert [forcing] == desk.forcings.all


def test_what_is_beyond_the_agreement_is_void_and_later_terms_are_new(desk: Desk) -> None:
    forcing = desk.force()
    assert forcing is not None

    assert [False, True] == [forcing.is_void(index) for index in (1, 2)]
    assert [False, True] == [forcing.is_new(term) for term in (3, 4)]


def test_to_stand_too_soon_is_a_violation(desk: Desk) -> None:
    desk.now -= 1

    with pytest.raises(PropertyViolated, match=r"id1 forces .* in despair for 999 µs only"):
        desk.forcings.stood_as_ordered(desk.node)


def test_to_ask_again_does_not_begin_anew(desk: Desk) -> None:
    desk.forcings.role_changed(desk.node, RoleName.PRE_CANDIDATE)

    desk.forcings.stood_as_ordered(desk.node)


def test_who_was_refused_may_stand_again_at_once(desk: Desk) -> None:
    desk.forcings.stood_as_ordered(desk.node)
    desk.forcings.role_changed(desk.node, RoleName.FOLLOWER)

    desk.forcings.stood_as_ordered(desk.node)


def hear_a_leader(desk: Desk) -> None:
    desk.forcings.role_changed(desk.node, RoleName.FOLLOWER)


def stand_as_others_do(desk: Desk) -> None:
    desk.forcings.stood(desk.node)


def lead(desk: Desk) -> None:
    desk.forcings.role_changed(desk.node, RoleName.LEADER)


def start_again(desk: Desk) -> None:
    desk.forcings.started(desk.node, Clock(0), lambda: desk.now)


@pytest.mark.parametrize("what", [hear_a_leader, stand_as_others_do, lead, start_again])
def test_despair_begins_anew_with(desk: Desk, what: Callable[[Desk], None]) -> None:
    what(desk)
    desk.forcings.role_changed(desk.node, RoleName.PRE_CANDIDATE)
    desk.now += 5

    with pytest.raises(PropertyViolated, match="in despair for 5 µs only"):
        desk.forcings.stood_as_ordered(desk.node)


def test_who_asks_nobody_has_not_heard_from_its_leader_for_as_long(desk: Desk) -> None:
    hear_a_leader(desk)
    desk.moment.shown = PATIENCE_US - 1

    with pytest.raises(PropertyViolated, match="in despair for 999 µs only"):
        desk.forcings.stood_as_ordered(desk.node)

    desk.moment.shown += 1
    desk.forcings.stood_as_ordered(desk.node)


def test_who_knows_its_leader_to_be_dead_may_stand(desk: Desk) -> None:
    hear_a_leader(desk)
    message = AppendEntries(
        term=desk.node.status.current_term, round=1, prev=BEFORE_LOG, entries=(), leader_commit=0
    )
    desk.patience.heard(
        desk.node, MessageReceived(NodeId(2), message), desk.node.status.configuration
    )
    desk.patience.told_of_a_death(desk.node, PeerGone(NodeId(2)))

    desk.forcings.stood_as_ordered(desk.node)


def test_another_order_that_is_refused_meanwhile_changes_nothing(desk: Desk) -> None:
    desk.order(1, request_id=2)
    desk.forcings.answered(desk.node, Answer(2, Refused(Refusal.QUORUM_ALIVE)))
    assert desk.forcings.has_order(desk.node)

    assert desk.force() is not None
    assert not desk.forcings.has_order(desk.node)


def test_of_two_orders_the_one_that_is_carried_out_is_done_with(desk: Desk) -> None:
    desk.order(1, request_id=2)

    assert desk.force() is not None

    assert desk.forcings.has_order(desk.node)
    desk.forcings.answered(desk.node, Answer(2, Refused(Refusal.QUORUM_ALIVE)))
    assert not desk.forcings.has_order(desk.node)


def test_an_order_waits_until_it_is_answered(desk: Desk) -> None:
    before = desk.forcings.has_order(desk.node)
    desk.forcings.answered(desk.node, Answer(9, Refused(Refusal.SURVIVOR_SILENT)))
    between = desk.forcings.has_order(desk.node)
    desk.forcings.answered(desk.node, Answer(1, Refused(Refusal.SURVIVOR_SILENT)))

    assert [True, True, False] == [before, between, desk.forcings.has_order(desk.node)]


def test_to_force_what_was_refused_is_a_violation(desk: Desk) -> None:
    desk.forcings.answered(desk.node, Answer(1, Refused(Refusal.SURVIVOR_SILENT)))

    with pytest.raises(PropertyViolated, match=r"goes on with \[1, 2\], not \[\]"):
        desk.force()


def test_an_order_is_carried_out_once(desk: Desk) -> None:
    desk.force()

    assert not desk.forcings.has_order(desk.node)


@pytest.mark.parametrize("survivors", [(), (1, 2, 3), (1,)])
def test_to_go_on_with_others_than_ordered_is_a_violation(
    desk: Desk, survivors: tuple[int, ...]
) -> None:
    desk.order(*survivors)

    with pytest.raises(PropertyViolated, match=r"goes on with \[1, 2\], not"):
        desk.force()


def test_to_go_on_without_oneself_is_a_violation(desk: Desk) -> None:
    desk.order(2)

    with pytest.raises(PropertyViolated, match=r"goes on with \[2\]"):
        desk.force(attrs.evolve(voters(2), is_forced=True))


def test_a_learner_among_the_survivors_is_a_violation(desk: Desk) -> None:
    desk.order(1)

    with pytest.raises(PropertyViolated, match=r"as 3@4|as EntryId"):
        desk.force(FORCED.with_change(ChangeRole(OTHER, MemberRole.LEARNER)))


def test_an_entry_of_an_earlier_term_is_a_violation(desk: Desk) -> None:
    with pytest.raises(PropertyViolated, match="forces a configuration: appends"):
        desk.force(term=3)


@pytest.mark.parametrize("term, candidate", [(3, 1), (4, 2)])
def test_a_survivor_that_has_not_voted_for_it_in_that_term_is_a_violation(
    desk: Desk, term: int, candidate: int
) -> None:
    third = StandingNode(NodeId(3))
    desk.vote(third, term=term, candidate=NodeId(candidate))
    desk.order(1, 2, 3)

    with pytest.raises(PropertyViolated, match="3 has not voted for it in term 4"):
        desk.force(attrs.evolve(voters(1, 2, 3), is_forced=True))


def test_its_own_vote_must_be_durable_too(desk: Desk) -> None:
    desk.electorates = desk.forcings._electorates = Electorates()
    desk.vote(desk.other)

    with pytest.raises(PropertyViolated, match="1 has not voted for it in term 4"):
        desk.force()


def test_a_survivor_with_a_longer_log_is_a_violation(desk: Desk) -> None:
    desk.other.platter.log = node_with_log(2, 3, 3, 3).platter.log

    with pytest.raises(PropertyViolated, match="2 holds 3@3, beyond 2@3"):
        desk.force()


def test_a_survivor_that_has_gone_on_to_a_later_term_may_hold_more(desk: Desk) -> None:
    desk.other.platter.log = node_with_log(2, 3, 3, 3).platter.log
    desk.other.platter.hard_state = HardState(5, None)

    assert desk.force() is not None


def test_whoever_forces_in_an_earlier_term_than_another_one_begins_nothing(desk: Desk) -> None:
    begun = desk.forcings.force(desk.other, EntryId(5, 3), FORCED, 1, {})

    assert desk.force() is None
    assert [begun] == desk.forcings.all


def test_where_no_clocks_are_shown_nobody_is_judged() -> None:
    forcings = Forcings(Electorates(), Patience(Config(), Moment()), PATIENCE_US)
    node: StandingNode = node_with_log(1)
    forcings.role_changed(node, RoleName.PRE_CANDIDATE)
    forcings.stood_as_ordered(node)

    forcing = forcings.force(node, EntryId(1, 1), FORCED, 0, {})

    assert [forcing] == forcings.all
