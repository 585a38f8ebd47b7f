"""Leases hold with the drift that they tolerate, and the measurement sees where they do not."""

import attrs
import pytest

from leto_sim.node_level import drift
from leto_sim.node_level.drift import Measured, drift_scenario, measure
from leto_sim.node_level.faults import DriftClock, Isolate
from leto_sim.node_level.scenario import Scenario


def test_each_leader_in_turn_has_a_slow_clock_and_is_cut_off() -> None:
    scenario = drift_scenario(1, 0.2)

    faults = [planned.fault for planned in scenario.plan]
    assert [DriftClock, Isolate] * (len(faults) // 2) == [type(fault) for fault in faults]
    assert {800_000} == {fault.rate for fault in faults if isinstance(fault, DriftClock)}
    assert not scenario.breaks_clock_bound


def test_runs_in_which_a_lease_breaks_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def brief(seed: int, drift: float) -> Scenario:
        # One cut is enough for a clock that is far too slow, and none for a good one.
        return attrs.evolve(drift_scenario(seed, drift), duration_us=1_500_000)

    monkeypatch.setattr(drift, "drift_scenario", brief)

    measured = measure((0.0, 0.3), [1])

    assert [
        Measured(drift=0.0, runs=1, broken=0),
        Measured(drift=0.3, runs=1, broken=1),
    ] == measured
