"""What may be seen of a node from outside."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import RoleName
from leto.raft.config import Config
from leto.raft.configuration import AddMember
from leto.raft.entries import ENTRY_OVERHEAD_BYTES, SnapshotMark
from leto.raft.events import (
    DiskRoomChanged,
    ReadPolicy,
    ReadRequested,
    TimerFired,
    TransferRequested,
)
from leto.raft.messages import AppendEntries, AppendEntriesResponse, InstallSnapshot
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus, SnapshotArriving
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Host, Make


def test_it_changes_as_the_node_does(make: "type[Make]") -> None:
    status = make.host(term=4, voted_for=1).node.status
    assert (1, RoleName.FOLLOWER, 4, 1, None) == (
        status.node_id,
        status.role,
        status.current_term,
        status.voted_for,
        status.leader,
    )

    host = make.host(voters=[1], term=4)
    status = host.node.status
    assert (RoleName.CANDIDATE, 5, None) == (status.role, status.current_term, status.leader)
    host.written()

    assert (RoleName.LEADER, 1, False) == (status.role, status.leader, status.is_ready)
    host.work_all()
    assert status.is_ready
    assert (RoleName.LEADER, 5, 1, 1) == status.standing


def test_it_cannot_be_changed(make: "type[Make]") -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        make.host().status._state = None  # type: ignore[assignment, misc] # what is tested


def test_the_log_is_seen_from_memory_to_disk(make: "type[Make]") -> None:
    leader = make.leader(config=Config(trailing_entries=0))
    leader.propose(b"four")

    status = leader.status
    assert (EntryId(1, 2), 1, 1) == (status.last_log, status.durable_index, status.first_index)
    assert 2 * ENTRY_OVERHEAD_BYTES + 4 == status.log_bytes
    assert 1 == status.writes_outstanding
    leader.written()
    assert (2, 0) == (status.durable_index, status.writes_outstanding)
    assert (2, 1) == (status.commit_index, status.last_applied)
    leader.apply()
    leader.request_snapshot()
    leader.work_all()
    assert (2, 3, 0) == (status.last_applied, status.first_index, status.log_bytes)
    assert EntryId(1, 2) == leader.snapshot.last_included


def test_the_configuration_is_seen_before_it_is_committed(make: "type[Make]") -> None:
    leader = make.leader()

    leader.change(AddMember(make.member(2)))

    status = leader.status
    assert (make.configuration(1, 2), 2) == (status.configuration, status.configuration_index)
    assert make.configuration(1) == status.committed_configuration


def test_only_a_leader_sees_followers(make: "type[Make]") -> None:
    cluster = make.cluster()
    leader = cluster.elect(1)
    leader.receive(2, AppendEntriesResponse(term=1, round=0, match_index=1))

    assert () == cluster[2].status.followers
    assert {} == cluster[2].status.followers_by_id
    assert [2, 3] == list(leader.status.followers_by_id)
    assert 1 == leader.status.followers_by_id[NodeId(2)].match_index
    assert (0, 0) == (
        leader.status.followers[0].appends_in_flight,
        leader.status.followers[0].bytes_in_flight,
    )
    assert (
        FollowerStatus(
            node_id=NodeId(2),
            match_index=1,
            next_index=2,
            mode=Mode.REPLICATE,
            last_ack_at=leader.now,
        )
        == leader.status.followers[0]
    )


def test_a_failed_disk_is_seen(make: "type[Make]") -> None:
    host = make.host()
    assert not host.status.has_failed

    host.fail()

    assert host.node.status.has_failed


def test_a_founders_snapshot_is_the_founding_one(make: "type[Make]") -> None:
    assert SnapshotMark(configuration=make.configuration(1, 2, 3)) == make.host().status.snapshot


@pytest.mark.parametrize(
    "founders, later, was_admitted",
    [
        ((1, 2, 3), [], True),
        ((2, 3), [], False),
        ((2, 3), [(1, 2, 3)], False),  # it may be rolled back yet
        ((2, 3), [(1, 2, 3), (1, 2, 3, 4)], True),  # nobody proposes two that are uncommitted
        ((2, 3), [(1, 2, 3), (2, 3)], True),
    ],
)
def test_who_was_admitted_is_known_from_what_is_committed_for_certain(
    make: "type[Make]",
    founders: tuple[int, ...],
    later: list[tuple[int, ...]],
    was_admitted: bool,  # noqa: FBT001 - what is expected
) -> None:
    log = tuple(make.entry(i, 1, make.configuration(*voters)) for i, voters in enumerate(later, 1))

    host = make.host(voters=founders, term=1, log=log)

    assert was_admitted is host.status.was_admitted


def test_whose_removal_may_be_rolled_back_may_be_a_member(make: "type[Make]") -> None:
    log = (make.entry(1, 1, make.configuration(1, 2)),)

    host = make.host(voters=(1, 2, 3), term=1, log=log)

    assert {1, 2, 3} == host.status.possible_members.keys()


def test_what_a_leader_is_about_is_seen(make: "type[Make]") -> None:
    configuration = attrs.evolve(make.configuration(1, 2, 3), lease_us=500_000)
    cluster = make.cluster(configuration=configuration)
    leader = cluster.elect(1)
    assert (None, 0, 0, 0) == outstanding(leader)
    assert None is leader.status.heard_at
    leased = [leader.status.leased_until]  # nobody has asked for it yet
    leader.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.LEASE))
    leased.append(leader.status.leased_until)

    cluster.cut_off = {2, 3}
    leader.propose(b"abc")
    leader.read()
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    assert (NodeId(2), 1, 1, ENTRY_OVERHEAD_BYTES + 3) == outstanding(leader)
    cluster.cut_off = set()
    cluster.settle()
    leased.append(leader.status.leased_until)
    assert [None, leader.now + 450_000, None] == leased


def outstanding(host: "Host") -> tuple[NodeId | None, int, int, int]:
    status = host.status
    return (
        status.transfer_target,
        status.proposals_outstanding,
        status.reads_outstanding,
        status.uncommitted_bytes,
    )


def test_what_a_follower_is_about_is_seen(make: "type[Make]") -> None:
    host = make.host()
    seen = host.status
    assert (1, None, None, None) == (
        seen.incarnation,
        seen.transfer_target,
        seen.leased_until,
        seen.snapshot_arriving,
    )

    mark = SnapshotMark(
        last_included=EntryId(1, 3), configuration=make.configuration(1, 2, 3), size_bytes=9
    )
    host.receive(2, InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=b"abcd"))
    heartbeat = AppendEntries(
        term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0, lease_us=5
    )
    host.receive(2, heartbeat)
    host.handle(DiskRoomChanged(has_room=False))

    assert SnapshotArriving(EntryId(1, 3), 4, 9) == seen.snapshot_arriving
    assert (host.now, host.now + 5, False, False) == (
        seen.heard_at,
        seen.promised_until,
        seen.has_disk_room,
        seen.disk_has_hung,
    )
    host.handle(TimerFired(), after=1_000_001)
    assert host.node.status.disk_has_hung
