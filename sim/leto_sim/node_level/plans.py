"""Plans of faults, drawn from a seed.

Responsible for which faults strike when. Each seed enables some kinds of faults and
leaves others out, some strike often and some seldom (swarm testing), and what a fault
does ranges from hardly anything to more than anybody could bear.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random

import attrs

from leto.raft import Config
from leto.raft.types import Micros
from leto_sim.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
    Victim,
)
from leto_sim.node_level.faults import (
    AddNode,
    AdvanceClock,
    Ambush,
    AskInVain,
    AskLeaders,
    Blunder,
    ClogLinks,
    CorruptDisk,
    CrashWhenSending,
    CrashWhileWriting,
    CutOffWhenSending,
    CutRing,
    Direction,
    DriftClock,
    Fault,
    FillDisk,
    FlapLinks,
    ForceInVain,
    Freeze,
    Impossible,
    Isolate,
    LoseQuorum,
    Oust,
    PlannedFault,
    Reshape,
    Revolt,
    SetLease,
    SlowDown,
    SlowLinks,
    StopClock,
    Storm,
    Strand,
    Swizzle,
    TakeSnapshotWhileBusy,
    TransferLeadership,
)

_HALF = 0.5
_SHARE_OF_KINDS = 0.4
_SHARE_AT_LEADER = 0.4
_SHARE_OF_DISASTERS = 0.1
_SHARE_OF_MISTAKES = 0.1
_SHARE_OF_MOVERS = 0.4
_SHARE_OF_FROZEN_HEIRS = 0.15
_HEELS = 0.02  # of the longest election timeout


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


def draw_plan(rng: Random, stage: Stage, duration_us: Micros) -> tuple[PlannedFault, ...]:
    """Faults of some kinds, some more often than others, over the stormy part of the run.

    In some runs one often comes on the heels of another: what either does alone is survived.
    """
    kinds = [kind for kind in KINDS if rng.random() < _SHARE_OF_KINDS] or [_crash]
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
        if rng.random() < _SHARE_AT_LEADER:
            victims = (LEADER, *victims)
        disasters.append(
            PlannedFault(
                rng.randrange(duration_us * 3 // 4),
                LoseQuorum(victims, best_first=rng.random() < _HALF),
            )
        )
    if rng.random() < _SHARE_OF_MISTAKES:
        times = sorted(rng.randrange(duration_us) for _ in range(3))
        disasters += [PlannedFault(at, ForceInVain(_victim(rng, stage))) for at in times]
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
        movers = _some(rng, stage)[: rng.randint(1, 2)]
        # Of two voters at once, so that the change is joint (§4.3); or of none.
        demoted = _some(rng, stage)[:2] if rng.random() < _HALF else ()
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
    movers = _some(rng, stage)[: rng.randint(1, 2)]
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
        for kind in (_set_lease, *rng.sample(_SOON_AFTER, 2)):
            fault = kind(rng, stage)
            if fault is not None and when_us < duration_us:
                yield PlannedFault(when_us, fault)
            when_us += _gap_us(rng, stage.patience_us * _HEELS)
        at_us += _gap_us(rng, mean_gap_us)


def _gap_us(rng: Random, mean_us: float) -> Micros:
    return int(rng.expovariate(1 / mean_us))


# --- what they have in common ------------------------------------------------------------


def _victim(rng: Random, stage: Stage) -> Victim:
    """Often the leader: most of what can go wrong does so around it."""
    return LEADER if rng.random() < _SHARE_AT_LEADER else rng.randrange(stage.nodes)


def _while_us(rng: Random, stage: Stage) -> Micros:
    """From a moment to several elections."""
    return int(stage.patience_us * rng.choice((0.05, 0.3, 1, 3)) * rng.random())


def _sides(rng: Random, stage: Stage) -> tuple[int, int]:
    """Two sides of a partition; who is on neither is a bridge between them."""
    everybody = (1 << stage.nodes) - 1
    left = rng.randrange(1, 1 << stage.nodes)
    right = everybody & ~left
    if rng.random() < 0.3:  # noqa: PLR2004 - a share
        right &= rng.randrange(1 << stage.nodes)
    return left, right


def _some(rng: Random, stage: Stage) -> tuple[Victim, ...]:
    """A random half of the nodes, in a random order."""
    return tuple(rng.sample(range(stage.nodes), (stage.nodes + 1) // 2))


# --- processes and clocks ----------------------------------------------------------------


def _crash(rng: Random, stage: Stage) -> Fault:
    return Crash(_victim(rng, stage), _while_us(rng, stage))


def _crash_while_writing(rng: Random, stage: Stage) -> Fault:
    return CrashWhileWriting(_victim(rng, stage), _while_us(rng, stage))


_TELLING = (
    "AppendEntries",
    "AppendEntriesResponse",
    "InstallSnapshot",
    "InstallSnapshotResponse",
    "PreVoteResponse",
    "ReadIndexResponse",
    "RequestVote",
    "RequestVoteResponse",
    "TimeoutNow",
)


def _crash_when_sending(rng: Random, stage: Stage) -> Fault:
    return CrashWhenSending(_victim(rng, stage), rng.choice(_TELLING), _while_us(rng, stage))


def _ambush(rng: Random, stage: Stage) -> Fault:
    return Ambush(
        leaders=rng.randint(1, 4),
        delay_us=int(stage.patience_us * rng.choice((0.01, 0.05, 0.2)) * rng.random()),
        down_us=_while_us(rng, stage),
        unheard=rng.random() < _HALF,
    )


def _pause(rng: Random, stage: Stage) -> Fault:
    return Pause(_victim(rng, stage), _while_us(rng, stage))


def _freeze(rng: Random, stage: Stage) -> Fault:
    left, _ = _sides(rng, stage)
    return Freeze(left, int(stage.patience_us * rng.choice((0.3, 1, 2)) * (_HALF + rng.random())))


def _revolt(rng: Random, stage: Stage) -> Fault:
    everybody = (1 << stage.nodes) - 1
    left = everybody if rng.random() < _HALF else _sides(rng, stage)[0]
    return Revolt(left, int(stage.patience_us * rng.choice((0.3, 1, 3))))


def _slow_down(rng: Random, stage: Stage) -> Fault:
    event_us = int(stage.patience_us * rng.choice((0.001, 0.01, 0.1)))
    return SlowDown(_victim(rng, stage), event_us, 2 * _while_us(rng, stage))


def _advance_clock(rng: Random, stage: Stage) -> Fault | None:
    by_us = int(stage.clock_fault_max_us * rng.choice((0.1, 1)) * rng.random())
    return AdvanceClock(_victim(rng, stage), by_us) if by_us else None


def _stop_clock(rng: Random, stage: Stage) -> Fault | None:
    for_us = int(stage.clock_fault_max_us * rng.choice((0.1, 1)) * rng.random())
    return StopClock(_victim(rng, stage), for_us) if for_us else None


def _drift_clock(rng: Random, stage: Stage) -> Fault | None:
    if not stage.lets_rates_change:
        return None
    rate = rng.choice((100_000, 700_000, 1_500_000, 5_000_000))
    return DriftClock(_victim(rng, stage), rate, 3 * _while_us(rng, stage))


# --- the network -------------------------------------------------------------------------


def _cut(rng: Random, stage: Stage) -> Fault:
    one_way = rng.random() < 0.4  # noqa: PLR2004 - a share
    return CutLinks(*_sides(rng, stage), one_way, 2 * _while_us(rng, stage))


def _ring(rng: Random, stage: Stage) -> Fault:
    return CutRing(2 * _while_us(rng, stage))


def _flap(rng: Random, stage: Stage) -> Fault:
    period_us = int(stage.patience_us * rng.choice((0.1, 0.5, 1.5)))
    one_way = rng.random() < _HALF
    return FlapLinks(*_sides(rng, stage), one_way, period_us, rng.randint(2, 6))


def _swizzle(rng: Random, stage: Stage) -> Fault:
    victims = _some(rng, stage)
    healed = tuple(rng.sample(victims, len(victims)))
    return Swizzle(victims, healed, int(stage.patience_us * rng.choice((0.1, 0.5, 1.5))))


def _clog(rng: Random, stage: Stage) -> Fault:
    return ClogLinks(*_sides(rng, stage), 1 + _while_us(rng, stage))


def _slow_links(rng: Random, stage: Stage) -> Fault:
    factor = rng.choice((3, 30, 300))
    return SlowLinks(*_sides(rng, stage), factor, 3 * _while_us(rng, stage))


def _isolate(rng: Random, stage: Stage) -> Fault:
    direction = rng.choice((Direction.BOTH, Direction.BOTH, Direction.TO_IT, Direction.FROM_IT))
    return Isolate(_victim(rng, stage), direction, 2 * _while_us(rng, stage))


def _cut_off_when_sending(rng: Random, stage: Stage) -> Fault:
    message = rng.choice(("AppendEntries", "RequestVote", "RequestVoteResponse"))
    return CutOffWhenSending(_victim(rng, stage), message, 2 * _while_us(rng, stage))


def _oust(rng: Random, stage: Stage) -> Fault:
    return Oust(int(stage.patience_us * rng.choice((0.3, 1, 3))))


def _strand(rng: Random, stage: Stage) -> Fault | None:
    if not stage.lets_rates_change:
        return None
    return Strand(int(stage.patience_us * rng.choice((1.5, 3, 6))))


def _storm(rng: Random, stage: Stage) -> Fault:
    return Storm(
        loss=rng.choice((0.0, 0.2, 0.5)),
        duplication=rng.choice((0.0, 0.3)),
        delay_tail_us=int(stage.patience_us * rng.choice((0.01, 0.1, 0.5))),
        for_us=_while_us(rng, stage),
    )


# --- disks -------------------------------------------------------------------------------


def _stall(rng: Random, stage: Stage) -> Fault:
    return StallDisk(_victim(rng, stage), _while_us(rng, stage))


def _fail(rng: Random, stage: Stage) -> Fault:
    return FailDisk(_victim(rng, stage), _while_us(rng, stage))


def _fill(rng: Random, stage: Stage) -> Fault:
    return FillDisk(_victim(rng, stage), _while_us(rng, stage))


def _lose(rng: Random, stage: Stage) -> Fault:
    return LoseDisk(_victim(rng, stage), at_once=rng.random() < _HALF)


def _corrupt(rng: Random, stage: Stage) -> Fault:
    return CorruptDisk(_victim(rng, stage))


def _fail_reads(rng: Random, stage: Stage) -> Fault:
    return FailReads(_victim(rng, stage), rng.randint(1, 3))


# --- the cluster -------------------------------------------------------------------------


def _snapshot(rng: Random, stage: Stage) -> Fault:
    return TakeSnapshotNow(_victim(rng, stage))


def _snapshot_while_busy(rng: Random, stage: Stage) -> Fault:
    return TakeSnapshotWhileBusy(_victim(rng, stage))


def _transfer(rng: Random, stage: Stage) -> Fault:
    return TransferLeadership(_victim(rng, stage))


def _membership(rng: Random, stage: Stage) -> Fault:
    return AddNode() if rng.random() < _HALF else RemoveNode(_victim(rng, stage))


_BLUNDERS = (
    Impossible.NO_VOTERS,
    Impossible.NOBODY_TO_LEAD,
    Impossible.NAME_TAKEN,
    Impossible.NO_SUCH_MEMBER,
)
"""Those that can be made anywhere; who takes an address that is taken wanted to move."""


def _blunder(rng: Random, stage: Stage) -> Fault:
    del stage
    return Blunder(rng.choice(_BLUNDERS))


def _reshape(rng: Random, stage: Stage) -> Fault:
    if rng.random() < 0.25:  # noqa: PLR2004 - a share
        everybody = tuple(rng.sample(range(stage.nodes), stage.nodes))
        return Reshape(0, 0, everybody, (), ())  # one voter is left, as far as that fits
    return Reshape(
        joining=rng.randint(0, 2),
        learning=rng.randint(0, 1),
        leaving=_some(rng, stage)[: rng.randint(0, 2)],
        demoted=_some(rng, stage)[: rng.randint(0, 1)],
        priorities=tuple((victim, rng.randint(0, 3)) for victim in _some(rng, stage)[:1]),
    )


def _set_lease(rng: Random, stage: Stage) -> Fault | None:
    """Never shorter than the shortest: that is what clock faults are measured by."""
    return SetLease(stage.lease_us * rng.choice((0, 1, 2))) if stage.lease_us else None


def _ask_leaders(rng: Random, stage: Stage) -> Fault:
    return AskLeaders(
        every_us=int(stage.patience_us * rng.choice((0.003, 0.01, 0.03))),
        times=rng.choice((5, 20, 40)),
        elections=rng.choice((0, 1, 4)),
        by_lease=bool(stage.lease_us),
    )


KINDS: Sequence[Callable[[Random, Stage], Fault | None]] = (
    _crash,
    _crash_while_writing,
    _crash_when_sending,
    _ambush,
    _pause,
    _freeze,
    _revolt,
    _slow_down,
    _advance_clock,
    _stop_clock,
    _drift_clock,
    _cut,
    _ring,
    _flap,
    _swizzle,
    _clog,
    _slow_links,
    _isolate,
    _cut_off_when_sending,
    _oust,
    _strand,
    _storm,
    _stall,
    _fail,
    _fill,
    _lose,
    _corrupt,
    _fail_reads,
    _snapshot,
    _snapshot_while_busy,
    _transfer,
    _membership,
    _reshape,
    _set_lease,
    _blunder,
    _ask_leaders,
)
"""Each draws a fault of its kind, or none where that cannot be."""
_SOON_AFTER: Sequence[Callable[[Random, Stage], Fault | None]] = (
    _ask_leaders,
    _revolt,
    _crash,
    _stall,
    _isolate,
    _snapshot,
)
"""What puts a lease to the test that has just been changed."""
