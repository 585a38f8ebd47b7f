"""A seed's scenario is a value, strange in its own way."""

from leto_sim.server_level.scenario import (
    ServerScenario,
    draw_server_scenario,
)


def scenarios(count: int = 60) -> list[ServerScenario]:
    return [draw_server_scenario(seed, nodes=3, events_max=100) for seed in range(count)]


def test_same_seed_gives_the_same_scenario() -> None:
    assert draw_server_scenario(7) == draw_server_scenario(7)


def test_seeds_differ() -> None:
    assert len({scenario.config for scenario in scenarios()}) > 40


def test_snapshots_of_large_values_go_in_pieces_that_end_some_day() -> None:
    assert all(
        scenario.config.snapshot_chunk_bytes >= 50 + 2 * scenario.workload.value_bytes
        for scenario in scenarios()
    )


def test_each_machine_has_a_clock() -> None:
    assert {3} == {len(scenario.clocks) for scenario in scenarios()}
