"""From replicated to applied (§3.5, §3.6.2)."""

from typing import TYPE_CHECKING

import pytest

from leto.raft.actions import Apply, RoleName
from leto.raft.config import Config
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import Applied
from leto.raft.messages import AppendEntries, AppendEntriesResponse
from leto.raft.traces.log import EntriesApplied
from leto.raft.types import BEFORE_LOG, EntryId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


def test_a_lone_voter_commits_once_its_own_write_is_durable(make: "type[Make]") -> None:
    leader = make.leader()

    leader.propose(b"x")

    assert (1, []) == (leader.status.commit_index, leader.applies)
    leader.written()
    assert 2 == leader.status.commit_index


def test_the_leaders_log_counts_like_any_other(make: "type[Make]") -> None:
    """§10.2.1: followers may commit what the leader itself has not written yet."""
    leader = make.cluster().elect(1)
    leader.propose(b"x")
    acknowledged = AppendEntriesResponse(term=1, round=0, match_index=2)

    leader.receive(2, acknowledged)
    assert 1 == leader.status.commit_index
    leader.receive(3, acknowledged)
    assert 2 == leader.status.commit_index


def test_an_entry_is_applied_when_it_is_committed_and_durable_here(make: "type[Make]") -> None:
    follower = make.host(term=1)

    follower.receive(
        2,
        AppendEntries(
            term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1, 1), leader_commit=2
        ),
    )

    assert (2, []) == (follower.status.commit_index, follower.applies)
    follower.written()
    assert [Apply(make.entries(1, 1))] == follower.applies


def test_an_entry_of_an_earlier_term_is_not_committed_by_counting(make: "type[Make]") -> None:
    """Figure 3.7: it could still be overwritten by a leader that lacks it."""
    s1 = make.host(1, voters=[1, 2, 3, 4, 5], log=make.entries(1, 2), term=3)
    s2 = make.host(2, voters=[1, 2, 3, 4, 5], log=make.entries(1), term=3)
    s3 = make.host(3, voters=[1, 2, 3, 4, 5], log=make.entries(1), term=3)
    cluster = type(make.cluster())([s1, s2, s3])
    s1.tick()
    while s1.role is not RoleName.LEADER:
        s1.work()
        s2.work_all()
        s3.work_all()
        cluster.deliver()
    assert 4 == s1.term

    s1.written()  # (c): the entry of term 2 is on a majority, its own entry is not
    for follower in (2, 3):
        s1.receive(follower, AppendEntriesResponse(term=4, round=0, match_index=2))
    assert 0 == s1.status.commit_index

    for follower in (2, 3):  # (e): its own entry is on a majority, and all before it with it
        s1.receive(follower, AppendEntriesResponse(term=4, round=0, match_index=3))
    assert 3 == s1.status.commit_index


def test_an_even_cluster_needs_more_than_half(make: "type[Make]") -> None:
    leader = make.cluster(1, 2, 3, 4).elect(1)
    leader.propose(b"x")
    leader.written()

    for follower, commit_index in ((2, 1), (3, 2)):
        leader.receive(follower, AppendEntriesResponse(term=1, round=0, match_index=2))

        assert commit_index == leader.status.commit_index


def test_learners_do_not_count(make: "type[Make]") -> None:
    configuration = make.configuration(1, 2, learner=[3])
    leader = make.cluster(1, 2, 3, configuration=configuration).elect(1)
    leader.propose(b"x")
    leader.written()

    leader.receive(3, AppendEntriesResponse(term=1, round=0, match_index=2))

    assert 1 == leader.status.commit_index


def test_entries_are_applied_a_piece_at_a_time(make: "type[Make]") -> None:
    leader = make.leader(config=Config(apply_bytes_max=200))
    leader.propose(bytes(30), bytes(30), bytes(30), bytes(500))
    leader.written()

    pieces: list[int] = []
    while leader.applies:
        pieces.append(len(leader.applies[0].entries))
        leader.apply()

    assert [2, 1, 1] == pieces
    assert leader.status.last_applied == leader.status.commit_index == 5


def test_applied_is_what_was_ordered(make: "type[Make]") -> None:
    leader = make.leader()
    with pytest.raises(EventOutOfOrder, match="applied 1, but nothing was ordered"):
        leader.handle(Applied(1))
    with pytest.raises(EventOutOfOrder, match="applied 0, but nothing was ordered"):
        leader.handle(Applied(0))

    leader.propose(b"x", b"y")
    leader.written()
    with pytest.raises(EventOutOfOrder, match="applied 2, but 3 was ordered"):
        leader.handle(Applied(2))

    assert 1 == leader.status.last_applied
    leader.apply()
    assert 3 == leader.status.last_applied


def test_proposals_are_answered_in_the_order_of_the_log(make: "type[Make]") -> None:
    leader = make.leader(config=Config(apply_bytes_max=1))
    requests = [leader.propose(b"x"), leader.propose(b"y"), leader.propose(b"z")]

    leader.work_all()

    assert requests == list(leader.answers)


def test_commit_index_never_falls_for_a_leader(make: "type[Make]") -> None:
    cluster = make.cluster()
    leader = cluster.elect(1)
    before = leader.status.commit_index

    leader.receive(2, AppendEntriesResponse(term=1, round=0, match_index=0))

    assert (before, EntryId(1, 1)) == (leader.status.commit_index, leader.status.last_log)


def test_what_is_applied_is_traced_where_somebody_listens(make: "type[Make]") -> None:
    host = make.host(voters=[1], traced=True)

    host.work_all()

    assert EntriesApplied(1) == host.records[-1]
