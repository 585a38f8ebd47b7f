"""A random quorum, and no more than that unless guests may stay."""

from random import Random

from leto.raft.configuration import Configuration, Member
from leto.raft.types import NodeId
from leto_sim.core import draw_core

IDS = [NodeId(number) for number in range(1, 6)]


def configuration(*ids: int) -> Configuration:
    return Configuration(
        tuple(Member(node_id=NodeId(i), name=f"id{i}", address=f"id{i}:1") for i in ids)
    )


def draw(seed: int, *configurations: Configuration, guests: float = 0.0) -> set[NodeId] | None:
    core = draw_core(IDS, lambda node_id: node_id, configurations, Random(seed), guests=guests)
    return None if core is None else set(core)


def test_it_is_a_quorum_and_nobody_is_in_it_who_is_not_needed() -> None:
    cores = [draw(seed, configuration(1, 2, 3, 4, 5)) for seed in range(50)]

    assert {3} == {len(core or ()) for core in cores}
    assert set(IDS) == set[NodeId]().union(*(core or set() for core in cores))


def test_it_is_a_quorum_of_each_configuration() -> None:
    for seed in range(20):
        core = draw(seed, configuration(1, 2, 3), configuration(3, 4, 5))

        assert core is not None
        assert len(core & {1, 2, 3}) >= 2
        assert len(core & {3, 4, 5}) >= 2


def test_some_guests_stay_if_they_may() -> None:
    sizes = {len(draw(seed, configuration(1, 2, 3), guests=0.5) or ()) for seed in range(50)}

    assert {2, 3, 4, 5} == sizes


def test_there_is_none_where_too_many_are_missing() -> None:
    assert draw(1, configuration(5, 6, 7)) is None
