"""Each checker is told what it needs, when it happens."""

import pytest

from leto.raft.actions import Answer, RoleName, Send, Unknown, Write
from leto.raft.entries import Entry, HardState, SnapshotMark
from leto.raft.events import (
    ConfigurationForced,
    DiskRoomChanged,
    MessageReceived,
    PeerGone,
    ReadRequested,
    TimerFired,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Conflict,
    InstallSnapshot,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.checkers.forcings import FORCED_IN_DESPAIR
from leto_sim.checkers.panel import Panel
from leto_sim.clock import Clock
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, node_with_log, voters


def started(panel: Panel, *nodes: StandingNode) -> None:
    for node in nodes:
        node.status.configuration = voters(1, 2, 3)
        node.platter.snapshot = SnapshotMark(configuration=voters(1, 2, 3))
        node.status.was_admitted = True
        panel.node_started(node)


def elect(panel: Panel, leader: StandingNode) -> None:
    """Two of three disks hold a vote for it."""
    for voter in (leader, node_with_log(3)):
        vote = HardState(leader.status.current_term, leader.node_id)
        panel.write_durable(voter, Write(seq=1, hard_state=vote))
    leader.status.role = RoleName.LEADER


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
    elect(panel, leader)

    panel.handled(leader)
    panel.handled(leader)

    assert 1 == panel.elections


def test_a_second_leader_of_the_term_is_seen() -> None:
    panel, first, second = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    started(panel, first, second)
    elect(panel, first)
    second.status.role = RoleName.LEADER
    panel.handled(first)

    with pytest.raises(PropertyViolated, match="election safety"):
        panel.handled(second)


def test_a_leader_that_truncates_is_seen_whatever_else_it_does() -> None:
    panel, leader = Panel(), node_with_log(1, 1, 1)
    started(panel, leader)
    elect(panel, leader)
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


def test_a_leader_that_nobody_has_voted_for_is_seen() -> None:
    panel, leader = Panel(), node_with_log(1, 1)
    started(panel, leader)
    leader.status.role = RoleName.LEADER

    with pytest.raises(PropertyViolated, match="who leads was elected by a quorum"):
        panel.handled(leader)


def hear(panel: Panel, node: StandingNode, message: Message) -> bool:
    return panel.before[type(message)](node, MessageReceived(NodeId(2), message), 0)


def test_voters_are_judged_by_what_they_heard() -> None:
    panel, voter = Panel(), node_with_log(1, 1)
    started(panel, voter)
    panel.shown_closely(voter, lambda: None)

    assert hear(panel, voter, PreVote(term=1, round=5, last=EntryId(1, 1)))
    with pytest.raises(PropertyViolated, match="a vote is refused for a reason"):
        panel.sent(voter, Send(NodeId(2), PreVoteResponse(term=1, round=5, vote_granted=False)))
    with pytest.raises(PropertyViolated, match="is answered: id1 answers neither"):
        panel.considered(voter)


def test_leaders_of_earlier_terms_and_no_others_are_waited_for() -> None:
    panel, node = Panel(), node_with_log(1, 1)
    node.platter.hard_state, node.status.current_term = HardState(2), 2
    started(panel, node)
    panel.shown_closely(node, lambda: None)
    mark = SnapshotMark(configuration=voters(1), size_bytes=1)

    heard = [
        hear(panel, node, message)
        for message in (
            AppendEntries(
                term=1, prev=BEFORE_LOG, entries=(), leader_commit=0, round=1, lease_us=5
            ),
            AppendEntries(term=2, prev=BEFORE_LOG, entries=(), leader_commit=0, round=1),
            InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=b"x"),
            TimeoutNow(term=2),
        )
    ]

    assert [True, False, True, False] == heard


def test_who_is_shown_what_a_node_makes_of_what_it_is_told() -> None:
    panel, node = Panel(), node_with_log(1, 1)
    started(panel, node)
    panel.shown_closely(node, lambda: None)
    node.status.role, panel.moment.shown = RoleName.LEADER, 5_000_000
    conflict = Conflict(EntryId(1, 1), EntryId(1, 1))
    answer = AppendEntriesResponse(term=1, round=1, match_index=0, conflict=conflict)

    panel.after[AppendEntriesResponse](node, MessageReceived(NodeId(2), answer))
    panel.before[DiskRoomChanged](node, DiskRoomChanged(has_room=False), 0)
    panel.after[PeerGone](node, PeerGone(NodeId(2)))
    panel.before[TimerFired](node, TimerFired(), 0)
    panel.after[TimerFired](node, TimerFired())

    with pytest.raises(PropertyViolated, match="commands are taken where there is room"):
        panel.write_issued(node, Write(seq=1, entries=(entry(1, 2),)))


def test_who_stands_by_an_operator_s_word_needs_patience_whatever_leave_is_on_its_way() -> None:
    panel, node, voter = Panel(), node_with_log(1, 1), node_with_log(2, 1)
    for each in (node, voter):
        each.platter.hard_state = HardState(1)
    started(panel, node, voter)
    panel.forcings.started(node, Clock(0), int)
    node.status.role = RoleName.PRE_CANDIDATE
    panel.handled(node)
    panel.sent(node, Send(voter.node_id, PreVote(term=1, round=1, last=EntryId(1, 1))))
    panel.sent(voter, Send(node.node_id, PreVoteResponse(term=1, round=1, vote_granted=True)))
    order = ConfigurationForced(1, (node.node_id, voter.node_id))
    panel.before[ConfigurationForced](node, order, 0)
    node.status.role, node.status.current_term = RoleName.CANDIDATE, 2

    with pytest.raises(PropertyViolated, match=FORCED_IN_DESPAIR):
        panel.handled(node)


def test_who_forgets_that_it_was_a_member_is_seen() -> None:
    panel, node = Panel(), StandingNode()
    started(panel, node)
    panel.write_durable(node, Write(seq=1, hard_state=HardState(was_admitted=True)))
    elsewhere = SnapshotMark(last_included=EntryId(1, 9), configuration=voters(2, 3))

    with pytest.raises(PropertyViolated, match="id1 forgets by write 2"):
        panel.write_durable(node, Write(seq=2, truncate_from=1, snapshot=elsewhere))


def test_so_is_who_starts_without_knowing_it() -> None:
    panel, node = Panel(), StandingNode()
    started(panel, node)
    node.status.was_admitted = False

    with pytest.raises(PropertyViolated, match="does not know that it was a member"):
        panel.node_started(node)


def test_and_whose_term_takes_it_back() -> None:
    panel, node = Panel(), StandingNode()
    node.platter.hard_state = HardState(was_admitted=True)

    with pytest.raises(PropertyViolated, match="id1 forgets by write 2"):
        panel.write_durable(node, Write(seq=2, hard_state=HardState(1)))
