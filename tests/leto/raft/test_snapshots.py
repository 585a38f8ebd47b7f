"""Snapshots: taking, naming, sending and installing them (chapter 5)."""

import zlib
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import (
    Compact,
    ReadSnapshotChunk,
    Refusal,
    Refused,
    RestoreSnapshot,
    RoleName,
    SnapshotDone,
    TakeSnapshot,
    Unknown,
)
from leto.raft.config import Config
from leto.raft.entries import SnapshotMark, SnapshotPart
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotChunkRead, SnapshotRestored, SnapshotTaken
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
)
from leto.raft.progress import Mode, Transfer
from leto.raft.roles import Leader
from leto.raft.snapshots import HEARTBEATS_BEFORE_RESENDING
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Host

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Make

KEEP_NOTHING = Config(trailing_entries=0, snapshot_chunk_bytes=4)


def heartbeat(term: int = 1) -> AppendEntries:
    return AppendEntries(term=term, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)


# --- taking --------------------------------------------------------------------------


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


# --- sending -------------------------------------------------------------------------


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """The first of three leads, and has compacted what the third has not heard."""
    cluster = make.cluster(config=KEEP_NOTHING)
    leader = cluster.elect(1)
    cluster.cut_off = {3}
    leader.propose(b"abcdef", b"ghi")
    cluster.settle()
    leader.request_snapshot()
    cluster.settle()
    leader.propose(b"j")
    cluster.settle()
    cluster.cut_off = set()
    return cluster


def test_a_follower_that_is_too_far_behind_is_sent_the_snapshot(cluster: "Cluster") -> None:
    leader, follower = cluster[1], cluster[3]

    cluster.beat(1)
    assert Mode.REPLICATE is leader.status.followers[1].mode

    assert leader.status.last_log == follower.status.last_log
    assert leader.status.commit_index == follower.status.last_applied
    assert leader.status.last_log.index == leader.status.followers[1].match_index
    assert b"abcdefghi" == follower.disk.contents[EntryId(1, 3)]
    assert 4 == follower.status.first_index


def until_transfer(cluster: "Cluster") -> "Host":
    """Let the leader learn that the third needs a snapshot; its first read is outstanding."""
    leader = cluster[1]
    leader.tick()
    while not leader.chunk_reads:
        cluster.deliver()
    leader.outbox.clear()
    return leader


def test_a_snapshot_goes_in_chunks(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    follower = cluster[3]

    chunks: list[InstallSnapshot] = []
    while leader.chunk_reads:
        leader.read_chunk()
        (chunk,) = leader.take_sent(InstallSnapshot)
        chunks.append(chunk)
        follower.receive(1, chunk)
        follower.work_all()
        (response,) = follower.take_sent(InstallSnapshotResponse)
        leader.receive(3, response)

    assert [(0, b"abcd"), (4, b"efgh"), (8, b"i")] == [(c.offset, c.data) for c in chunks]
    assert 1 == len({chunk.transfer for chunk in chunks})
    assert EntryId(1, 3) == chunks[0].snapshot.last_included
    assert [AppendEntries] == [type(send.message) for send in leader.outbox if send.to == 3]


def test_entries_wait_while_a_snapshot_is_on_its_way(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)

    leader.propose(b"later")

    assert [] == leader.sent(AppendEntries, to=3)
    leader.tick()
    (heartbeat,) = leader.sent(AppendEntries, to=3)
    assert (BEFORE_LOG, ()) == (heartbeat.prev, heartbeat.entries)


def test_a_lost_chunk_is_read_and_sent_again(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    (order,) = leader.chunk_reads
    leader.read_chunk()
    assert [order.offset] == [c.offset for c in leader.take_sent(InstallSnapshot)]

    for _ in range(4):
        leader.tick()
        leader.receive(2, AppendEntriesResponse(term=1, round=0, match_index=0))
        assert [] == leader.chunk_reads
    leader.tick()

    assert [order] == leader.chunk_reads
    leader.tick()
    assert [order] == leader.chunk_reads


def test_a_newer_snapshot_replaces_one_whose_chunk_was_lost(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    (before,) = leader.chunk_reads
    leader.read_chunk()
    leader.request_snapshot()
    leader.work_all()
    assert [3] == [order.last_included.index for order in leader.compactions]

    for _ in range(5):
        leader.tick()
        leader.receive(2, AppendEntriesResponse(term=1, round=0, match_index=0))

    (after,) = leader.chunk_reads
    assert (before.last_included, EntryId(1, 4)) == (EntryId(1, 3), after.last_included)
    assert before.transfer != after.transfer
    assert [3, 4] == [order.last_included.index for order in leader.compactions]


def test_nothing_is_compacted_that_is_still_read(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    leader.request_snapshot()
    leader.take()
    leader.written()
    assert EntryId(1, 4) == leader.snapshot.last_included
    assert 1 == len(leader.compactions)

    leader.receive(2, heartbeat(term=2))
    assert leader.plays(RoleName.FOLLOWER)
    assert 1 == len(leader.compactions)
    leader.read_chunk()

    assert [] == leader.sent(InstallSnapshot)
    assert Compact(EntryId(1, 4), EntryId(1, 4)) == leader.compactions[-1]


def test_a_chunk_that_was_not_ordered_is_the_callers_mistake(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    (order,) = leader.chunk_reads

    with pytest.raises(EventOutOfOrder, match=f"the transfer {order.transfer + 1} was ordered"):
        leader.handle(SnapshotChunkRead(transfer=order.transfer + 1, offset=0, data=b"abcd"))

    assert [] == leader.sent(InstallSnapshot)


def test_only_the_transfer_that_runs_is_answered(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    (order,) = leader.chunk_reads
    wanted = InstallSnapshotResponse(term=1, transfer=order.transfer, next_offset=4)

    leader.receive(3, wanted)
    assert [order] == leader.chunk_reads
    leader.read_chunk()
    for ignored in (
        attrs.evolve(wanted, transfer=order.transfer + 1),
        attrs.evolve(wanted, next_offset=10),
        attrs.evolve(wanted, next_offset=-1),
        attrs.evolve(wanted, match_index=1000),
    ):
        leader.receive(3, ignored)
    leader.receive(9, wanted)
    leader.receive(2, wanted)
    assert [] == leader.chunk_reads
    leader.receive(3, wanted)

    assert [4] == [again.offset for again in leader.chunk_reads]


def test_a_follower_ignores_what_answers_a_leader(cluster: "Cluster") -> None:
    assert [] == cluster[2].receive(
        3, InstallSnapshotResponse(term=1, transfer=1, next_offset=0, match_index=1)
    )


# --- one window for all followers ----------------------------------------------------


@pytest.fixture
def needy(make: "type[Make]") -> "Cluster":
    """The first of five leads; the fourth and the fifth need its snapshot, of three chunks."""
    config = attrs.evolve(KEEP_NOTHING, snapshot_bytes_in_flight_max=4)
    cluster = make.cluster(1, 2, 3, 4, 5, config=config)
    leader = cluster.elect(1)
    cluster.cut_off = {4, 5}
    leader.propose(b"abcdef", b"ghijkl")
    cluster.settle()
    leader.request_snapshot()
    cluster.settle()
    cluster.cut_off = set()
    leader.tick()
    while not leader.chunk_reads:
        cluster.deliver()
    return cluster


def test_followers_share_the_window_chunk_by_chunk(needy: "Cluster") -> None:
    leader = needy[1]
    turns: list[int] = []

    for _ in range(20):
        leader.now += 1
        for host in needy.hosts.values():
            host.work_all()
        assert len(leader.sent(InstallSnapshot)) + len(leader.chunk_reads) <= 1
        turns += [send.to for send in leader.outbox if isinstance(send.message, InstallSnapshot)]
        needy.deliver()

    assert [4, 5, 4, 5, 4, 5] == turns
    assert b"abcdefghijkl" == needy[4].disk.contents[EntryId(1, 3)]
    assert b"abcdefghijkl" == needy[5].disk.contents[EntryId(1, 3)]


def test_who_does_not_answer_leaves_its_turn_to_who_waits(needy: "Cluster") -> None:
    leader = needy[1]
    needy.cut_off = {4}
    needy.settle()
    assert EntryId(1, 3) not in needy[5].disk.contents

    for _ in range(HEARTBEATS_BEFORE_RESENDING):
        needy.beat(1)

    assert b"abcdefghijkl" == needy[5].disk.contents[EntryId(1, 3)]
    assert Mode.SNAPSHOT is leader.status.followers[2].mode


def test_a_late_answer_moves_nobody_who_waits(needy: "Cluster") -> None:
    leader = needy[1]
    for number in (4, 5):
        transfer = leader_transfer(leader, number)
        leader.receive(number, InstallSnapshotResponse(term=1, transfer=transfer.id, next_offset=8))

    assert [0, 0] == [leader_transfer(leader, number).offset for number in (4, 5)]


def leader_transfer(leader: "Host", number: int) -> Transfer:
    role = leader.node._state.role
    assert isinstance(role, Leader)
    transfer = role.progress[NodeId(number)].transfer
    assert transfer is not None
    return transfer


# --- a receiver that was restarted ---------------------------------------------------


def test_a_restarted_receiver_goes_on_where_it_was(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)
    leader.read_chunk()
    cluster.deliver()
    cluster[3].work_all()
    cluster.hosts[NodeId(3)] = cluster[3].restarted()

    offsets: list[int] = []
    for _ in range(HEARTBEATS_BEFORE_RESENDING + 5):
        leader.tick()
        while any([*(host.work() for host in cluster.hosts.values()), bool(leader.outbox)]):
            offsets += [message.offset for message in leader.sent(InstallSnapshot)]
            cluster.deliver()

    assert [0, 4, 8] == offsets
    assert b"abcdefghi" == cluster[3].disk.contents[EntryId(1, 3)]
    assert leader.status.commit_index == cluster[3].status.last_applied


@pytest.mark.parametrize(
    "part,next_offset",
    [
        (None, 0),
        (SnapshotPart(last_included=EntryId(1, 4), size_bytes=4, checksum=1), 0),
        (SnapshotPart(last_included=EntryId(1, 3), size_bytes=9, checksum=1), 0),
        (SnapshotPart(last_included=EntryId(1, 3), size_bytes=4, checksum=1), 4),
    ],
)
def test_a_part_is_gone_on_with_if_it_may_be_of_the_snapshot_that_comes(
    make: "type[Make]", part: SnapshotPart | None, next_offset: int
) -> None:
    restored = attrs.evolve(make.host(3).restored, part=part)
    follower = Host(restored, KEEP_NOTHING)
    mark = SnapshotMark(
        last_included=EntryId(1, 3), configuration=make.configuration(1, 2, 3), size_bytes=9
    )

    follower.receive(1, InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=5, data=b"fghi"))
    follower.work_all()

    (response,) = follower.sent(InstallSnapshotResponse)
    assert next_offset == response.next_offset


def test_a_part_of_another_content_is_found_out_and_received_anew(cluster: "Cluster") -> None:
    leader, follower = until_transfer(cluster), cluster[3]
    part = SnapshotPart(last_included=EntryId(1, 3), size_bytes=4, checksum=zlib.crc32(b"WXYZ"))
    follower.disk.contents[EntryId(1, 3)] = b"WXYZ"
    restarted = Host(attrs.evolve(follower.restored, part=part), KEEP_NOTHING, now=follower.now)
    restarted.disk.contents = follower.disk.contents
    cluster.hosts[NodeId(3)] = restarted

    for _ in range(HEARTBEATS_BEFORE_RESENDING + 5):
        cluster.beat(1)

    assert b"abcdefghi" == restarted.disk.contents[EntryId(1, 3)]
    assert leader.status.commit_index == restarted.status.last_applied


# --- receiving -----------------------------------------------------------------------


@pytest.fixture
def mark(make: "type[Make]") -> SnapshotMark:
    """A leader's snapshot of six bytes as of 5@1."""
    return SnapshotMark(
        last_included=EntryId(1, 5),
        configuration=make.configuration(1, 2, 3, 4),
        size_bytes=6,
        checksum=zlib.crc32(b"abcdef"),
        before_log=EntryId(1, 2),
    )


def chunk(mark: SnapshotMark, offset: int, data: bytes, *, term: int = 1) -> InstallSnapshot:
    return InstallSnapshot(term=term, transfer=7, snapshot=mark, offset=offset, data=data)


def test_a_chunk_is_asked_for_once_the_one_before_is_durable(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)

    follower.receive(2, chunk(mark, 0, b"abc"))

    assert [] == follower.sent(InstallSnapshotResponse)
    follower.written()
    assert [InstallSnapshotResponse(term=1, transfer=7, next_offset=3)] == follower.sent(
        InstallSnapshotResponse
    )


def test_a_received_snapshot_is_attested_and_restored_once_it_is_named(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1, log=make.entries(1, 1, 1))
    follower.receive(2, chunk(mark, 0, b"abc"))
    follower.written()
    follower.outbox.clear()

    follower.receive(2, chunk(mark, 3, b"def"))

    (write,) = follower.writes
    here = attrs.evolve(mark, before_log=mark.last_included)
    assert (1, here) == (write.truncate_from, write.snapshot)
    assert ([], []) == (follower.outbox, follower.restores)
    follower.written()
    attested = InstallSnapshotResponse(term=1, transfer=7, next_offset=6, match_index=5)
    assert [attested] == follower.sent(InstallSnapshotResponse)
    assert [RestoreSnapshot(here)] == follower.restores
    assert 0 == follower.status.last_applied
    follower.restore()
    assert 5 == follower.status.last_applied
    assert (6, mark.configuration) == (follower.status.first_index, follower.status.configuration)


def test_what_a_snapshot_covers_is_committed_before_it_is_named(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    follower.receive(2, chunk(mark, 0, b"abcdef"))

    assert 5 == follower.status.commit_index
    assert mark.configuration == follower.status.committed_configuration
    assert (0, []) == (follower.status.durable_index, follower.applies)


def test_entries_behind_a_snapshot_are_applied_after_it_is_restored(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    follower.receive(2, chunk(mark, 0, b"abcdef"))
    follower.receive(
        2,
        AppendEntries(
            term=1,
            round=0,
            prev=EntryId(1, 5),
            entries=make.entries(1, after=5),
            leader_commit=6,
        ),
    )

    follower.written()
    assert [] == follower.applies
    follower.restore()

    assert [make.entries(1, after=5)] == [order.entries for order in follower.applies]


def test_a_snapshot_waits_until_the_state_machine_is_idle(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1, log=make.entries(1, 1))
    follower.receive(
        2, AppendEntries(term=1, round=0, prev=EntryId(1, 2), entries=(), leader_commit=2)
    )
    assert 1 == len(follower.applies)

    follower.receive(2, chunk(mark, 0, b"abcdef"))
    follower.written()

    assert [] == follower.restores
    follower.apply()
    assert 1 == len(follower.restores)


def test_a_chunk_out_of_turn_is_not_kept(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)
    follower.receive(2, chunk(mark, 0, b"abc"))
    follower.written()
    follower.outbox.clear()

    for astray in (chunk(mark, 0, b"abc"), chunk(mark, 4, b"ef"), chunk(mark, 3, b"defg")):
        follower.receive(2, astray)

    wanted = InstallSnapshotResponse(term=1, transfer=7, next_offset=3)
    assert [wanted] * 3 == follower.sent(InstallSnapshotResponse)
    assert [] == follower.writes


def test_another_snapshot_begins_anew(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)
    follower.receive(2, chunk(mark, 0, b"abc"))
    other = attrs.evolve(mark, last_included=EntryId(1, 6))

    follower.receive(2, chunk(other, 3, b"def"))

    follower.written()
    assert [3, 0] == [r.next_offset for r in follower.sent(InstallSnapshotResponse)]


def test_a_snapshot_with_a_wrong_checksum_begins_anew(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1, log=make.entries(1))

    follower.receive(2, chunk(mark, 0, b"abcdeX"))
    follower.written()

    assert [0] == [r.next_offset for r in follower.sent(InstallSnapshotResponse)]
    assert EntryId(1, 1) == follower.status.last_log
    assert [] == follower.restores


def test_a_log_that_holds_the_snapshots_entry_needs_no_snapshot(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    """Figure 5.3; and what a snapshot covers is committed."""
    follower = make.host(term=1, log=make.entries(1, 1, 1, 1, 1, 1))

    follower.receive(2, chunk(mark, 0, b"abc"))

    assert (5, EntryId(1, 6)) == (follower.status.commit_index, follower.status.last_log)
    attested = InstallSnapshotResponse(term=1, transfer=7, next_offset=6, match_index=5)
    assert [attested] == follower.sent(InstallSnapshotResponse)


def test_what_a_log_holds_is_attested_once_it_is_durable(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    follower.receive(
        2,
        AppendEntries(
            term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1, 1, 1, 1, 1), leader_commit=0
        ),
    )

    follower.receive(2, chunk(mark, 0, b"abc"))

    assert [] == follower.sent(InstallSnapshotResponse)
    follower.written()
    assert [5] == [r.match_index for r in follower.sent(InstallSnapshotResponse)]


def test_a_snapshot_replaces_a_log_that_contradicts_it(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    newer = attrs.evolve(mark, last_included=EntryId(2, 5))
    follower = make.host(term=2, log=make.entries(1, 1, 1, 1, 1, 1))

    follower.receive(2, chunk(newer, 0, b"abcdef", term=2))
    follower.work_all()

    assert EntryId(2, 5) == follower.status.last_log
    assert [] == follower.disk.log


def test_chunks_wait_while_the_nodes_own_snapshot_is_being_named(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1, log=make.entries(1))
    follower.receive(
        2, AppendEntries(term=1, round=0, prev=EntryId(1, 1), entries=(), leader_commit=1)
    )
    follower.apply()
    follower.request_snapshot()
    follower.take()
    follower.outbox.clear()

    follower.receive(2, chunk(mark, 0, b"abcdef"))

    assert [] == follower.outbox
    follower.written()
    follower.receive(2, chunk(mark, 0, b"abcdef"))
    follower.work_all()
    assert 5 == follower.status.last_applied


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
        AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1), leader_commit=1),
    )
    follower.written()
    follower.apply()
    request = follower.request_snapshot()
    follower.receive(2, chunk(mark, 0, b"abcdef"))

    follower.take(b"")

    assert Refused(Refusal.SNAPSHOT_PENDING, NodeId(2)) == follower.answers[request]


def test_a_snapshot_from_a_term_to_come_is_ignored(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)

    follower.receive(2, chunk(attrs.evolve(mark, last_included=EntryId(9, 5)), 0, b"abcdef"))

    assert ([], []) == (follower.outbox, follower.writes)


def test_a_snapshot_counts_as_the_leaders_word(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)
    follower.now = follower.deadline - 1

    follower.receive(2, chunk(mark, 0, b"abc"))

    assert follower.now + follower.config.election_timeout_min_us <= follower.deadline


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


def test_a_read_of_a_snapshot_names_its_place(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)

    (order,) = leader.chunk_reads

    assert order == ReadSnapshotChunk(
        transfer=order.transfer, last_included=EntryId(1, 3), offset=0, size_bytes=4
    )
