"""The one ordered lane to the disk."""

import pytest

from leto.raft.errors import EventOutOfOrder
from leto.server.disk.disk_lane import DiskLane
from leto.server.turn import Turn
from leto.server.world import DiskJob, SyncDirectory


@pytest.fixture
def turn() -> Turn:
    return Turn()


def test_results_reach_whoever_ordered_the_job(turn: Turn) -> None:
    lane = DiskLane(turn)
    results: list[tuple[str, tuple[bytes, ...]]] = []
    lane.perform((SyncDirectory(),), lambda data: results.append(("first", data)))
    lane.perform((), lambda data: results.append(("second", data)))

    lane.done(1, (b"x",))
    lane.done(2, ())

    assert [DiskJob(1, (SyncDirectory(),)), DiskJob(2, ())] == turn.take()
    assert [("first", (b"x",)), ("second", ())] == results


def test_a_job_out_of_order_is_the_worlds_mistake(turn: Turn) -> None:
    lane = DiskLane(turn)
    lane.perform((), lambda _: None)
    lane.perform((), lambda _: None)

    with pytest.raises(EventOutOfOrder):
        lane.done(2, ())


def test_after_a_failure_nothing_is_ordered_any_more(turn: Turn) -> None:
    lane = DiskLane(turn)
    lane.perform((), lambda _: None)
    turn.take()

    lane.fail()
    lane.perform((), lambda _: None)

    assert [] == turn.take()
    with pytest.raises(EventOutOfOrder):
        lane.done(1, ())
