"""A change of the configuration is what somebody asked for."""

from collections.abc import Iterable

import attrs
import pytest

from leto.raft.actions import RoleName, Write
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.entries import Entry
from leto.raft.events import ChangeRequested
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.changes import ONLY_WHAT_WAS_ASKED, Changes
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

BEFORE = voters(1, 2, 3)
TWO = NodeId(2)
CHANGES: tuple[ConfigurationChange, ...] = (
    AddMember(Member(node_id=NodeId(4), name="id4", address="id4:1", role=MemberRole.JOINING)),
    RemoveMember(TWO),
    ChangeRole(TWO, MemberRole.LEARNER),
    ChangePriority(TWO, 5),
    ChangeAddress(TWO, "elsewhere:1"),
    ChangeLease(1_000),
)


@pytest.fixture
def leader() -> StandingNode:
    node = node_with_log(1, 3)
    node.status.role = RoleName.LEADER
    return node


@pytest.fixture
def checker(leader: StandingNode) -> Changes:
    checker = Changes()
    checker.started(leader)
    return checker


def appended(configuration: Configuration, term: int = 3) -> Write:
    return Write(seq=1, entries=(Entry(EntryId(term, 2), configuration),))


def with_role(configuration: Configuration, node_id: int, role: MemberRole) -> Configuration:
    return configuration.with_change(ChangeRole(NodeId(node_id), role))


@pytest.mark.parametrize("changes", [*((change,) for change in CHANGES), (CHANGES[0], CHANGES[4])])
def test_what_was_asked_for_may_be_appended(
    checker: Changes, leader: StandingNode, changes: tuple[ConfigurationChange, ...]
) -> None:
    checker.asked(leader, ChangeRequested(1, changes))

    checker.write_issued(leader, appended(BEFORE.changed(changes)), BEFORE)


def wrong(
    changes: Iterable[ConfigurationChange],
) -> list[tuple[ConfigurationChange, Configuration]]:
    """Each change, and a configuration that does not show it."""
    return [(change, BEFORE) for change in changes]


@pytest.mark.parametrize(
    "asked, made",
    [*wrong(CHANGES), (CHANGES[3], BEFORE.with_change(CHANGES[4])), (CHANGES[5], voters(1, 3))],
)
def test_anything_else_is_a_violation(
    checker: Changes, leader: StandingNode, asked: ConfigurationChange, made: Configuration
) -> None:
    checker.asked(leader, ChangeRequested(1, (asked,)))

    with pytest.raises(PropertyViolated, match="id1 appends with 2@3") as caught:
        checker.write_issued(leader, appended(made), BEFORE)

    assert ONLY_WHAT_WAS_ASKED == caught.value.property_name


def test_a_joint_configuration_is_left_as_it_is(checker: Changes, leader: StandingNode) -> None:
    joint = voters(1, 2, 3, outgoing=(1, 4))
    checker.asked(leader, ChangeRequested(1, (CHANGES[4],)))  # in vain: it is joint

    checker.write_issued(leader, appended(BEFORE), joint)
    with pytest.raises(PropertyViolated, match="elsewhere:1"):
        checker.write_issued(leader, appended(BEFORE.with_change(CHANGES[4])), joint)


def test_unasked_one_that_has_joined_is_promoted(checker: Changes, leader: StandingNode) -> None:
    joining = with_role(with_role(BEFORE, 2, MemberRole.JOINING), 3, MemberRole.JOINING)
    promoted = with_role(joining, 3, MemberRole.VOTER)
    checker.asked(leader, ChangeRequested(1, CHANGES))
    checker.considered(leader)

    checker.write_issued(leader, appended(promoted), joining)
    with pytest.raises(PropertyViolated, match="id3"):
        checker.write_issued(leader, appended(BEFORE), joining)


def test_a_learner_is_not_promoted_unasked(checker: Changes, leader: StandingNode) -> None:
    with pytest.raises(PropertyViolated, match="id2"):
        checker.write_issued(leader, appended(BEFORE), with_role(BEFORE, 2, MemberRole.LEARNER))


def test_what_is_forced_or_copied_is_not_judged(checker: Changes, leader: StandingNode) -> None:
    checker.write_issued(leader, appended(attrs.evolve(voters(1), is_forced=True)), BEFORE)
    checker.write_issued(leader, appended(voters(1), term=2), BEFORE)
    leader.status.role = RoleName.FOLLOWER
    checker.write_issued(leader, appended(voters(1)), BEFORE)


def test_who_is_not_shown_closely_is_not_judged(leader: StandingNode) -> None:
    Changes().write_issued(leader, appended(voters(1)), BEFORE)
