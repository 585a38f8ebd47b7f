"""A leader never truncates its own log."""

import pytest

from leto.raft.actions import RoleName, Write
from leto_sim.checkers.leader_append_only import LeaderAppendOnly
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode

TRUNCATION = Write(seq=1, truncate_from=3)


def node_in(role: RoleName, term: int) -> StandingNode:
    node = StandingNode()
    node.status.role, node.status.current_term = role, term
    return node


def test_a_leader_that_truncates_is_a_violation() -> None:
    checker, leader = LeaderAppendOnly(), node_in(RoleName.LEADER, term=2)
    checker.handled(leader)
    checker.write_issued(leader, TRUNCATION)

    with pytest.raises(PropertyViolated, match="the leader of term 2 truncates its log from 3"):
        checker.handled(leader)


def test_a_leader_that_appends_does_nothing_wrong() -> None:
    checker, leader = LeaderAppendOnly(), node_in(RoleName.LEADER, term=2)
    checker.handled(leader)

    checker.write_issued(leader, Write(seq=1))
    checker.handled(leader)


def test_a_follower_may_truncate() -> None:
    checker, follower = LeaderAppendOnly(), node_in(RoleName.FOLLOWER, term=2)
    checker.handled(follower)

    checker.write_issued(follower, TRUNCATION)
    checker.handled(follower)


def test_who_stops_leading_and_truncates_in_one_event_does_nothing_wrong() -> None:
    checker, node = LeaderAppendOnly(), node_in(RoleName.LEADER, term=2)
    checker.handled(node)
    node.status.role, node.status.current_term = RoleName.FOLLOWER, 3

    checker.write_issued(node, TRUNCATION)
    checker.handled(node)


def test_a_new_life_leads_nothing() -> None:
    checker, node = LeaderAppendOnly(), node_in(RoleName.LEADER, term=2)
    checker.handled(node)
    checker.started(node)

    checker.write_issued(node, TRUNCATION)
    checker.handled(node)
