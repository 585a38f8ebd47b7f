"""What was acknowledged is not forgotten."""

import pytest

from leto.raft.actions import Send, Write
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.messages import AppendEntriesResponse
from leto.raft.types import NodeId
from leto_sim.checkers.acknowledgements import NEVER_FORGETS, Acknowledgements
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, log_of, node_with_log, voters


def acknowledging(match_index: int) -> tuple[Acknowledgements, StandingNode]:
    """A node of term 2 that has acknowledged so much of its three entries."""
    checker, node = Acknowledgements(), node_with_log(1, 1, 1, 2)
    node.platter.hard_state = HardState(2)
    message = AppendEntriesResponse(term=2, round=1, match_index=match_index)
    checker.sent(node, Send(NodeId(2), message))
    return checker, node


def test_a_truncation_within_the_term_forgets() -> None:
    checker, node = acknowledging(2)

    checker.write_durable(node, Write(seq=1, truncate_from=3))
    with pytest.raises(PropertyViolated, match=NEVER_FORGETS):
        checker.write_durable(node, Write(seq=2, truncate_from=2))


def test_a_leader_of_a_later_term_may_take_it_away() -> None:
    checker, node = acknowledging(2)

    checker.write_durable(node, Write(seq=1, hard_state=HardState(3), truncate_from=1))
    node.platter.hard_state = HardState(3)
    node.platter.log = log_of()

    checker.started(node)


def test_what_a_snapshot_replaces_is_not_lost() -> None:
    checker, node = acknowledging(2)
    mark = SnapshotMark(configuration=voters(1))

    checker.write_durable(node, Write(seq=1, truncate_from=1, snapshot=mark))

    checker.write_durable(node, Write(seq=2))


@pytest.mark.parametrize("term,log", [(2, (1,)), (1, (1, 1, 2))])
def test_a_disk_that_holds_less_has_forgotten(term: int, log: tuple[int, ...]) -> None:
    checker, node = acknowledging(2)
    checker.started(node)
    node.platter.hard_state, node.platter.log = HardState(term), log_of(*log)

    with pytest.raises(PropertyViolated, match=NEVER_FORGETS):
        checker.started(node)


def test_the_most_that_was_said_counts() -> None:
    checker, node = acknowledging(3)
    for match_index in (0, 1):
        message = AppendEntriesResponse(term=2, round=1, match_index=match_index)
        checker.sent(node, Send(NodeId(2), message))

    with pytest.raises(PropertyViolated, match="acknowledged 3 in term 2"):
        checker.write_durable(node, Write(seq=2, truncate_from=3))
