"""Each seed is strange in its own way, and always in the same."""

from leto_sim.node_level.faults import AdvanceClock, DriftClock, StopClock
from leto_sim.node_level.scenario import (
    CLOCK_FAULT_MAX,
    DRIFT_BESIDE_FAULTS,
    LEASE_DRIFT_MAX,
    NODES_MAX,
    draw_scenario,
)

SCENARIOS = [draw_scenario(seed) for seed in range(300)]


def test_a_seed_is_a_scenario() -> None:
    assert draw_scenario(5) == draw_scenario(5)
    assert draw_scenario(5) != draw_scenario(6)


def test_a_seed_draws_how_many_nodes_there_are_unless_it_is_told() -> None:
    assert set(range(1, NODES_MAX + 1)) == {scenario.nodes for scenario in SCENARIOS}
    assert {4} == {draw_scenario(seed, nodes=4).nodes for seed in range(20)}


def test_some_nodes_are_learners_and_some_are_preferred() -> None:
    assert all(scenario.learners < scenario.nodes for scenario in SCENARIOS)
    assert {0, 1, 2, 4} <= {scenario.learners for scenario in SCENARIOS}
    assert {0, 1, 2, 3} == {p for scenario in SCENARIOS for p in scenario.priorities}
    assert all(scenario.priorities[0] for scenario in SCENARIOS if scenario.priorities)


def test_settings_are_extreme() -> None:
    configs = [scenario.config for scenario in SCENARIOS]

    assert {1, 200, 2**20} == {config.append_bytes_max for config in configs}
    assert {0, 1} < {config.trailing_entries for config in configs}
    assert {1, 3} < {config.snapshot_after_entries for config in configs}


def test_where_leases_rely_on_clocks_these_err_within_the_bound() -> None:
    relying = [s for s in SCENARIOS if s.lease_us and not s.breaks_clock_bound]

    assert relying
    for scenario in relying:
        assert scenario.clock_drift <= LEASE_DRIFT_MAX
        for planned in scenario.plan:
            match planned.fault:
                case AdvanceClock(by_us=error_us) | StopClock(for_us=error_us):
                    assert error_us <= CLOCK_FAULT_MAX * scenario.lease_us
                    assert scenario.clock_drift <= DRIFT_BESIDE_FAULTS
                case fault:
                    assert not isinstance(fault, DriftClock)


def test_elsewhere_clocks_err_beyond_all_bounds() -> None:
    assert any(scenario.clock_drift > LEASE_DRIFT_MAX for scenario in SCENARIOS)
    assert any(scenario.lease_us and scenario.breaks_clock_bound for scenario in SCENARIOS)
    assert not any(s.breaks_clock_bound for s in SCENARIOS if not s.lease_us)


def test_a_storm_lasts_longer_the_more_events_there_may_be() -> None:
    assert draw_scenario(5).duration_us > draw_scenario(5, events_max=1_000).duration_us
