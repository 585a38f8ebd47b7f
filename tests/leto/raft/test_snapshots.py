"""Snapshots: taking, naming, compacting and restoring them (chapter 5)."""

import zlib
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import (
    Compact,
    Refusal,
    Refused,
    SnapshotDone,
    TakeSnapshot,
    Unknown,
)
from leto.raft.config import Config
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotRestored, SnapshotTaken
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.transfers import (
    KEEP_NOTHING,
    chunk,
    heartbeat,
    six_bytes,
    with_one_behind,
)

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Make


@pytest.fixture
def cluster() -> "Cluster":
    return with_one_behind()


@pytest.fixture
def mark() -> SnapshotMark:
    return six_bytes()


def test_snapshot_counts_only_once_the_write_that_names_it_is_durable(make: "type[Make]") -> None:
    leader = make.leader(config=KEEP_NOTHING)
    leader.propose(b"one", b"two")
    leader.work_all()

    request = leader.request_snapshot()
    leader.take(b"content")

    (write,) = leader.writes
    assert write.snapshot == SnapshotMark(
        last_included=EntryId(1, 3),
        configuration=make.configuration(1),
        size_bytes=7,
        checksum=zlib.crc32(b"content"),
        before_log=EntryId(1, 3),
    )
    assert BEFORE_LOG == leader.snapshot.last_included
    assert [] == leader.compactions
    assert request not in leader.answers
    leader.written()
    assert write.snapshot == leader.snapshot
    assert SnapshotDone(EntryId(1, 3)) == leader.answers[request]
    assert [Compact(EntryId(1, 3), EntryId(1, 3))] == leader.compactions
    assert 4 == leader.status.first_index


def test_trailing_entries_stay_for_slow_followers(make: "type[Make]") -> None:
    leader = make.leader(config=Config(trailing_entries=2))
    leader.propose(b"1", b"2", b"3", b"4")
    leader.work_all()

    leader.request_snapshot()
    leader.work_all()

    assert [Compact(EntryId(1, 3), EntryId(1, 5))] == leader.compactions
    assert (4, EntryId(1, 5)) == (leader.status.first_index, leader.status.last_log)


@pytest.mark.parametrize(
    "config",
    [
        Config(snapshot_after_entries=4, trailing_entries=0),
        Config(snapshot_after_bytes=4 * 65, trailing_entries=0),
    ],
    ids=["entries", "bytes"],
)
def test_snapshot_is_taken_when_the_log_has_outgrown_the_policy(
    make: "type[Make]", config: Config
) -> None:
    leader = make.leader(config=config)

    leader.propose(b"1", b"2")
    leader.work_all()
    assert [] == leader.compactions
    leader.propose(b"3", b"4")
    leader.work_all()

    assert [5] == [order.last_included.index for order in leader.compactions]


def test_a_log_smaller_than_its_snapshot_is_not_due(make: "type[Make]") -> None:
    leader = make.leader(config=Config(snapshot_after_bytes=1))
    leader.propose(b"1")
    leader.written()
    leader.apply()
    leader.take(bytes(1000))
    leader.work_all()
    taken = leader.snapshot

    leader.propose(b"2")
    leader.work_all()

    assert taken == leader.snapshot
    assert [] == leader.takes


def test_so_many_entries_are_due_whatever_the_last_snapshot_weighs(make: "type[Make]") -> None:
    leader = make.leader(config=Config(snapshot_after_entries=3))
    leader.propose(b"1", b"2")
    leader.written()
    leader.apply()
    leader.take(bytes(1000))
    leader.work_all()
    taken = leader.snapshot.last_included.index

    leader.propose(b"3", b"4")
    leader.work_all()
    assert taken == leader.snapshot.last_included.index
    leader.propose(b"5")
    leader.work_all()

    assert taken + 3 == leader.snapshot.last_included.index


def test_all_who_ask_while_a_snapshot_is_taken_share_it(make: "type[Make]") -> None:
    leader = make.leader()
    leader.propose(b"x")
    leader.work_all()

    first, second = leader.request_snapshot(), leader.request_snapshot()

    assert [TakeSnapshot(EntryId(1, 2))] == leader.takes
    leader.work_all()
    done = SnapshotDone(EntryId(1, 2))
    assert (done, done) == (leader.answers[first], leader.answers[second])


def test_the_last_snapshot_will_do_if_nothing_was_applied_since(make: "type[Make]") -> None:
    leader = make.leader()
    leader.request_snapshot()
    leader.work_all()

    again = leader.request_snapshot()

    assert SnapshotDone(EntryId(1, 1)) == leader.answers[again]
    assert [] == leader.takes


def test_a_node_that_has_applied_nothing_has_nothing_to_snapshot(make: "type[Make]") -> None:
    blank = make.host(blank=True)

    request = blank.request_snapshot()

    assert {request: Refused(Refusal.NOTHING_APPLIED)} == blank.answers


def test_a_newcomer_takes_no_snapshot_before_it_knows_who_belongs_to_the_cluster(
    make: "type[Make]",
) -> None:
    newcomer = make.host(blank=True, config=attrs.evolve(KEEP_NOTHING, snapshot_after_entries=1))

    def hears(*log: Entry) -> None:
        message = AppendEntries(
            term=1, round=0, prev=EntryId(1, log[0].id.index - 1), entries=log, leader_commit=3
        )
        newcomer.receive(2, attrs.evolve(message, prev=BEFORE_LOG) if len(log) > 1 else message)
        newcomer.work_all()

    hears(*make.entries(1, 1))
    unknown = newcomer.request_snapshot()
    hears(make.entry(3, 1, make.configuration(1, 2)))
    known = newcomer.request_snapshot()

    assert Refused(Refusal.CONFIGURATION_UNKNOWN, NodeId(2)) == newcomer.answers[unknown]
    assert SnapshotDone(EntryId(1, 3)) == newcomer.answers[known]


def test_a_request_is_refused_while_a_snapshot_is_being_named(make: "type[Make]") -> None:
    leader = make.leader()
    leader.request_snapshot()
    leader.take(b"")

    request = leader.request_snapshot()

    assert Refused(Refusal.SNAPSHOT_PENDING, NodeId(1)) == leader.answers[request]


def test_a_snapshot_that_was_not_ordered_is_the_callers_mistake(make: "type[Make]") -> None:
    leader = make.leader()
    taken = SnapshotTaken(last_included=EntryId(1, 1), size_bytes=0, checksum=0)

    with pytest.raises(EventOutOfOrder, match="1@1 was not ordered"):
        leader.handle(taken)

    leader.request_snapshot()
    with pytest.raises(EventOutOfOrder, match="0@0 was not ordered"):
        leader.handle(attrs.evolve(taken, last_included=EntryId(0, 0)))
    assert [] == leader.writes


def test_the_configuration_is_the_one_as_of_the_snapshot(make: "type[Make]") -> None:
    log = (*make.entries(1), make.entry(2, 1, make.configuration(1, 2)))
    host = make.host(voters=[1], log=log)
    host.receive(2, AppendEntries(term=1, round=0, prev=EntryId(1, 1), entries=(), leader_commit=1))
    host.work_all()

    host.request_snapshot()
    host.work_all()

    assert make.configuration(1) == host.snapshot.configuration
    assert make.configuration(1, 2) == host.status.configuration


def test_a_leaders_snapshot_overtakes_the_nodes_own(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1, log=make.entries(1))
    follower.receive(
        2, AppendEntries(term=1, round=0, prev=EntryId(1, 1), entries=(), leader_commit=1)
    )
    follower.apply()
    request = follower.request_snapshot()
    follower.receive(2, chunk(mark, 0, b"abcdef"))
    follower.written()
    assert SnapshotDone(EntryId(1, 5)) == follower.answers[request]

    follower.take()

    assert [] == follower.writes
    assert EntryId(1, 5) == follower.snapshot.last_included


def test_a_blank_nodes_own_snapshot_that_is_overtaken_is_refused(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(blank=True)
    follower.receive(
        2,
        AppendEntries(
            term=1,
            round=0,
            prev=BEFORE_LOG,
            entries=(make.entry(1, 1, make.configuration(1, 2)),),
            leader_commit=1,
        ),
    )
    follower.written()
    follower.apply()
    request = follower.request_snapshot()
    follower.receive(2, chunk(mark, 0, b"abcdef"))

    follower.take(b"")

    assert Refused(Refusal.SNAPSHOT_PENDING, NodeId(2)) == follower.answers[request]


# --- restoring -----------------------------------------------------------------------


def test_a_restore_that_was_not_ordered_is_the_callers_mistake(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    host = make.host()
    with pytest.raises(EventOutOfOrder, match="5@1 was not to be restored"):
        host.handle(SnapshotRestored(mark.last_included))

    restored = make.host(term=1, snapshot=attrs.evolve(mark, before_log=mark.last_included))
    with pytest.raises(EventOutOfOrder, match="4@1 was not to be restored"):
        restored.handle(SnapshotRestored(EntryId(1, 4)))
    restored.handle(SnapshotRestored(mark.last_included))
    assert 5 == restored.status.last_applied


def test_a_second_snapshot_is_restored_after_the_first(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    later = attrs.evolve(mark, last_included=EntryId(1, 9))
    for snapshot in (mark, later):
        follower.receive(2, chunk(snapshot, 0, b"abcdef"))
        follower.written()

    assert [5] == [order.snapshot.last_included.index for order in follower.restores]
    follower.restore()
    assert [9] == [order.snapshot.last_included.index for order in follower.restores]
    follower.restore()
    assert 9 == follower.status.last_applied


def test_nothing_is_compacted_that_is_still_being_restored(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    later = attrs.evolve(mark, last_included=EntryId(1, 9))

    for snapshot in (mark, later):
        follower.receive(2, chunk(snapshot, 0, b"abcdef"))
        follower.written()

    assert [EntryId(1, 5)] == [order.snapshot.last_included for order in follower.restores]
    assert [] == [order for order in follower.compactions if order.last_included.index == 9]
    follower.restore()
    follower.restore()
    assert Compact(EntryId(1, 9), EntryId(1, 9)) == follower.compactions[-1]


def test_committed_proposals_that_a_snapshot_overtakes_are_unknown(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    """Their entries are committed, but what came of them is known only where they were applied."""
    cluster = make.cluster()
    leader = cluster.elect(1)
    leader.disk_is_stuck = True
    cluster.settle()
    leader.disk_is_stuck = False
    leader.propose(b"applied")
    leader.propose(b"overtaken")
    leader.outbox.clear()
    for follower in (2, 3):
        leader.receive(follower, AppendEntriesResponse(term=1, round=0, match_index=3))
    assert (3, 1) == (leader.status.commit_index, leader.status.last_applied)
    leader.receive(2, heartbeat(term=2))
    assert {} == leader.answers

    leader.receive(2, chunk(attrs.evolve(mark, last_included=EntryId(2, 5)), 0, b"abcdef", term=2))
    leader.work_all()

    assert {1: Unknown(NodeId(2)), 2: Unknown(NodeId(2))} == leader.answers


def test_a_restart_restores_the_snapshot_first(cluster: "Cluster") -> None:
    restarted = cluster[1].restarted()

    assert [EntryId(1, 3)] == [order.snapshot.last_included for order in restarted.restores]
    assert (3, 0) == (restarted.status.commit_index, restarted.status.last_applied)


def test_who_was_removed_keeps_the_log_that_says_so(make: "type[Make]") -> None:
    """Else it would take its removal for an admission that was lost, after a restart."""
    follower = make.host(term=1, config=Config(snapshot_after_entries=1))
    removal = Entry(EntryId(1, 1), make.configuration(2, 3))
    follower.receive(
        2,
        AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(removal,), leader_commit=1),
    )
    follower.work_all()

    request = follower.request_snapshot()

    assert Refused(Refusal.NOT_A_MEMBER, NodeId(2)) == follower.answers[request]
    assert BEFORE_LOG == follower.snapshot.last_included
    assert follower.restarted().status.was_admitted


def test_who_learns_of_its_removal_by_a_snapshot_knows_that_it_was_a_member(
    make: "type[Make]",
) -> None:
    """Else it takes its removal for an admission that was lost, and asks for another one."""
    follower = make.host(term=1)
    configuration = make.configuration(2, 3)
    mark = attrs.evolve(six_bytes(), last_included=EntryId(1, 9), configuration=configuration)

    follower.receive(2, chunk(mark, 0, b"abcdef", term=1))
    follower.work_all()

    assert mark.last_included == follower.snapshot.last_included
    assert follower.restarted().status.was_admitted


def test_what_a_member_was_outlives_terms_and_votes(make: "type[Make]") -> None:
    follower = make.host(term=1)
    configuration = make.configuration(2, 3)
    mark = attrs.evolve(six_bytes(), last_included=EntryId(1, 9), configuration=configuration)
    follower.receive(2, chunk(mark, 0, b"abcdef", term=1))
    follower.work_all()

    follower.receive(2, heartbeat(term=4))
    follower.work_all()

    assert (4, True) == (follower.term, follower.restarted().status.was_admitted)
