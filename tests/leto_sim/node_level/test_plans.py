"""Plans are of some kinds of faults, more or less extreme."""

from random import Random
from typing import get_args

from leto.raft import Config
from leto_sim.clock import MS
from leto_sim.faults import Crash, ForceInVain, LoseQuorum
from leto_sim.node_level.faults import (
    AdvanceClock,
    AskInVain,
    AskLeaders,
    Blunder,
    DriftClock,
    Fault,
    Impossible,
    PlannedFault,
    Reshape,
    SetLease,
    StopClock,
)
from leto_sim.node_level.plans import draw_plan, with_disasters, with_moves
from leto_sim.node_level.stage import stage_of

STAGE = stage_of(5, Config(), lease_us=300_000)
DURATION_US = 100_000 * MS
DISASTERS = {LoseQuorum, ForceInVain, AskInVain}


def test_every_fault_is_drawn_by_some_seed_and_by_no_seed_all() -> None:
    plans = [draw_plan(Random(seed), STAGE, DURATION_US) for seed in range(150)]

    kinds = [{type(planned.fault) for planned in plan} for plan in plans]
    assert set(get_args(Fault)) - DISASTERS == {kind for some in kinds for kind in some}
    assert set(get_args(Fault)) not in kinds


def test_faults_strike_in_order_and_within_the_storm() -> None:
    for seed in range(50):
        times = [planned.at_us for planned in draw_plan(Random(seed), STAGE, DURATION_US)]

        assert sorted(times) == times
        assert all(time < DURATION_US for time in times)


def test_disasters_come_to_few_plans_in_the_order_of_time() -> None:
    plan = tuple(PlannedFault(at, Crash(0, 1)) for at in (0, DURATION_US))

    plans = [with_disasters(plan, Random(seed), STAGE, DURATION_US) for seed in range(150)]

    drawn = [planned.fault for drawn in plans for planned in drawn if planned not in plan]
    assert {*DISASTERS, AskLeaders} == {type(fault) for fault in drawn}
    assert 75 < sum(drawn == plan for drawn in plans)
    assert all(sorted(drawn, key=lambda planned: planned.at_us) == [*drawn] for drawn in plans)
    victims = [fault.victims for fault in drawn if isinstance(fault, LoseQuorum)]
    assert all({0, 1, 2, 3, 4} <= set(some) for some in victims)


def test_where_clocks_must_not_err_they_do_not() -> None:
    stage = stage_of(5, Config(), clock_fault_max_us=0)

    plans = [draw_plan(Random(seed), stage, DURATION_US) for seed in range(50)]

    clocks = (AdvanceClock, StopClock, DriftClock)
    assert not any(isinstance(planned.fault, clocks) for plan in plans for planned in plan)


def test_where_leases_are_changed_something_happens_soon_after() -> None:
    plans = [draw_plan(Random(seed), STAGE, DURATION_US) for seed in range(10)]
    plan = max(plans, key=lambda each: sum(isinstance(p.fault, SetLease) for p in each))
    changes = [planned.at_us for planned in plan if isinstance(planned.fault, SetLease)]

    soon = [any(0 < planned.at_us - at_us < 100 * MS for planned in plan) for at_us in changes]

    assert len(changes) > 20
    assert sum(soon) > len(changes) / 2


def test_a_plan_without_a_kind_of_its_own_is_of_crashes() -> None:
    class Reluctant(Random):
        """Leaves every kind out."""

        def random(self) -> float:
            return 0.99

    plan = draw_plan(Reluctant(1), STAGE, 20_000 * MS)

    assert {Crash} == {type(planned.fault) for planned in plan}


def test_in_some_plans_members_move_in_the_order_of_time() -> None:
    reshaping = PlannedFault(0, Reshape(1, 0, (0,), (), ()))

    plans = [with_moves((reshaping,), Random(seed), STAGE, DURATION_US) for seed in range(60)]

    moving = [plan for plan in plans if plan != (reshaping,)]
    assert 10 < len(moving) < 50
    assert all(sorted(plan, key=lambda planned: planned.at_us) == [*plan] for plan in moving)
    faults = [planned.fault for plan in moving for planned in plan]
    assert {Reshape, Crash, Blunder} == {type(fault) for fault in faults}
    assert Blunder(Impossible.ADDRESS_TAKEN) in faults
    assert any(fault.joining and fault.moving for fault in faults if isinstance(fault, Reshape))
    assert any(fault.demoted and fault.moving for fault in faults if isinstance(fault, Reshape))
