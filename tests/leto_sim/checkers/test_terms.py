"""A term begins with a candidate, and a vote goes to one."""

import pytest

from leto.raft.entries import HardState
from leto.raft.types import NodeId
from leto_sim.checkers.terms import Terms
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode

ONE, TWO = StandingNode(NodeId(1)), StandingNode(NodeId(2))


def stands(checker: Terms, node: StandingNode, term: int) -> None:
    checker.write_issued(node, HardState(term, node.node_id))


def test_a_candidates_term_is_entered_and_voted_in() -> None:
    checker = Terms()
    stands(checker, ONE, 3)

    checker.write_issued(TWO, HardState(3))
    checker.write_issued(TWO, HardState(3, NodeId(1)))


def test_a_term_that_nobody_has_begun_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match="id2 enters term 3, which nobody has begun"):
        Terms().write_issued(TWO, HardState(3))


def test_a_vote_for_who_does_not_stand_is_a_violation() -> None:
    checker = Terms()
    stands(checker, ONE, 3)
    stands(checker, ONE, 4)
    stands(checker, TWO, 4)

    with pytest.raises(PropertyViolated, match="id1 votes for 2, who does not stand in term 3"):
        checker.write_issued(ONE, HardState(3, NodeId(2)))


def test_term_0_is_before_any_election() -> None:
    checker = Terms()

    checker.write_issued(ONE, HardState())

    with pytest.raises(PropertyViolated, match="id1 votes for 2, who does not stand in term 0"):
        checker.write_issued(ONE, HardState(0, NodeId(2)))
