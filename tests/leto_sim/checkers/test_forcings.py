"""An operator's forced configuration: when one may be forced, and what it may cost."""

from collections.abc import Callable

import attrs
import pytest

from leto.raft.actions import RoleName, Send
from leto.raft.configuration import ChangeRole, Configuration, MemberRole
from leto.raft.entries import Entry
from leto.raft.events import ConfigurationForced
from leto.raft.messages import PreVote, PreVoteResponse
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.checkers.campaigns import Campaigns
from leto_sim.checkers.forcings import Forcing, Forcings
from leto_sim.clock import Clock
from leto_sim.platter import LogImage
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, log_of, node_with_log, voters

PATIENCE_US = 1_000
FORCED = attrs.evolve(voters(1, 2), is_forced=True)
NODE, OTHER = NodeId(1), NodeId(2)


class Desk:
    """Node 1 has asked in vain for long enough, node 2 would follow it, and it is told to."""

    def __init__(self) -> None:
        self.now = 0
        self.campaigns = Campaigns()
        self.forcings = Forcings(self.campaigns, PATIENCE_US)
        self.node = node_with_log(1, 3, 3)
        self.other = node_with_log(2, 3)
        self.forcings.started(self.node, Clock(0), lambda: self.now)
        self.forcings.role_changed(self.node, RoleName.PRE_CANDIDATE)
        self.ask_for_votes(1)
        self.order(1, 2)
        self.now = PATIENCE_US
        self.node.status.current_term = 4

    def ask_for_votes(self, number: int, *, granted: bool = True) -> None:
        request = PreVote(term=3, round=number, last=BEFORE_LOG)
        self.campaigns.sent(self.node, Send(OTHER, request), {})
        if granted:
            response = PreVoteResponse(term=3, round=number, vote_granted=True)
            self.campaigns.sent(self.other, Send(NODE, response), {})

    def order(self, *survivors: int) -> None:
        event = ConfigurationForced(1, tuple(map(NodeId, survivors)))
        self.forcings.requested(self.node, event)

    def force(self, configuration: Configuration = FORCED, term: int = 4) -> Forcing | None:
        platters = {node.node_id: node.platter for node in (self.node, self.other)}
        return self.forcings.force(self.node, EntryId(term, 3), configuration, 1, platters)

    def is_forestalled(self, configuration: Configuration = FORCED) -> Forcing | None:
        """The other one, which is judged by nobody here, has forced this, and has gone on."""
        log = [*log_of(3, 3).entries, Entry(EntryId(4, 3), configuration), entry(4, 4)]
        self.other.platter.log = LogImage(entries=log)
        return self.forcings.force(self.other, EntryId(4, 3), configuration, 1, {})


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


def test_to_force_too_soon_is_a_violation(desk: Desk) -> None:
    desk.now -= 1

    with pytest.raises(PropertyViolated, match=r"id1 forces .* in vain for 999 µs only"):
        desk.force()


def test_to_ask_again_does_not_begin_anew(desk: Desk) -> None:
    desk.forcings.role_changed(desk.node, RoleName.PRE_CANDIDATE)

    assert desk.force() is not None


def hear_a_leader(desk: Desk) -> None:
    desk.forcings.role_changed(desk.node, RoleName.FOLLOWER)


def start_again(desk: Desk) -> None:
    desk.forcings.started(desk.node, Clock(0), lambda: desk.now)


@pytest.mark.parametrize("what", [hear_a_leader, start_again])
def test_to_force_without_despair_is_a_violation(desk: Desk, what: Callable[[Desk], None]) -> None:
    what(desk)

    with pytest.raises(PropertyViolated, match="has asked nobody for a vote"):
        desk.force()


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


def test_a_survivor_that_has_granted_nothing_lately_is_a_violation(desk: Desk) -> None:
    desk.ask_for_votes(2, granted=False)
    assert desk.forcings.is_followed(desk.node, OTHER)
    desk.ask_for_votes(3, granted=False)

    with pytest.raises(PropertyViolated, match="2 has not granted it a pre-vote lately"):
        desk.force()


def test_a_survivor_with_a_longer_log_is_a_violation(desk: Desk) -> None:
    desk.other.platter.log = node_with_log(2, 3, 3, 3).platter.log

    with pytest.raises(PropertyViolated, match="2 holds 3@3, beyond 2@3"):
        desk.force()


def test_whoever_forces_what_another_survivor_has_forced_begins_nothing(desk: Desk) -> None:
    begun = desk.is_forestalled()

    assert desk.force() is None
    assert [begun] == desk.forcings.all


def test_to_force_something_else_than_another_survivor_is_a_violation(desk: Desk) -> None:
    desk.is_forestalled(attrs.evolve(voters(1, 2, 3), is_forced=True))

    with pytest.raises(PropertyViolated, match="2 holds 4@4, beyond 2@3"):
        desk.force()


def test_a_survivor_that_does_not_hold_what_another_one_has_forced_is_judged(desk: Desk) -> None:
    desk.is_forestalled()
    desk.other.platter.log = log_of(3, 3, 3)

    with pytest.raises(PropertyViolated, match="2 holds 3@3, beyond 2@3"):
        desk.force()


def test_where_no_clocks_are_shown_nobody_is_judged() -> None:
    forcings = Forcings(Campaigns(), PATIENCE_US)
    node: StandingNode = node_with_log(1)
    forcings.role_changed(node, RoleName.PRE_CANDIDATE)

    forcing = forcings.force(node, EntryId(1, 1), FORCED, 0, {})

    assert [forcing] == forcings.all
