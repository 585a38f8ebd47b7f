"""Who campaigns was allowed to."""

import attrs
import pytest

from leto.raft.actions import RoleName, Send
from leto.raft.messages import Message, PreVote, PreVoteResponse, RequestVote, TimeoutNow
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.campaigns import SAYS_WHO_SENT_IT, Campaigns
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

THREE = voters(1, 2, 3)


def say(
    checker: Campaigns,
    node: StandingNode,
    to: int,
    message: Message,
    platters: dict[NodeId, Platter] | None = None,
) -> None:
    checker.sent(node, Send(NodeId(to), message), platters or {})


def asks(checker: Campaigns, node: StandingNode, number: int) -> None:
    say(checker, node, 2, PreVote(term=3, round=number, last=EntryId(0, 0)))


def grants(checker: Campaigns, voter: int, to: int, number: int, *, granted: bool = True) -> None:
    response = PreVoteResponse(term=3, round=number, vote_granted=granted)
    say(checker, StandingNode(NodeId(voter)), to, response)


@pytest.fixture
def candidate() -> StandingNode:
    node = node_with_log(1, 3)
    node.status.current_term, node.status.configuration = 4, THREE
    return node


def test_a_quorum_of_grants_of_the_latest_round_will_do(candidate: StandingNode) -> None:
    checker = Campaigns()
    asks(checker, candidate, 7)
    grants(checker, 2, 1, 7)

    checker.stood(candidate, THREE)


@pytest.mark.parametrize(
    "number, granted", [(6, True), (7, False)], ids=["an earlier round", "a refusal"]
)
def test_anything_else_is_a_violation(
    candidate: StandingNode, number: int, *, granted: bool
) -> None:
    checker = Campaigns()
    asks(checker, candidate, 7)
    grants(checker, 2, 1, number, granted=granted)

    with pytest.raises(PropertyViolated, match=r"id1 stands in term 4; \[1\] would vote"):
        checker.stood(candidate, THREE)


def test_a_leader_may_ask_for_the_campaign(candidate: StandingNode) -> None:
    checker = Campaigns()
    leader = node_with_log(2, 3)
    leader.status.configuration = THREE
    say(checker, leader, 1, TimeoutNow(term=3))

    checker.stood(candidate, THREE)


def test_who_is_not_shown_any_messages_judges_nobody(candidate: StandingNode) -> None:
    Campaigns().stood(candidate, THREE)


def test_who_is_asked_must_hold_everything() -> None:
    leader, heir = node_with_log(1, 3, 3), node_with_log(2, 3)

    with pytest.raises(PropertyViolated, match="id1 asks 2, who ends with 1@3, not 2@3"):
        say(Campaigns(), leader, 2, TimeoutNow(term=3), {heir.node_id: heir.platter})


def test_who_follows_another_one_by_now_may_hold_something_else() -> None:
    leader, heir = node_with_log(1, 3, 3), node_with_log(2, 3)
    leader.status.configuration = THREE
    heir.platter.hard_state = attrs.evolve(heir.platter.hard_state, current_term=4)

    say(Campaigns(), leader, 2, TimeoutNow(term=3), {heir.node_id: heir.platter})


def test_who_is_asked_may_lead() -> None:
    leader, heir = node_with_log(1, 3), node_with_log(2, 3)
    leader.status.configuration = voters(1, 3)

    with pytest.raises(PropertyViolated, match="id1 asks 2 to lead, who may not"):
        say(Campaigns(), leader, 2, TimeoutNow(term=3), {heir.node_id: heir.platter})


def campaigns(checker: Campaigns, node: StandingNode, *, is_transfer: bool) -> None:
    say(checker, node, 2, RequestVote(term=4, last=EntryId(3, 1), is_transfer=is_transfer))


def test_who_was_told_to_campaign_says_so(candidate: StandingNode) -> None:
    checker = Campaigns()
    checker.started(candidate)
    candidate.status.current_term = 3
    checker.is_told_to_lead(candidate)
    candidate.status.role, candidate.status.current_term = RoleName.CANDIDATE, 4

    checker.was_told_to_lead(candidate)

    campaigns(checker, candidate, is_transfer=True)
    with pytest.raises(PropertyViolated, match=SAYS_WHO_SENT_IT):
        campaigns(checker, candidate, is_transfer=False)


def test_who_was_not_does_not(candidate: StandingNode) -> None:
    checker = Campaigns()
    checker.started(candidate)

    checker.was_told_to_lead(candidate)  # and did not obey

    campaigns(checker, candidate, is_transfer=False)
    with pytest.raises(PropertyViolated, match=SAYS_WHO_SENT_IT):
        campaigns(checker, candidate, is_transfer=True)


def test_who_stands_already_is_told_nothing_by_an_order_of_an_earlier_term(
    candidate: StandingNode,
) -> None:
    checker = Campaigns()
    checker.started(candidate)
    candidate.status.role, candidate.status.current_term = RoleName.CANDIDATE, 4
    checker.is_told_to_lead(candidate)

    checker.was_told_to_lead(candidate)

    campaigns(checker, candidate, is_transfer=False)


def test_where_nobody_shows_what_a_node_is_told_it_may_say_what_it_likes(
    candidate: StandingNode,
) -> None:
    campaigns(Campaigns(), candidate, is_transfer=True)
