"""Sending a snapshot in chunks, to one follower and to several (§5.1)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import (
    Compact,
    ReadSnapshotChunk,
    RoleName,
)
from leto.raft.errors import EventOutOfOrder
from leto.raft.events import SnapshotChunkRead
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
)
from leto.raft.progress import Mode, Transfer
from leto.raft.roles import Leader
from leto.raft.snapshot_sending import HEARTBEATS_BEFORE_RESENDING
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.transfers import KEEP_NOTHING, heartbeat, until_transfer, with_one_behind

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Make
    from tests.support.hosts import Host


@pytest.fixture
def cluster() -> "Cluster":
    return with_one_behind()


def test_a_follower_that_is_too_far_behind_is_sent_the_snapshot(cluster: "Cluster") -> None:
    leader, follower = cluster[1], cluster[3]

    cluster.beat(1)
    assert Mode.REPLICATE is leader.status.followers[1].mode

    assert leader.status.last_log == follower.status.last_log
    assert leader.status.commit_index == follower.status.last_applied
    assert leader.status.last_log.index == leader.status.followers[1].match_index
    assert b"abcdefghi" == follower.disk.contents[EntryId(1, 3)]
    assert 4 == follower.status.first_index


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


def test_a_read_of_a_snapshot_names_its_place(cluster: "Cluster") -> None:
    leader = until_transfer(cluster)

    (order,) = leader.chunk_reads

    assert order == ReadSnapshotChunk(
        transfer=order.transfer, last_included=EntryId(1, 3), offset=0, size_bytes=4
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
