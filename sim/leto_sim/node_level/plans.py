"""Plans of faults, drawn from a seed.

Responsible for which faults strike when. Each seed enables some kinds of faults and
leaves others out, some strike often and some seldom (swarm testing). What a fault of
each kind does is drawn by `leto_sim.node_level.kinds`.
"""

from collections.abc import Iterator, Sequence
from random import Random

import attrs

from leto.raft.types import Micros
from leto_sim.faults import LEADER, Crash, ForceInVain, LoseQuorum
from leto_sim.node_level.faults import (
    AskInVain,
    AskLeaders,
    Blunder,
    Impossible,
    PlannedFault,
    Reshape,
)
from leto_sim.node_level.kinds import KINDS, SOON_AFTER_A_LEASE, crash, set_lease
from leto_sim.node_level.stage import SHARE_AT_LEADER, Stage, drawn_half, drawn_victim

_HALF = 0.5
_SHARE_OF_KINDS = 0.4
_SHARE_OF_DISASTERS = 0.1
_SHARE_OF_MISTAKES = 0.1
_SHARE_OF_MOVERS = 0.4
_SHARE_OF_FROZEN_HEIRS = 0.15
_HEELS = 0.02  # of the longest election timeout


def draw_plan(rng: Random, stage: Stage, duration_us: Micros) -> tuple[PlannedFault, ...]:
    """Faults of some kinds, some more often than others, over the stormy part of the run.

    In some runs one often comes on the heels of another: what either does alone is survived.
    """
    kinds = [kind for kind in KINDS if rng.random() < _SHARE_OF_KINDS] or [crash]
    weights = [rng.randint(1, 100) for _ in kinds]
    mean_gap_us = stage.patience_us * rng.choice((0.3, 1, 3))
    on_heels = rng.choice((0.0, 0.0, 0.3))
    plan: list[PlannedFault] = []
    at_us = stage.patience_us + int(rng.expovariate(1 / mean_gap_us))
    while at_us < duration_us:
        (kind,) = rng.choices(kinds, weights)
        fault = kind(rng, stage)
        if fault is not None:
            plan.append(PlannedFault(at_us, fault))
        at_us += _gap_us(
            rng, stage.patience_us * _HEELS if rng.random() < on_heels else mean_gap_us
        )
    if stage.lease_us and rng.random() < _HALF:
        plan = sorted(
            [*plan, *_changing_leases(rng, stage, duration_us)], key=lambda each: each.at_us
        )
    return tuple(plan)


def with_disasters(
    plan: Sequence[PlannedFault], rng: Random, stage: Stage, duration_us: Micros
) -> tuple[PlannedFault, ...]:
    """What few seeds have, beside their plan.

    A quorum is lost for good; an operator thinks so who is wrong; leaders hand over in vain.
    """
    disasters: list[PlannedFault] = []
    if rng.random() < _SHARE_OF_DISASTERS:
        victims = tuple(rng.sample(range(stage.nodes), stage.nodes))
        if rng.random() < SHARE_AT_LEADER:
            victims = (LEADER, *victims)
        disasters.append(
            PlannedFault(
                rng.randrange(duration_us * 3 // 4),
                LoseQuorum(victims, best_first=rng.random() < _HALF),
            )
        )
    if rng.random() < _SHARE_OF_MISTAKES:
        times = sorted(rng.randrange(duration_us) for _ in range(3))
        disasters += [PlannedFault(at, ForceInVain(drawn_victim(rng, stage))) for at in times]
    if rng.random() < _SHARE_OF_FROZEN_HEIRS:
        disasters += _vain_hand_overs(rng, stage, duration_us)
    return tuple(sorted((*plan, *disasters), key=lambda planned: planned.at_us))


def with_moves(
    plan: Sequence[PlannedFault], rng: Random, stage: Stage, duration_us: Micros
) -> tuple[PlannedFault, ...]:
    """In some seeds members move to other addresses, often while they are down.

    By themselves, or in the same change in which others come and go.
    """
    if rng.random() > _SHARE_OF_MOVERS:
        return tuple(plan)
    moved = [_moving_too(planned, rng, stage) for planned in plan]
    at_us = stage.patience_us
    while (at_us := at_us + 1 + _gap_us(rng, 6 * stage.patience_us)) < duration_us:
        movers = drawn_half(rng, stage)[: rng.randint(1, 2)]
        # Of two voters at once, so that the change is joint (§4.3); or of none.
        demoted = drawn_half(rng, stage)[:2] if rng.random() < _HALF else ()
        moved.append(PlannedFault(at_us, Reshape(0, 0, (), demoted, (), movers)))
        if rng.random() < _HALF:
            down = Crash(movers[0], 2 * stage.patience_us)
            moved.append(PlannedFault(at_us - 1, down))
        if rng.random() < _HALF:
            moved.append(PlannedFault(at_us, Blunder(Impossible.ADDRESS_TAKEN)))
    return tuple(sorted(moved, key=lambda planned: planned.at_us))


def _moving_too(planned: PlannedFault, rng: Random, stage: Stage) -> PlannedFault:
    fault = planned.fault
    if not isinstance(fault, Reshape) or rng.random() < _HALF:
        return planned
    movers = drawn_half(rng, stage)[: rng.randint(1, 2)]
    return attrs.evolve(planned, fault=attrs.evolve(fault, moving=movers))


def _vain_hand_overs(rng: Random, stage: Stage, duration_us: Micros) -> Iterator[PlannedFault]:
    """Leaders that hand over in vain, and are asked to read once they have given it up."""
    for _ in range(rng.choice((3, 10))):
        at_us = rng.randrange(duration_us)
        yield PlannedFault(at_us, AskInVain(int(stage.patience_us * rng.choice((1.5, 3)))))
        questions = AskLeaders(stage.patience_us // 20, 20, 0, by_lease=bool(stage.lease_us))
        yield PlannedFault(at_us + stage.patience_us, questions)


def _changing_leases(rng: Random, stage: Stage, duration_us: Micros) -> Iterator[PlannedFault]:
    """An operator who changes the leases again and again: only the next moments matter."""
    mean_gap_us = stage.lease_us * rng.choice((1, 3))
    at_us = stage.patience_us + _gap_us(rng, mean_gap_us)
    while at_us < duration_us:
        when_us = at_us
        for kind in (set_lease, *rng.sample(SOON_AFTER_A_LEASE, 2)):
            fault = kind(rng, stage)
            if fault is not None and when_us < duration_us:
                yield PlannedFault(when_us, fault)
            when_us += _gap_us(rng, stage.patience_us * _HEELS)
        at_us += _gap_us(rng, mean_gap_us)


def _gap_us(rng: Random, mean_us: float) -> Micros:
    return int(rng.expovariate(1 / mean_us))
