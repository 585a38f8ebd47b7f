"""§5.1 Snapshotting memory-based state machines."""

from leto.raft.actions import SnapshotDone
from leto.raft.configuration import RemoveMember
from leto.raft.messages import (
    AppendEntries,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Make, entries
from tests.support.situations import KEEP_NOTHING, alone


def test_each_server_takes_its_snapshots_by_itself() -> None:
    """§5, §5.1, §5.4: Each server takes its snapshots by itself."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster.beat(1)

    request = cluster[2].request_snapshot()
    cluster[2].work_all()

    assert SnapshotDone(EntryId(1, 1)) == cluster[2].answers[request]
    assert EntryId(1, 1) == cluster[2].snapshot.last_included
    assert BEFORE_LOG == cluster[1].snapshot.last_included


def test_a_snapshot_covers_what_was_applied() -> None:
    """§5, §5.1: A snapshot covers committed entries only."""
    host = alone()
    host.propose(b"not applied yet")

    host.request_snapshot()

    assert EntryId(1, 3) == host.takes[0].last_included


def test_a_snapshot_keeps_index_and_term_of_its_last_entry() -> None:
    """§5, §5.1, figure 5.2: A snapshot keeps the index and the term of its last entry."""
    host = alone()
    host.request_snapshot()
    host.work_all()

    assert EntryId(1, 3) == host.snapshot.last_included
    assert EntryId(1, 3) == host.status.last_log
    assert [] == host.disk.log


def test_the_consistency_check_works_at_the_edge_of_the_snapshot() -> None:
    """§5, §5.1.3: So the consistency check works for the first entry behind it."""
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


def test_a_snapshot_holds_the_configuration_as_of_its_last_entry() -> None:
    """§5, §5.1: A snapshot keeps the configuration as of its last entry."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster[1].change(RemoveMember(NodeId(3)))
    cluster.settle()

    cluster[1].request_snapshot()
    cluster.settle()

    assert (1, 2) == cluster[1].snapshot.configuration.voters
    assert (1, 2) == cluster[1].restarted().status.configuration.voters


def test_entries_go_once_the_snapshot_is_complete_and_not_before() -> None:
    """§5.1: Entries go once the snapshot of them is durable, and not before."""
    host = alone()

    host.request_snapshot()
    while_taken = host.status.first_index
    host.take()
    while_named = host.status.first_index
    host.written()

    assert (1, 1, 4) == (while_taken, while_named, host.status.first_index)
    assert 1 == len(host.compactions)


def test_a_snapshot_takes_the_place_of_the_one_before() -> None:
    """§5.1: The snapshot before is discarded."""
    host = alone()
    host.request_snapshot()
    host.work_all()
    host.propose(b"c")
    host.work_all()

    host.request_snapshot()
    host.work_all()

    assert [EntryId(1, 3), EntryId(1, 4)] == [order.last_included for order in host.compactions]
    assert EntryId(1, 4) == host.snapshot.last_included


def test_a_slow_follower_does_not_keep_the_log_from_being_compacted() -> None:
    """§5, §5.1: The log is compacted even if a minority does not have it yet."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster.cut_off = {3}
    cluster[1].propose(b"x")
    cluster.settle()

    cluster[1].request_snapshot()
    cluster.settle()

    assert (3, EntryId(1, 1)) == (cluster[1].status.first_index, cluster[3].status.last_log)


def test_a_restart_begins_with_the_snapshot() -> None:
    """§5, §5.1, §3.8: A restart begins with the snapshot, and goes on with the log."""
    host = alone()
    host.request_snapshot()
    host.work_all()

    again = host.restarted()

    assert EntryId(1, 3) == again.restores[0].snapshot.last_included
    assert (3, 0) == (again.status.commit_index, again.status.last_applied)
