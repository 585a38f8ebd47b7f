"""Whether the disk has room, by what was measured."""

import pytest

from leto.server.disk.room import DiskRoom
from leto.server.turn import Turn
from leto.server.world import Log, LogLevel


def test_there_is_room_until_somebody_measured() -> None:
    room = DiskRoom(Turn(), reserve_bytes=100)

    assert (True, None) == (room.has_room, room.free_bytes)


@pytest.mark.parametrize(
    "measured, has_room",
    [
        ([100], True),
        ([99], False),
        ([0, 124], False),  # at the edge it does not change its mind
        ([0, 125], True),
        ([0, 125, 100], True),
        ([0, 125, 99], False),
    ],
)
def test_room_is_judged_by_the_reserve(
    measured: list[int],
    has_room: bool,  # noqa: FBT001 - what is expected
) -> None:
    room = DiskRoom(Turn(), reserve_bytes=100)

    for free_bytes in measured:
        room.measured(free_bytes, snapshot_bytes=0)

    assert (has_room, measured[-1]) == (room.has_room, room.free_bytes)


def test_without_a_reserve_a_disk_is_full_when_nothing_is_left() -> None:
    room = DiskRoom(Turn(), reserve_bytes=0)

    assert [False, True, True] == [room.measured(free_bytes, 0) for free_bytes in (1, 0, 1)]


def test_another_snapshot_must_find_room() -> None:
    room = DiskRoom(Turn(), reserve_bytes=100)

    assert room.measured(1_000, snapshot_bytes=901)
    assert not room.has_room


def test_the_operator_is_told_of_each_change_once() -> None:
    turn = Turn()
    room = DiskRoom(turn, reserve_bytes=100)

    changes = [room.measured(free_bytes, 0) for free_bytes in (500, 99, 50, 200, 300)]

    assert [False, True, False, True, False] == changes
    assert [
        Log(
            LogLevel.ERROR,
            "disk full: writes are refused",
            (("free_bytes", 99), ("needed_bytes", 100)),
        ),
        Log(LogLevel.INFO, "disk has room again: writes are taken", (("free_bytes", 200),)),
    ] == turn.take()
