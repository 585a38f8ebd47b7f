"""Who answers by a lease leads alone."""

import pytest

from leto.raft.actions import Answer, Committed, Outcome, Readable
from leto.raft.events import ReadPolicy
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.leases import check_lease
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode

BY_LEASE = Readable(5, ReadPolicy.LEASE, 1_000)


def elected(*terms: int) -> ElectionSafety:
    elections = ElectionSafety()
    for term in terms:
        node = StandingNode(NodeId(term))
        node.status.current_term = term
        elections.elected(node)
    return elections


def leader(term: int) -> StandingNode:
    node = StandingNode(NodeId(term))
    node.status.current_term = term
    return node


def test_the_last_leader_may_answer_by_its_lease() -> None:
    check_lease(leader(2), Answer(1, BY_LEASE), elected(1, 2))


def test_an_earlier_one_may_not() -> None:
    with pytest.raises(PropertyViolated, match="lease of term 1; somebody leads term 2"):
        check_lease(leader(1), Answer(1, BY_LEASE), elected(1, 2))


@pytest.mark.parametrize("outcome", [Readable(5), Committed(EntryId(1, 1))])
def test_other_answers_rest_on_no_lease(outcome: Outcome) -> None:
    check_lease(leader(1), Answer(1, outcome), elected(1, 2))
