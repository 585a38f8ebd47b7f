"""Plans of faults for whole servers, drawn from a seed.

Responsible for which faults strike when, swarm style, as `leto_sim.node_level.plans` does
for nodes: each seed enables some kinds of faults and leaves others out.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import attrs

from leto.raft import Config
from leto.raft.types import Micros
from leto.sessions import SESSION_TTL_MS
from leto_sim.clock import SECOND
from leto_sim.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    ForceInVain,
    LoseDisk,
    LoseQuorum,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
)
from leto_sim.server_level.damage import DiskDamage
from leto_sim.server_level.faults import (
    CutPower,
    DamageDisk,
    FillDisk,
    JumpClock,
    MoveServer,
    PlannedServerFault,
    ResetStreams,
    ServerFault,
    StopServer,
    TypeCommand,
)

MOST_OF_A_SESSION_MS: Final = SESSION_TTL_MS * 2 // 3
"""By so much wall clocks may be wrong: a session in use outlives one such jump after the other."""

_HALF: Final = 0.5
_ON_THE_HEELS: Final = 0.1  # of the time that nodes wait for a leader, on average
_FAULTS_MAX: Final = 300  # far more than ten thousand events have room for
_SHARE_OF_MOVERS: Final = 0.3
_SHARE_OF_DISASTERS: Final = 0.1
_SHARE_OF_VAIN_ORDERS: Final = 0.1


def draw_plan(
    rng: Random, nodes: int, clients: int, config: Config, duration_us: Micros
) -> tuple[PlannedServerFault, ...]:
    """Faults of some kinds, at some rate, from the founding on or soon after it.

    Some come on the heels of others: what one fault begins the next one interrupts.
    """
    kinds = [kind for kind in _KINDS if rng.random() < _HALF] or [_kill]
    patience_us = config.election_timeout_max_us
    mean_gap_us = patience_us * rng.choice((0.3, 1, 3))
    heels = rng.choice((0.0, 0.3, 0.6))
    at_us = rng.choice((0, SECOND // 2))
    plan: list[PlannedServerFault] = []
    while at_us < duration_us and len(plan) < _FAULTS_MAX:
        mean_us = patience_us * _ON_THE_HEELS if rng.random() < heels else mean_gap_us
        at_us += 1 + int(rng.expovariate(1 / mean_us))
        draw = rng.choice(kinds)
        plan.append(PlannedServerFault(at_us, draw(rng, _Cast(nodes, clients, patience_us))))
    return tuple(plan)


def with_moves(
    plan: Sequence[PlannedServerFault], rng: Random, nodes: int, config: Config, duration_us: Micros
) -> tuple[PlannedServerFault, ...]:
    """In some seeds servers move to other addresses."""
    if rng.random() > _SHARE_OF_MOVERS:
        return tuple(plan)
    cast = _Cast(nodes, 0, config.election_timeout_max_us)
    mean_gap_us = rng.choice((SECOND, 4 * SECOND))
    moved, at_us = list(plan), 3 * SECOND
    while (at_us := at_us + 1 + int(rng.expovariate(1 / mean_gap_us))) < duration_us:
        fault = MoveServer(cast.victim(rng), cast.while_us(rng))
        moved.append(PlannedServerFault(at_us, fault))
    return tuple(sorted(moved, key=lambda planned: planned.at_us))


def with_lost_quorum(
    plan: Sequence[PlannedServerFault], rng: Random, nodes: int
) -> tuple[PlannedServerFault, ...]:
    """In few seeds a quorum is lost for good; in others somebody thinks so who is wrong."""
    disasters: list[PlannedServerFault] = []
    if rng.random() < _SHARE_OF_DISASTERS:
        victims = tuple(rng.sample(range(nodes), nodes))
        if rng.random() < _LEADERS_SHARE:
            victims = (LEADER, *victims)
        fault = LoseQuorum(victims, best_first=rng.random() < _HALF)
        disasters.append(PlannedServerFault(rng.randrange(4 * SECOND), fault))
    if rng.random() < _SHARE_OF_VAIN_ORDERS:
        times = sorted(rng.randrange(SECOND, 10 * SECOND) for _ in range(3))
        disasters += [PlannedServerFault(at, ForceInVain(rng.randrange(nodes))) for at in times]
    return tuple(sorted((*plan, *disasters), key=lambda planned: planned.at_us))


# --- kinds of faults ---------------------------------------------------------------------


@attrs.frozen
class _Cast:
    """Who can be hurt, and how long they are ready to wait."""

    nodes: int
    clients: int
    patience_us: Micros

    def victim(self, rng: Random) -> int:
        """Often the leader: most of what can go wrong does so around it."""
        return LEADER if rng.random() < _LEADERS_SHARE else rng.randrange(self.nodes)

    def while_us(self, rng: Random) -> Micros:
        """From a moment to several elections."""
        return int(self.patience_us * rng.choice((0.05, 0.3, 1, 3)) * rng.random())


_LEADERS_SHARE: Final = 0.4
_ONE_WAY_SHARE: Final = 0.4


def _kill(rng: Random, cast: _Cast) -> ServerFault:
    return Crash(cast.victim(rng), cast.while_us(rng))


def _cut_power(rng: Random, cast: _Cast) -> ServerFault:
    return CutPower(cast.victim(rng), cast.while_us(rng))


def _stop(rng: Random, cast: _Cast) -> ServerFault:
    return StopServer(cast.victim(rng), cast.while_us(rng))


def _pause(rng: Random, cast: _Cast) -> ServerFault:
    return Pause(cast.victim(rng), cast.while_us(rng))


def _cut_links(rng: Random, cast: _Cast) -> ServerFault:
    machines = cast.nodes if rng.random() < _HALF else cast.nodes + cast.clients
    left = rng.randrange(1, 1 << machines)
    right = ~left & ((1 << machines) - 1)
    if rng.random() < _HALF:
        right &= rng.randrange(1 << machines)  # who is on neither side is a bridge
    return CutLinks(left, right, rng.random() < _ONE_WAY_SHARE, 2 * cast.while_us(rng))


def _reset(rng: Random, cast: _Cast) -> ServerFault:
    return ResetStreams(cast.victim(rng))


def _stall(rng: Random, cast: _Cast) -> ServerFault:
    return StallDisk(cast.victim(rng), cast.while_us(rng))


def _fail(rng: Random, cast: _Cast) -> ServerFault:
    return FailDisk(cast.victim(rng), cast.while_us(rng))


def _lose(rng: Random, cast: _Cast) -> ServerFault:
    return LoseDisk(cast.victim(rng))


def _remove(rng: Random, cast: _Cast) -> ServerFault:
    return RemoveNode(cast.victim(rng))


def _jump(rng: Random, cast: _Cast) -> ServerFault:
    by_ms = rng.choice((-86_400_000, -700, 700, MOST_OF_A_SESSION_MS, 86_400_000))
    return JumpClock(cast.victim(rng), by_ms)


def _snapshot(rng: Random, cast: _Cast) -> ServerFault:
    return TakeSnapshotNow(cast.victim(rng))


def _fill(rng: Random, cast: _Cast) -> ServerFault:
    return FillDisk(cast.victim(rng), cast.while_us(rng), to_the_brim=rng.random() < _HALF)


def _transfer(rng: Random, cast: _Cast) -> ServerFault:
    name = f"id{rng.randint(1, cast.nodes)}"
    return TypeCommand(("RAFT", "TRANSFER", *rng.choice(((), (name,)))))


def _prefer(rng: Random, cast: _Cast) -> ServerFault:
    name = f"id{rng.randint(1, cast.nodes)}"
    return TypeCommand(("RAFT", "PRIORITY", name, str(rng.randint(1, 3))))


def _lease(rng: Random, cast: _Cast) -> ServerFault:
    lease_us = cast.patience_us * rng.choice((0, 0.1, 0.5, 1))
    return TypeCommand(("RAFT", "LEASE", str(int(lease_us // 1000))))


def _damage(rng: Random, cast: _Cast) -> ServerFault:
    damage = rng.choice(tuple(DiskDamage))
    return DamageDisk(cast.victim(rng), damage, dies=rng.random() < _HALF)


def _fail_reads(rng: Random, cast: _Cast) -> ServerFault:
    return FailReads(cast.victim(rng), rng.randint(1, 3))


_KINDS: Final[Sequence[Callable[[Random, _Cast], ServerFault]]] = (
    _kill,
    _cut_power,
    _stop,
    _pause,
    _cut_links,
    _reset,
    _stall,
    _fail,
    _lose,
    _remove,
    _jump,
    _snapshot,
    _fill,
    _transfer,
    _prefer,
    _lease,
    _damage,
    _fail_reads,
)
