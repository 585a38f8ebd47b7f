"""What a node is doing about snapshots at the moment."""

from typing import TYPE_CHECKING

from leto.raft.entries import SnapshotMark
from leto.raft.snapshot_work import SnapshotWork

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


def test_the_state_machine_is_behind_from_the_naming_to_the_restore(make: "type[Make]") -> None:
    mark = SnapshotMark(configuration=make.configuration(1))

    assert not SnapshotWork().is_behind
    assert SnapshotWork(to_restore=mark).is_behind
    assert SnapshotWork(restoring=mark).is_behind
