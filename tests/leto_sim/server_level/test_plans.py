"""What strikes whole servers in a seed's run, and when."""

from random import Random

from leto.raft import Config
from leto_sim.clock import SECOND
from leto_sim.faults import ForceInVain, LoseQuorum
from leto_sim.server_level.faults import MoveServer, PlannedServerFault, ServerFault
from leto_sim.server_level.plans import draw_plan, with_lost_quorum, with_moves

DURATION_US = 60 * SECOND
PLANS = [draw_plan(Random(seed), 3, 2, Config(), DURATION_US) for seed in range(60)]


def kinds(plan: tuple[PlannedServerFault, ...]) -> set[type[ServerFault]]:
    return {type(planned.fault) for planned in plan}


def test_every_kind_of_fault_is_planned_by_some_seed() -> None:
    drawn_apart = {MoveServer, LoseQuorum, ForceInVain}

    assert set(ServerFault.__args__) - drawn_apart == set[type[ServerFault]]().union(
        *map(kinds, PLANS)
    )


def test_every_seed_plans_some_kinds_of_faults_and_few_plan_all() -> None:
    counts = [len(kinds(plan)) for plan in PLANS]

    assert min(counts) >= 1
    assert counts.count(len(ServerFault.__args__)) < 5


def test_faults_strike_in_order_for_as_long_as_the_storm_lasts() -> None:
    for plan in PLANS:
        times = [planned.at_us for planned in plan]

        assert sorted(times) == times
        assert times[-1] >= DURATION_US or len(plan) == 300


def test_servers_move_in_some_plans_in_the_order_of_time() -> None:
    plans = [with_moves(PLANS[0], Random(seed), 3, Config(), DURATION_US) for seed in range(40)]

    moving = [plan for plan in plans if plan != PLANS[0]]
    assert 5 < len(moving) < 30
    for plan in moving:
        assert sorted(plan, key=lambda planned: planned.at_us) == [*plan]
        added = [planned for planned in plan if planned not in PLANS[0]]
        assert {MoveServer} == kinds(tuple(added))


def test_in_few_seeds_a_quorum_is_lost_and_in_others_somebody_thinks_so() -> None:
    plans = [with_lost_quorum(PLANS[0], Random(seed), 3) for seed in range(200)]

    disasters = [[planned.fault for planned in plan if planned not in PLANS[0]] for plan in plans]
    lost = [fault for faults in disasters for fault in faults if isinstance(fault, LoseQuorum)]
    assert 10 < len(lost) < 40
    assert {True, False} == {fault.best_first for fault in lost}
    assert 10 < sum(any(isinstance(f, ForceInVain) for f in faults) for faults in disasters) < 40
