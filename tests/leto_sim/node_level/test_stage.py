"""Whom faults strike, and for how long, on a given stage."""

from random import Random

from leto.raft import Config
from leto_sim.faults import LEADER
from leto_sim.node_level.stage import (
    drawn_duration_us,
    drawn_half,
    drawn_sides,
    drawn_victim,
    stage_of,
)

NODES = 5
STAGE = stage_of(NODES, Config())


def test_every_node_is_a_victim_and_the_leader_more_often_than_any() -> None:
    victims = [drawn_victim(Random(seed), STAGE) for seed in range(300)]

    assert {LEADER, *range(NODES)} == set(victims)
    assert LEADER == max(set(victims), key=victims.count)


def test_nobody_is_on_both_sides_and_some_are_on_neither() -> None:
    everybody = (1 << NODES) - 1

    pairs = [drawn_sides(Random(seed), STAGE) for seed in range(100)]

    assert not any(left & right for left, right in pairs)
    assert {True, False} == {left | right == everybody for left, right in pairs}


def test_half_of_the_nodes_are_some_of_them_once() -> None:
    some = drawn_half(Random(1), STAGE)

    assert 3 == len(set(some)) == len(some)
    assert set(some) <= set(range(NODES))


def test_a_fault_lasts_from_a_moment_to_several_elections() -> None:
    durations = [drawn_duration_us(Random(seed), STAGE) for seed in range(100)]

    assert min(durations) < STAGE.patience_us / 20
    assert STAGE.patience_us < max(durations) < 3 * STAGE.patience_us


def test_how_far_clocks_err_is_said_or_five_elections() -> None:
    said = stage_of(NODES, Config(), clock_fault_max_us=7)

    assert (7, False) == (said.clock_fault_max_us, said.lets_rates_change)
    assert (5 * STAGE.patience_us, True) == (STAGE.clock_fault_max_us, STAGE.lets_rates_change)
