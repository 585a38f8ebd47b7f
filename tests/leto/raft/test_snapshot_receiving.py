"""Receiving a leader's snapshot, and installing it (figure 5.3)."""

import zlib
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import (
    RestoreSnapshot,
)
from leto.raft.entries import SnapshotMark, SnapshotPart
from leto.raft.events import DiskRoomChanged
from leto.raft.messages import (
    AppendEntries,
    InstallSnapshot,
    InstallSnapshotResponse,
)
from leto.raft.snapshot_sending import HEARTBEATS_BEFORE_RESENDING
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Host
from tests.support.transfers import (
    KEEP_NOTHING,
    chunk,
    six_bytes,
    until_transfer,
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


def test_a_full_disk_takes_no_chunk_until_there_is_room(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    follower = make.host(term=1)
    follower.handle(DiskRoomChanged(has_room=False))

    follower.receive(2, chunk(mark, 0, b"abc"))
    follower.work_all()
    assert [] == follower.sent(InstallSnapshotResponse)
    follower.handle(DiskRoomChanged(has_room=True))
    follower.receive(2, chunk(mark, 0, b"abc"))
    follower.work_all()

    assert [InstallSnapshotResponse(term=1, transfer=7, next_offset=3)] == follower.sent(
        InstallSnapshotResponse
    )


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


def test_a_snapshot_from_a_term_to_come_is_ignored(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)

    follower.receive(2, chunk(attrs.evolve(mark, last_included=EntryId(9, 5)), 0, b"abcdef"))

    assert ([], []) == (follower.outbox, follower.writes)


def test_a_snapshot_counts_as_the_leaders_word(make: "type[Make]", mark: SnapshotMark) -> None:
    follower = make.host(term=1)
    follower.now = follower.deadline - 1

    follower.receive(2, chunk(mark, 0, b"abc"))

    assert follower.now + follower.config.election_timeout_min_us <= follower.deadline


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
