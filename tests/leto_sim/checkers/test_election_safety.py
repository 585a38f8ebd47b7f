"""At most one leader a term."""

import pytest

from leto.raft.types import NodeId
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, forcing


def leader(node_id: int, term: int) -> StandingNode:
    node = StandingNode(NodeId(node_id))
    node.status.current_term = term
    return node


def test_each_term_may_have_a_leader() -> None:
    checker = ElectionSafety()

    checker.elected(leader(1, term=1))
    checker.elected(leader(2, term=2))

    assert {1: 1, 2: 2} == checker.leaders
    assert 2 == checker.last_term


def test_a_second_leader_of_a_term_is_a_violation() -> None:
    checker = ElectionSafety()
    checker.elected(leader(1, term=1))

    with pytest.raises(PropertyViolated, match="election safety: id2 leads term 1 as the second"):
        checker.elected(leader(2, term=1))


def test_leading_a_term_again_after_a_restart_is_a_violation() -> None:
    checker = ElectionSafety()
    checker.elected(leader(1, term=1))

    with pytest.raises(PropertyViolated, match="id1 leads term 1 again"):
        checker.elected(leader(1, term=1))


def test_terms_that_only_the_lost_nodes_knew_are_led_anew() -> None:
    checker = ElectionSafety()
    for term in (1, 2, 3):
        checker.elected(leader(1, term=term))

    checker.forced(forcing(term=2))
    checker.elected(leader(2, term=2))

    assert {1: 1, 2: 2} == checker.leaders
    assert 2 == checker.last_term
