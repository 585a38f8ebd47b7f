"""What fits a configuration, what cannot be, and what it shows."""

import pytest

from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    MemberRole,
    RemoveMember,
)
from leto.raft.types import NodeId
from leto_sim.node_level.changes import fitting, impossible_changes, may_lead, shows
from leto_sim.node_level.cluster import Host, member
from leto_sim.node_level.faults import Impossible, Reshape
from tests.support.sims import cluster_of

HOSTS = sorted(cluster_of(3).hosts, key=lambda host: host.node_id)
ONE, TWO, THREE = IDS = tuple(host.node_id for host in HOSTS)
FIRST, *_ = NAMES = tuple(host.name for host in HOSTS)
ALL_VOTE = Configuration([member(host.node_id, host.name) for host in HOSTS])
ONE_VOTES = Configuration(
    [
        member(node_id, name, MemberRole.VOTER if node_id == ONE else MemberRole.LEARNER)
        for node_id, name in zip(IDS, NAMES, strict=True)
    ]
)
STRANGER = NodeId(99)


def fits(fault: Reshape, configuration: Configuration = ALL_VOTE) -> list[ConfigurationChange]:
    return fitting(fault, dict(enumerate(HOSTS)).get, configuration, address_of)


def address_of(host: Host) -> str:
    return f"elsewhere:{host.name}"


def test_members_go_in_the_order_in_which_they_are_named() -> None:
    changes = fits(Reshape(0, 0, leaving=(2, 0), demoted=(), priorities=()))

    assert [RemoveMember(THREE), RemoveMember(ONE)] == changes


def test_the_last_voter_stays_one() -> None:
    leaving = fits(Reshape(0, 0, leaving=(0, 1, 2), demoted=(), priorities=()))
    demoted = fits(Reshape(0, 0, leaving=(), demoted=(0,), priorities=()), ONE_VOTES)

    assert [RemoveMember(ONE), RemoveMember(TWO)] == leaving
    assert [] == demoted


def test_a_voter_becomes_a_learner_and_a_learner_a_voter() -> None:
    fault = Reshape(0, 0, leaving=(), demoted=(1,), priorities=())

    assert [ChangeRole(TWO, MemberRole.LEARNER)] == fits(fault)
    assert [ChangeRole(TWO, MemberRole.VOTER)] == fits(fault, ONE_VOTES)


def test_nobody_is_changed_twice() -> None:
    changes = fits(Reshape(0, 0, leaving=(0,), demoted=(0,), priorities=((0, 2), (1, 2), (1, 3))))

    assert [RemoveMember(ONE), ChangePriority(TWO, 2)] == changes


def test_somebody_who_may_lead_is_left() -> None:
    changes = fits(Reshape(0, 0, (), (), priorities=((0, 0), (1, 0), (2, 0))))

    assert [ChangePriority(ONE, 0), ChangePriority(TWO, 0)] == changes


def test_who_leaves_does_not_move_and_nobody_moves_twice() -> None:
    changes = fits(Reshape(0, 0, leaving=(0,), demoted=(), priorities=(), moving=(0, 1, 1)))

    assert [RemoveMember(ONE), ChangeAddress(TWO, address_of(HOSTS[1]))] == changes


def test_who_is_no_member_is_not_changed() -> None:
    two_members = Configuration(ALL_VOTE.members[:2])

    changes = fits(Reshape(0, 0, (2, 9), (2, 9), ((2, 2), (9, 2)), moving=(2, 9)), two_members)

    assert [] == changes


@pytest.mark.parametrize(
    "impossible,expected",
    [
        (Impossible.NO_VOTERS, tuple(RemoveMember(node_id) for node_id in IDS)),
        (Impossible.NOBODY_TO_LEAD, tuple(ChangePriority(node_id, 0) for node_id in IDS)),
        (Impossible.NAME_TAKEN, (AddMember(member(NodeId(0), FIRST)),)),
        (Impossible.NO_SUCH_MEMBER, (RemoveMember(NodeId(0)),)),
        (Impossible.ADDRESS_TAKEN, (ChangeAddress(THREE, ALL_VOTE.members[0].address),)),
    ],
)
def test_what_cannot_be(impossible: Impossible, expected: tuple[ConfigurationChange, ...]) -> None:
    assert expected == impossible_changes(ALL_VOTE, impossible)


def test_a_voter_with_a_priority_may_lead_if_it_is_left() -> None:
    assert may_lead(ONE_VOTES, lambda voter: voter == ONE)
    assert not may_lead(ONE_VOTES, lambda voter: voter != ONE)


@pytest.mark.parametrize(
    "change,is_shown",
    [
        (AddMember(member(ONE, FIRST)), True),
        (AddMember(member(STRANGER, "id9")), False),
        (RemoveMember(ONE), False),
        (RemoveMember(STRANGER), True),
        (ChangeRole(TWO, MemberRole.LEARNER), True),
        (ChangeRole(TWO, MemberRole.VOTER), False),
        (ChangeRole(STRANGER, MemberRole.LEARNER), False),
        (ChangePriority(ONE, 1), True),
        (ChangePriority(ONE, 2), False),
        (ChangePriority(STRANGER, 1), False),
        (ChangeAddress(ONE, member(ONE, FIRST).address), True),
        (ChangeAddress(ONE, "elsewhere"), False),
        (ChangeAddress(STRANGER, "elsewhere"), False),
        (ChangeLease(0), True),
        (ChangeLease(1), False),
    ],
)
def test_a_configuration_shows_what_has_been_done(
    change: ConfigurationChange, *, is_shown: bool
) -> None:
    assert is_shown == shows(ONE_VOTES, change)
