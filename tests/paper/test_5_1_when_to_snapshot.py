"""§5.1.1 and 5.1.2 Snapshots while serving, and when they are taken."""

import pytest

from leto.raft.actions import SnapshotDone
from leto.raft.config import Config
from leto.raft.types import EntryId
from tests.support.hosts import Make
from tests.support.situations import alone


def test_proposals_go_on_while_a_snapshot_is_written() -> None:
    """§5.1.1: Commands go on while a snapshot is written, which shows the state as it was."""
    host = alone()
    request = host.request_snapshot()

    proposal = host.propose(b"c")
    host.written()
    host.apply()

    assert (True, False) == (proposal in host.answers, request in host.answers)
    host.take(b"frozen before")
    host.written()
    assert SnapshotDone(EntryId(1, 3)) == host.answers[request]


@pytest.mark.parametrize(
    "config",
    [Config(snapshot_after_entries=3), Config(snapshot_after_bytes=100)],
    ids=["entries", "bytes"],
)
def test_a_snapshot_is_taken_when_the_log_has_grown_enough(config: Config) -> None:
    """§5.1.2: A snapshot is taken when the log has grown enough."""
    host = Make.leader(config=config)
    before = len(host.takes)

    host.propose(b"a", b"b")
    host.written()
    host.apply()

    assert (0, 1) == (before, len(host.takes))


def test_the_log_may_grow_as_large_as_the_last_snapshot() -> None:
    """§5.1.2: Counted in bytes, the log may grow as large as the last snapshot."""
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
