"""A message says no more than what is durable."""

import pytest

from leto.raft.actions import Send, Write
from leto.raft.entries import HardState
from leto.raft.messages import (
    AppendEntriesResponse,
    InstallSnapshotResponse,
    Message,
    PreVote,
    ReadIndex,
    RequestVote,
)
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.attestations import Attestations
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, node_with_log


def node_in_term_2() -> StandingNode:
    """Its disk holds two entries of term 1, in term 2."""
    node = node_with_log(1, 1, 1)
    node.platter.hard_state = HardState(2)
    return node


def to_peer(message: Message) -> Send:
    return Send(NodeId(2), message)


@pytest.mark.parametrize(
    "message",
    [
        AppendEntriesResponse(term=2, round=1, match_index=2),
        InstallSnapshotResponse(term=2, transfer=1, next_offset=0, match_index=2),
        RequestVote(term=2, last=EntryId(1, 2)),
        PreVote(term=2, round=1, last=EntryId(1, 2)),
        ReadIndex(term=2, read=1),
    ],
)
def test_what_is_durable_may_be_said(message: Message) -> None:
    Attestations().sent(node_in_term_2(), to_peer(message))


@pytest.mark.parametrize(
    "message,complaint",
    [
        (ReadIndex(term=3, read=1), "speaks in term 3; 2 is durable"),
        (AppendEntriesResponse(term=2, round=1, match_index=3), "acknowledges 3; 2@1 is durable"),
        (
            InstallSnapshotResponse(term=2, transfer=1, next_offset=0, match_index=3),
            "acknowledges 3",
        ),
        (RequestVote(term=2, last=EntryId(1, 3)), "advertises 3@1; 2@1 is durable"),
        (PreVote(term=2, round=1, last=EntryId(2, 2)), "advertises 2@2"),
    ],
)
def test_what_is_not_durable_is_a_violation(message: Message, complaint: str) -> None:
    with pytest.raises(PropertyViolated, match=complaint):
        Attestations().sent(node_in_term_2(), to_peer(message))


def test_a_message_of_an_earlier_term_was_overtaken_by_the_disk() -> None:
    message = AppendEntriesResponse(term=1, round=1, match_index=9)

    Attestations().sent(node_in_term_2(), to_peer(message))


def test_what_a_leader_has_truncated_since_was_durable_once() -> None:
    checker, node = Attestations(), node_in_term_2()
    checker.write_durable(node, Write(seq=1, truncate_from=2))
    node.platter.log.perform(Write(seq=1, truncate_from=2))

    checker.sent(node, to_peer(PreVote(term=2, round=1, last=EntryId(1, 2))))

    with pytest.raises(PropertyViolated, match="advertises 3@1"):
        checker.sent(node, to_peer(PreVote(term=2, round=1, last=EntryId(1, 3))))


def test_a_write_that_truncates_nothing_leaves_nothing_to_remember() -> None:
    checker, node = Attestations(), node_in_term_2()
    checker.write_durable(node, Write(seq=1))

    with pytest.raises(PropertyViolated, match="advertises 3@1"):
        checker.sent(node, to_peer(PreVote(term=2, round=1, last=EntryId(1, 3))))
