"""Configurations follow each other one at a time."""

import attrs
import pytest

from leto.raft.actions import RoleName, Write
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.change_order import check_changes, check_joint_is_left
from leto_sim.checkers.ledger import Ledger
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log, voters

CHANGE = voters(1, 2)


def change(term: int, index: int, configuration: Configuration = CHANGE) -> Entry:
    return Entry(EntryId(term, index), configuration)


@pytest.fixture
def leader() -> StandingNode:
    """Has committed the first of its two entries."""
    node = node_with_log(1, 3, 3)
    node.status.role, node.status.commit_index = RoleName.LEADER, 1
    return node


@pytest.fixture
def ledger(leader: StandingNode) -> Ledger:
    ledger = Ledger()
    ledger.commit_advanced(leader)
    return ledger


def test_a_change_may_follow_what_is_committed(leader: StandingNode, ledger: Ledger) -> None:
    check_changes(leader, Write(seq=1, entries=(change(3, 3),)), ledger)


def test_a_change_behind_one_that_is_not_committed_is_a_violation(
    leader: StandingNode, ledger: Ledger
) -> None:
    leader.memory.entries.append(change(3, 3))

    with pytest.raises(PropertyViolated, match="appends the change 4@3 while 3@3 is not"):
        check_changes(leader, Write(seq=1, entries=(change(3, 4),)), ledger)


def test_two_changes_at_once_are_a_violation(leader: StandingNode, ledger: Ledger) -> None:
    write = Write(seq=1, entries=(change(3, 3), change(3, 4)))

    with pytest.raises(PropertyViolated, match="appends the change 4@3 while 3@3 is not"):
        check_changes(leader, write, ledger)


def test_a_change_before_the_own_term_is_committed_is_a_violation(
    leader: StandingNode, ledger: Ledger
) -> None:
    leader.status.current_term = 4

    with pytest.raises(PropertyViolated, match="with nothing of its term committed after 1@3"):
        check_changes(leader, Write(seq=1, entries=(change(4, 3),)), ledger)


def test_a_forced_change_is_the_operators(leader: StandingNode, ledger: Ledger) -> None:
    leader.memory.entries.append(change(3, 3))
    forced = change(3, 4, attrs.evolve(CHANGE, is_forced=True))

    check_changes(leader, Write(seq=1, entries=(forced,)), ledger)


def test_a_followers_copies_are_not_judged(leader: StandingNode, ledger: Ledger) -> None:
    leader.memory.entries.append(change(3, 3))
    leader.status.role = RoleName.FOLLOWER

    check_changes(leader, Write(seq=1, entries=(change(3, 4),)), ledger)


JOINT = attrs.evolve(voters(1), outgoing=voters(1, 2, 3).members)


@pytest.mark.parametrize(
    "is_ready, target, commit_index",
    [(False, None, 2), (True, NodeId(2), 2), (True, None, 1)],
    ids=["not ready", "hands over", "not committed"],
)
def test_a_joint_configuration_stays_while_it_must(
    leader: StandingNode, target: NodeId | None, commit_index: int, *, is_ready: bool
) -> None:
    status = leader.status
    status.configuration, status.commit_index = JOINT, commit_index
    status.is_ready, status.transfer_target = is_ready, target

    check_joint_is_left(leader, effective_index=2)


def test_a_joint_configuration_that_stays_longer_is_a_violation(leader: StandingNode) -> None:
    leader.status.configuration, leader.status.is_ready = JOINT, True

    with pytest.raises(PropertyViolated, match="id1 leads on by the joint configuration at 1"):
        check_joint_is_left(leader, effective_index=1)


def test_any_other_configuration_stays(leader: StandingNode) -> None:
    leader.status.configuration, leader.status.is_ready = CHANGE, True

    check_joint_is_left(leader, effective_index=1)


def test_a_configuration_without_anybody_to_lead_is_a_violation(
    leader: StandingNode, ledger: Ledger
) -> None:
    members = tuple(attrs.evolve(member, priority=0) for member in CHANGE.members)

    with pytest.raises(PropertyViolated, match="id1 appends 3@3, and nobody may lead"):
        check_changes(leader, Write(seq=1, entries=(change(3, 3, Configuration(members)),)), ledger)
