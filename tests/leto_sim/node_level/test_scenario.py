"""Each seed is strange in its own way, and always in the same."""

from random import Random

from leto.raft import Config
from leto_sim.node_level.faults import (
    AddNode,
    Ambush,
    Crash,
    CutLinks,
    FailDisk,
    FillDisk,
    Isolate,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    Storm,
    TakeSnapshotNow,
    TransferLeadership,
)
from leto_sim.node_level.scenario import LEASE_DRIFT_MAX, MS, draw_plan, draw_scenario

EVERY_FAULT = {
    AddNode,
    Ambush,
    Crash,
    CutLinks,
    FailDisk,
    FillDisk,
    Isolate,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    Storm,
    TakeSnapshotNow,
    TransferLeadership,
}


def test_a_seed_is_a_scenario() -> None:
    assert draw_scenario(5) == draw_scenario(5)
    assert draw_scenario(5) != draw_scenario(6)


def test_every_fault_is_drawn_by_some_seed_and_by_no_seed_all() -> None:
    kinds = [{type(planned.fault) for planned in draw_scenario(n).plan} for n in range(100)]

    assert EVERY_FAULT == {kind for some in kinds for kind in some}
    assert EVERY_FAULT not in kinds


def test_faults_strike_in_order_and_within_the_storm() -> None:
    for seed in range(50):
        scenario = draw_scenario(seed, nodes=5)
        times = [planned.at_us for planned in scenario.plan]

        assert sorted(times) == times
        assert all(time < scenario.duration_us for time in times)


def test_settings_are_extreme() -> None:
    configs = [draw_scenario(seed).config for seed in range(100)]

    assert {1, 200, 2**20} == {config.append_bytes_max for config in configs}
    assert 0 in {config.trailing_entries for config in configs}
    assert 3 in {config.snapshot_after_entries for config in configs}


def test_leases_are_tried_only_with_clocks_that_they_are_meant_for() -> None:
    scenarios = [draw_scenario(seed) for seed in range(200)]

    leased = [scenario for scenario in scenarios if scenario.lease_us]
    assert leased
    assert all(scenario.clock_drift <= LEASE_DRIFT_MAX for scenario in leased)
    assert any(scenario.clock_drift > LEASE_DRIFT_MAX for scenario in scenarios)


def test_a_storm_lasts_longer_the_more_events_there_may_be() -> None:
    assert draw_scenario(5).duration_us > draw_scenario(5, events_max=1_000).duration_us


def test_a_plan_without_a_kind_of_its_own_is_of_crashes() -> None:
    class Reluctant(Random):
        """Leaves every kind out."""

        def random(self) -> float:
            return 0.99

    plan = draw_plan(Reluctant(1), 3, Config(), 20_000 * MS)

    assert {Crash} == {type(planned.fault) for planned in plan}
