"""Each checker is told what it needs, when it happens."""

import pytest

from leto.raft.actions import Answer, RoleName, Send, Unknown, Write
from leto.raft.entries import Entry, HardState, SnapshotMark
from leto.raft.events import ReadRequested
from leto.raft.messages import ReadIndex, RequestVoteResponse
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.panel import Panel
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, node_with_log, voters


def started(panel: Panel, *nodes: StandingNode) -> None:
    for node in nodes:
        node.status.configuration = voters(1, 2, 3)
        node.platter.snapshot = SnapshotMark(configuration=voters(1, 2, 3))
        panel.node_started(node)


def test_a_commit_is_looked_up_on_the_disks() -> None:
    panel, leader, follower = Panel(), node_with_log(1, 1), node_with_log(2)
    started(panel, leader, follower)
    leader.status.commit_index = 1

    with pytest.raises(PropertyViolated, match="committed on a durable quorum"):
        panel.handled(leader)


def test_a_commit_on_a_quorum_is_counted() -> None:
    panel, leader, follower = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    started(panel, leader, follower)
    leader.status.commit_index = 1

    panel.handled(leader)

    assert 1 == panel.commits


def test_a_lost_disk_still_counts_for_what_it_acknowledged() -> None:
    panel, leader, follower = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    started(panel, leader, follower)
    panel.disk_lost(follower.node_id)
    leader.status.commit_index = 1

    panel.handled(leader)

    assert 1 == panel.commits


def test_an_election_is_counted_once() -> None:
    panel, leader = Panel(), node_with_log(1, 1)
    started(panel, leader)
    leader.status.role = RoleName.LEADER

    panel.handled(leader)
    panel.handled(leader)

    assert 1 == panel.elections


def test_a_second_leader_of_the_term_is_seen() -> None:
    panel, first, second = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    started(panel, first, second)
    for node in (first, second):
        node.status.role = RoleName.LEADER
    panel.handled(first)

    with pytest.raises(PropertyViolated, match="election safety"):
        panel.handled(second)


def test_a_leader_that_truncates_is_seen_whatever_else_it_does() -> None:
    panel, leader = Panel(), node_with_log(1, 1, 1)
    started(panel, leader)
    leader.status.role = RoleName.LEADER
    panel.handled(leader)
    panel.write_issued(leader, Write(seq=1, truncate_from=2))

    with pytest.raises(PropertyViolated, match="leader append-only"):
        panel.handled(leader)


def test_a_configuration_counts_as_of_before_an_event_and_after_it() -> None:
    panel, leader, follower = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    started(panel, leader, follower)
    leader.status.commit_index = 1
    leader.status.configuration = voters(1, 2, 3, 4)  # promoted in the event that committed
    promotion = Entry(EntryId(1, 2), leader.status.configuration)
    panel.write_issued(leader, Write(seq=1, entries=(promotion,)))

    panel.handled(leader)

    assert 1 == panel.commits


def test_writes_are_compared_when_they_become_durable() -> None:
    panel, one, other = Panel(), node_with_log(1), node_with_log(2)
    started(panel, one, other)
    panel.write_durable(one, Write(seq=1, hard_state=HardState(1), entries=(entry(1, 1, b"a"),)))

    with pytest.raises(PropertyViolated, match="log matching"):
        panel.write_durable(other, Write(seq=1, entries=(entry(1, 1, b"b"),)))


def test_votes_and_attestations_are_checked_when_they_leave() -> None:
    panel, node = Panel(), node_with_log(1)
    started(panel, node)

    with pytest.raises(PropertyViolated, match="one vote a term"):
        panel.sent(node, Send(NodeId(2), RequestVoteResponse(term=1, vote_granted=True)))
    with pytest.raises(PropertyViolated, match="only what is durable is attested"):
        panel.sent(node, Send(NodeId(2), ReadIndex(term=1, read=1)))


def test_requests_end_with_an_answer_or_with_the_node() -> None:
    panel, node = Panel(), node_with_log(1)
    started(panel, node)
    panel.requested(node, ReadRequested(1))
    panel.requested(node, ReadRequested(2))

    panel.answered(node, Answer(1, Unknown()))
    panel.node_ended(node)

    assert [] == panel.requests.open_requests


def test_contents_and_applications_are_compared() -> None:
    panel, node = Panel(), node_with_log(1)
    started(panel, node)
    panel.has_content(node, 1, b"a")

    with pytest.raises(PropertyViolated, match="state machine safety"):
        panel.restored(node, 1, b"b")
    with pytest.raises(PropertyViolated, match="which is not committed"):
        panel.applied(node, [entry(1, 1)])
