"""A seed's scenario is a value, strange in its own way."""

from leto_sim.randomness import stream
from leto_sim.server_level.faults import ServerFault
from leto_sim.server_level.scenario import (
    DURATION_US,
    ServerScenario,
    draw_plan,
    draw_server_scenario,
)


def scenarios(count: int = 60) -> list[ServerScenario]:
    return [draw_server_scenario(seed, nodes=3, events_max=100) for seed in range(count)]


def test_same_seed_gives_the_same_scenario() -> None:
    assert draw_server_scenario(7) == draw_server_scenario(7)


def test_seeds_differ() -> None:
    assert len({scenario.config for scenario in scenarios()}) > 40


def test_every_kind_of_fault_is_planned_by_some_seed() -> None:
    kinds = {type(planned.fault) for scenario in scenarios() for planned in scenario.plan}

    assert set(ServerFault.__args__) == kinds


def test_every_seed_plans_some_kinds_of_faults_and_few_plan_all() -> None:
    counts = [len({type(planned.fault) for planned in scenario.plan}) for scenario in scenarios()]

    assert min(counts) >= 1
    assert counts.count(len(ServerFault.__args__)) < 5


def test_faults_strike_in_order_for_as_long_as_the_storm_lasts() -> None:
    plan = draw_plan(stream(1, "plan"), 3, 2, draw_server_scenario(1).config)

    times = [planned.at_us for planned in plan]
    assert sorted(times) == times
    assert times[-1] >= DURATION_US


def test_snapshots_of_large_values_go_in_pieces_that_end_some_day() -> None:
    assert all(
        scenario.config.snapshot_chunk_bytes >= 50 + 2 * scenario.workload.value_bytes
        for scenario in scenarios()
    )


def test_each_machine_has_a_clock() -> None:
    assert {3} == {len(scenario.clocks) for scenario in scenarios()}
