"""A quorum is lost when nobody who is left knows a configuration of which they are one."""

from collections.abc import Collection

from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Entry
from leto.raft.types import EntryId, NodeId
from leto_sim.lost_quorum import Left, are_no_quorum, configurations_of, least_lost, some_hold
from leto_sim.platter import LogImage, Platter


def configuration(*ids: int) -> Configuration:
    return Configuration(
        tuple(Member(node_id=NodeId(i), name=f"id{i}", address=f"id{i}:1") for i in ids)
    )


def log(*configurations: Configuration) -> LogImage:
    entries = [Entry(EntryId(1, index), one) for index, one in enumerate(configurations, 1)]
    return LogImage(entries=entries)


def left(node_id: int, *on_disk: Configuration, in_memory: LogImage | None = None) -> Left:
    platter = Platter()
    platter.log = log(*on_disk)
    return Left(NodeId(node_id), platter, in_memory)


def too_few(lost: Collection[int]) -> bool:
    return len(lost) >= 2


def test_no_more_are_lost_than_it_takes() -> None:
    assert [3, 1] == least_lost([], [3, 1, 2], too_few)


def test_who_is_lost_already_counts_and_is_lost_once() -> None:
    assert [3, 1] == least_lost([3], [3, 1, 2], too_few)


def test_nobody_is_to_be_lost_if_all_of_them_are_too_few() -> None:
    assert least_lost([], [1], too_few) is None


def test_one_of_three_is_no_quorum_and_two_are() -> None:
    three = configuration(1, 2, 3)

    assert are_no_quorum([left(1, three)])
    assert not are_no_quorum([left(1, three), left(2, three)])


def test_a_configuration_that_one_of_them_may_come_back_to_counts() -> None:
    one, two = configuration(1), configuration(1, 2)

    assert not are_no_quorum([left(1, one, two)])


def test_what_is_on_its_way_to_the_disk_counts_too() -> None:
    three = configuration(1, 2, 3)
    in_memory = log(three, configuration(1))

    assert not are_no_quorum([left(1, three, in_memory=in_memory)])
    assert 3 == len(list(configurations_of(left(1, three, in_memory=in_memory))))


def test_what_one_disk_holds_need_not_be_lost() -> None:
    three = configuration(1, 2, 3)
    behind, ahead = left(1, three), left(2, three, three)

    assert some_hold([behind, ahead], EntryId(1, 2))
    assert not some_hold([behind], EntryId(1, 2))


def test_who_runs_knows_its_log_beyond_its_disk() -> None:
    three = configuration(1, 2, 3)

    assert EntryId(1, 1) == left(1, three).last
    assert EntryId(1, 2) == left(1, three, in_memory=log(three, three)).last
