"""Chapter 5, log compaction: a test for each sentence that demands something."""

import attrs
import pytest

from leto.raft.actions import SnapshotDone
from leto.raft.config import Config
from leto.raft.configuration import AddMember, MemberRole, RemoveMember
from leto.raft.messages import AppendEntries, InstallSnapshot, InstallSnapshotResponse
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Cluster, Host, Make, entries, member

KEEP_NOTHING = Config(trailing_entries=0, snapshot_chunk_bytes=4)


def behind() -> Cluster:
    """Three of whom the third lacks what the leader has compacted."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster.cut_off = {3}
    cluster[1].propose(b"aaaa", b"bbbb")
    cluster.settle()
    cluster[1].request_snapshot()
    cluster.settle()
    cluster.cut_off = set()
    return cluster


def alone() -> Host:
    host = Make.leader(config=KEEP_NOTHING)
    host.propose(b"a", b"b")
    host.work_all()
    return host


# --- §5.1 memory-based snapshots -------------------------------------------------------


def test_a_snapshot_covers_what_was_applied() -> None:
    """§5.1: it replaces committed entries only."""
    host = alone()
    host.propose(b"not applied yet")

    host.request_snapshot()

    assert EntryId(1, 3) == host.takes[0].last_included


def test_a_snapshot_keeps_index_and_term_of_its_last_entry() -> None:
    """§5.1: for the consistency check of the first entry behind it."""
    host = alone()
    host.request_snapshot()
    host.work_all()

    assert EntryId(1, 3) == host.snapshot.last_included
    assert EntryId(1, 3) == host.status.last_log
    assert [] == host.disk.log


def test_a_snapshot_holds_the_configuration_as_of_its_last_entry() -> None:
    """§5.1: since the entries that made it may be gone."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()

    cluster[1].request_snapshot()
    cluster.settle()

    assert (1, 2) == cluster[1].snapshot.configuration.voters
    assert (1, 2) == cluster[1].restarted().status.configuration.voters


def test_entries_go_once_the_snapshot_is_complete_and_not_before() -> None:
    """§5.1: the log may be truncated only when the snapshot is durable."""
    host = alone()

    host.request_snapshot()
    while_taken = host.status.first_index
    host.take()
    while_named = host.status.first_index
    host.written()

    assert (1, 1, 4) == (while_taken, while_named, host.status.first_index)
    assert 1 == len(host.compactions)


def test_a_restart_begins_with_the_snapshot() -> None:
    """§5.1: the state machine is what it holds, then the log is applied."""
    host = alone()
    host.request_snapshot()
    host.work_all()

    again = host.restarted()

    assert EntryId(1, 3) == again.restores[0].snapshot.last_included
    assert (3, 0) == (again.status.commit_index, again.status.last_applied)


def test_a_follower_that_needs_discarded_entries_is_sent_the_snapshot() -> None:
    """§5.1: in InstallSnapshot; then entries again."""
    cluster = behind()

    cluster.beat(1)

    assert cluster[1].status.last_applied == cluster[3].status.last_applied
    assert cluster[1].snapshot.last_included == cluster[3].snapshot.last_included


def test_a_new_server_is_sent_the_snapshot() -> None:
    """§5.1: it lacks everything that was discarded."""
    cluster = Make.cluster(blank=[4], config=KEEP_NOTHING)
    cluster.elect(1)
    cluster[1].propose(b"aaaa")
    cluster.settle()
    cluster[1].request_snapshot()
    cluster.settle()

    cluster[1].change(AddMember(member(4, MemberRole.LEARNER)))
    cluster.beat(1)
    cluster.beat(1)

    assert cluster[1].snapshot.last_included == cluster[4].snapshot.last_included
    assert cluster[1].status.last_applied == cluster[4].status.last_applied


def test_each_server_takes_its_snapshots_by_itself() -> None:
    """§5.1: no leader is asked, and no other need take one."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster.beat(1)

    request = cluster[2].request_snapshot()
    cluster[2].work_all()

    assert SnapshotDone(EntryId(1, 1)) == cluster[2].answers[request]
    assert EntryId(1, 1) == cluster[2].snapshot.last_included
    assert BEFORE_LOG == cluster[1].snapshot.last_included


def test_the_state_machine_becomes_what_a_leaders_snapshot_holds() -> None:
    """Figure 5.3: it is reset with the contents, and the configuration with it."""
    message = snapshot_of(behind())
    host = Make.host(3, voters=(3, 8, 9), log=entries(1, 1))

    host.receive(1, message)
    host.written()
    ordered = host.restores[0].snapshot
    host.restore()

    assert EntryId(1, 3) == ordered.last_included
    assert message.data == host.disk.contents[ordered.last_included]
    assert (3, (1, 2, 3)) == (host.status.last_applied, host.status.configuration.voters)


def test_a_chunk_that_does_not_follow_is_asked_for_again() -> None:
    """Figure 5.3: what is written at an offset follows what was written before."""
    message = snapshot_of(behind())
    host = Make.host(3, term=1)

    host.receive(1, attrs.evolve(message, offset=4, data=message.data[4:]))

    assert [0] == [m.next_offset for m in host.sent(InstallSnapshotResponse)]
    assert [] == host.writes


def test_a_chunk_that_was_lost_is_sent_again() -> None:
    """§5.1: as any request that is not answered."""
    cluster = behind()
    cluster[1].tick()
    for _ in range(2):
        cluster.deliver()
    cluster[1].work_all()
    lost = cluster[1].take_sent(InstallSnapshot)

    for _ in range(8):
        cluster.beat(1)

    assert 1 == len(lost)
    assert cluster[1].snapshot.last_included == cluster[3].snapshot.last_included


def test_a_snapshot_is_split_into_chunks_that_go_in_order() -> None:
    """§5.1, figure 5.3: each tells its offset."""
    cluster = behind()
    offsets: list[int] = []

    cluster[1].tick()
    while cluster.deliver():
        for host in cluster.hosts.values():
            host.work_all()
        offsets += [m.offset for m in cluster[1].sent(InstallSnapshot)]

    assert [0, 4] == offsets


def test_each_chunk_is_a_sign_of_life() -> None:
    """§5.1: receiving one resets the election timer."""
    cluster = behind()
    follower = cluster[3]
    cluster[1].tick()
    for _ in range(2):
        cluster.deliver()
    cluster[1].work_all()
    follower.now = follower.deadline - 1

    follower.receive(1, cluster[1].sent(InstallSnapshot)[0])

    assert follower.deadline >= follower.now + Config().election_timeout_min_us


def snapshot_of(cluster: Cluster) -> InstallSnapshot:
    """All of the leader's snapshot, in one chunk."""
    mark = cluster[1].snapshot
    content = cluster[1].disk.contents[mark.last_included]
    return InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=content)


def test_a_snapshot_with_news_replaces_the_whole_log() -> None:
    """§5.1: what the follower has is superseded, also what contradicts it."""
    message = snapshot_of(behind())
    host = Make.host(3, log=entries(1, 1))
    other = Make.host(3, term=1, log=entries(*[0] * 5))

    for follower in (host, other):
        follower.receive(1, message)
        follower.work_all()

    assert [[], []] == [host.disk.log, other.disk.log]
    assert [EntryId(1, 3)] * 2 == [host.status.last_log, other.status.last_log]


def test_a_snapshot_of_a_prefix_leaves_the_entries_behind_it() -> None:
    """§5.1: a retransmission must not take what follows."""
    message = snapshot_of(behind())
    host = Make.host(3, log=entries(1, 1, 1, 1, 1))

    host.receive(1, message)
    host.work_all()

    assert EntryId(1, 5) == host.status.last_log
    assert [3] == [m.match_index for m in host.sent(InstallSnapshotResponse)]


def test_a_snapshot_of_a_stale_term_is_rejected() -> None:
    """Figure 5.3: with the newer term."""
    message = snapshot_of(behind())
    host = Make.host(3, term=7)

    host.receive(1, message)

    assert [7] == [m.term for m in host.sent(InstallSnapshotResponse)]
    assert [] == host.writes


def test_the_consistency_check_works_at_the_edge_of_the_snapshot() -> None:
    """§5.1: the first entry behind it is compared with its last one."""
    host = alone()
    host.request_snapshot()
    host.work_all()
    again = host.restarted()
    again.work_all()

    again.receive(
        2,
        AppendEntries(
            term=2, round=1, prev=EntryId(1, 3), entries=entries(2, after=3), leader_commit=0
        ),
    )
    again.work_all()

    assert EntryId(2, 4) == again.status.last_log


# --- §5.1.2 when, §5.1.3 while serving -------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [Config(snapshot_after_entries=3), Config(snapshot_after_bytes=100)],
    ids=["entries", "bytes"],
)
def test_a_snapshot_is_taken_when_the_log_has_grown_enough(config: Config) -> None:
    """§5.1.2: not so often that it wastes the disk, not so seldom that memory runs out."""
    host = Make.leader(config=config)
    before = len(host.takes)

    host.propose(b"a", b"b")
    host.written()
    host.apply()

    assert (0, 1) == (before, len(host.takes))


def test_the_log_may_grow_as_large_as_the_last_snapshot() -> None:
    """§5.1.2: a snapshot that is written too often costs more than it saves."""
    config = Config(snapshot_after_bytes=100, trailing_entries=0)
    host = Make.leader(config=config)
    host.propose(b"a" * 1_000)
    host.work_all()
    first = host.snapshot.last_included

    host.propose(b"b" * 500)
    host.work_all()
    too_early = host.snapshot.last_included
    host.propose(b"c" * 500)
    host.work_all()

    assert EntryId(1, 2) == first == too_early
    assert EntryId(1, 4) == host.snapshot.last_included


def test_proposals_go_on_while_a_snapshot_is_written() -> None:
    """§5.1: writing one may take long, and must not delay normal operations."""
    host = alone()
    request = host.request_snapshot()

    proposal = host.propose(b"c")
    host.written()
    host.apply()

    assert (True, False) == (proposal in host.answers, request in host.answers)
    host.take(b"frozen before")
    host.written()
    assert SnapshotDone(EntryId(1, 3)) == host.answers[request]
