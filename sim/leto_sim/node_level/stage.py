"""What a plan of faults is drawn for: a cluster of some size, patience and clocks.

Responsible for the choices that all kinds of faults have in common: whom one strikes,
whom it separates from whom, how long it lasts.
"""

from random import Random

import attrs

from leto.raft import Config
from leto.raft.types import Micros
from leto_sim.faults import LEADER, Victim

SHARE_AT_LEADER = 0.4


@attrs.frozen(kw_only=True)
class Stage:
    """What a plan is drawn for."""

    nodes: int
    patience_us: Micros  # the longest election timeout
    clock_fault_max_us: Micros  # how far a clock may be wrong at once; 0: not at all
    lets_rates_change: bool
    lease_us: Micros = 0  # the shortest lease; 0: there are none


def stage_of(
    nodes: int,
    config: Config,
    *,
    clock_fault_max_us: Micros | None = None,
    lease_us: Micros = 0,
) -> Stage:
    """For a cluster of that size, whose clocks err by no more than that at once, if it is said."""
    patience_us = config.election_timeout_max_us
    return Stage(
        nodes=nodes,
        patience_us=patience_us,
        clock_fault_max_us=5 * patience_us if clock_fault_max_us is None else clock_fault_max_us,
        lets_rates_change=clock_fault_max_us is None,
        lease_us=lease_us,
    )


def drawn_victim(rng: Random, stage: Stage) -> Victim:
    """Often the leader: most of what can go wrong does so around it."""
    return LEADER if rng.random() < SHARE_AT_LEADER else rng.randrange(stage.nodes)


def drawn_duration_us(rng: Random, stage: Stage) -> Micros:
    """From a moment to several elections."""
    return int(stage.patience_us * rng.choice((0.05, 0.3, 1, 3)) * rng.random())


def drawn_sides(rng: Random, stage: Stage) -> tuple[int, int]:
    """Two sides of a partition; who is on neither is a bridge between them."""
    everybody = (1 << stage.nodes) - 1
    left = rng.randrange(1, 1 << stage.nodes)
    right = everybody & ~left
    if rng.random() < 0.3:  # noqa: PLR2004 - a share
        right &= rng.randrange(1 << stage.nodes)
    return left, right


def drawn_half(rng: Random, stage: Stage) -> tuple[Victim, ...]:
    """A random half of the nodes, in a random order."""
    return tuple(rng.sample(range(stage.nodes), (stage.nodes + 1) // 2))
