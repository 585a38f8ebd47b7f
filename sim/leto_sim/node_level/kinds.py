"""The kinds of faults that a plan is made of, each with a drawing of one.

Responsible for how strange a fault is: what it does ranges from hardly anything to more
than anybody could bear. Which kinds strike, and when, is `leto_sim.node_level.plans`.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

from leto_sim.faults import (
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
)
from leto_sim.node_level.faults import (
    AddNode,
    AdvanceClock,
    Ambush,
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
    Freeze,
    Impossible,
    Isolate,
    Oust,
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
from leto_sim.node_level.stage import (
    Stage,
    drawn_duration_us,
    drawn_half,
    drawn_sides,
    drawn_victim,
)

_HALF = 0.5


# --- processes and clocks ----------------------------------------------------------------


def crash(rng: Random, stage: Stage) -> Fault:
    """What a plan is of if it is of nothing else."""
    return Crash(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


def _crash_while_writing(rng: Random, stage: Stage) -> Fault:
    return CrashWhileWriting(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


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
    return CrashWhenSending(
        drawn_victim(rng, stage), rng.choice(_TELLING), drawn_duration_us(rng, stage)
    )


def _ambush(rng: Random, stage: Stage) -> Fault:
    return Ambush(
        leaders=rng.randint(1, 4),
        delay_us=int(stage.patience_us * rng.choice((0.01, 0.05, 0.2)) * rng.random()),
        down_us=drawn_duration_us(rng, stage),
        unheard=rng.random() < _HALF,
    )


def _pause(rng: Random, stage: Stage) -> Fault:
    return Pause(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


def _freeze(rng: Random, stage: Stage) -> Fault:
    left, _ = drawn_sides(rng, stage)
    return Freeze(left, int(stage.patience_us * rng.choice((0.3, 1, 2)) * (_HALF + rng.random())))


def _revolt(rng: Random, stage: Stage) -> Fault:
    everybody = (1 << stage.nodes) - 1
    left = everybody if rng.random() < _HALF else drawn_sides(rng, stage)[0]
    return Revolt(left, int(stage.patience_us * rng.choice((0.3, 1, 3))))


def _slow_down(rng: Random, stage: Stage) -> Fault:
    event_us = int(stage.patience_us * rng.choice((0.001, 0.01, 0.1)))
    return SlowDown(drawn_victim(rng, stage), event_us, 2 * drawn_duration_us(rng, stage))


def _advance_clock(rng: Random, stage: Stage) -> Fault | None:
    by_us = int(stage.clock_fault_max_us * rng.choice((0.1, 1)) * rng.random())
    return AdvanceClock(drawn_victim(rng, stage), by_us) if by_us else None


def _stop_clock(rng: Random, stage: Stage) -> Fault | None:
    for_us = int(stage.clock_fault_max_us * rng.choice((0.1, 1)) * rng.random())
    return StopClock(drawn_victim(rng, stage), for_us) if for_us else None


def _drift_clock(rng: Random, stage: Stage) -> Fault | None:
    if not stage.lets_rates_change:
        return None
    rate = rng.choice((100_000, 700_000, 1_500_000, 5_000_000))
    return DriftClock(drawn_victim(rng, stage), rate, 3 * drawn_duration_us(rng, stage))


# --- the network -------------------------------------------------------------------------


def _cut(rng: Random, stage: Stage) -> Fault:
    one_way = rng.random() < 0.4  # noqa: PLR2004 - a share
    return CutLinks(*drawn_sides(rng, stage), one_way, 2 * drawn_duration_us(rng, stage))


def _ring(rng: Random, stage: Stage) -> Fault:
    return CutRing(2 * drawn_duration_us(rng, stage))


def _flap(rng: Random, stage: Stage) -> Fault:
    period_us = int(stage.patience_us * rng.choice((0.1, 0.5, 1.5)))
    one_way = rng.random() < _HALF
    return FlapLinks(*drawn_sides(rng, stage), one_way, period_us, rng.randint(2, 6))


def _swizzle(rng: Random, stage: Stage) -> Fault:
    victims = drawn_half(rng, stage)
    healed = tuple(rng.sample(victims, len(victims)))
    return Swizzle(victims, healed, int(stage.patience_us * rng.choice((0.1, 0.5, 1.5))))


def _clog(rng: Random, stage: Stage) -> Fault:
    return ClogLinks(*drawn_sides(rng, stage), 1 + drawn_duration_us(rng, stage))


def _slow_links(rng: Random, stage: Stage) -> Fault:
    factor = rng.choice((3, 30, 300))
    return SlowLinks(*drawn_sides(rng, stage), factor, 3 * drawn_duration_us(rng, stage))


def _isolate(rng: Random, stage: Stage) -> Fault:
    direction = rng.choice((Direction.BOTH, Direction.BOTH, Direction.TO_IT, Direction.FROM_IT))
    return Isolate(drawn_victim(rng, stage), direction, 2 * drawn_duration_us(rng, stage))


def _cut_off_when_sending(rng: Random, stage: Stage) -> Fault:
    message = rng.choice(("AppendEntries", "RequestVote", "RequestVoteResponse"))
    return CutOffWhenSending(drawn_victim(rng, stage), message, 2 * drawn_duration_us(rng, stage))


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
        for_us=drawn_duration_us(rng, stage),
    )


# --- disks -------------------------------------------------------------------------------


def _stall(rng: Random, stage: Stage) -> Fault:
    return StallDisk(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


def _fail(rng: Random, stage: Stage) -> Fault:
    return FailDisk(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


def _fill(rng: Random, stage: Stage) -> Fault:
    return FillDisk(drawn_victim(rng, stage), drawn_duration_us(rng, stage))


def _lose(rng: Random, stage: Stage) -> Fault:
    return LoseDisk(drawn_victim(rng, stage), at_once=rng.random() < _HALF)


def _corrupt(rng: Random, stage: Stage) -> Fault:
    return CorruptDisk(drawn_victim(rng, stage))


def _fail_reads(rng: Random, stage: Stage) -> Fault:
    return FailReads(drawn_victim(rng, stage), rng.randint(1, 3))


# --- the cluster -------------------------------------------------------------------------


def _snapshot(rng: Random, stage: Stage) -> Fault:
    return TakeSnapshotNow(drawn_victim(rng, stage))


def _snapshot_while_busy(rng: Random, stage: Stage) -> Fault:
    return TakeSnapshotWhileBusy(drawn_victim(rng, stage))


def _transfer(rng: Random, stage: Stage) -> Fault:
    return TransferLeadership(drawn_victim(rng, stage))


def _membership(rng: Random, stage: Stage) -> Fault:
    return AddNode() if rng.random() < _HALF else RemoveNode(drawn_victim(rng, stage))


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
        leaving=drawn_half(rng, stage)[: rng.randint(0, 2)],
        demoted=drawn_half(rng, stage)[: rng.randint(0, 1)],
        priorities=tuple((victim, rng.randint(0, 3)) for victim in drawn_half(rng, stage)[:1]),
    )


def set_lease(rng: Random, stage: Stage) -> Fault | None:
    """Never shorter than the shortest: that is what clock faults are measured by."""
    return SetLease(stage.lease_us * rng.choice((0, 1, 2))) if stage.lease_us else None


def _ask_leaders(rng: Random, stage: Stage) -> Fault:
    return AskLeaders(
        every_us=int(stage.patience_us * rng.choice((0.003, 0.01, 0.03))),
        times=rng.choice((5, 20, 40)),
        elections=rng.choice((0, 1, 4)),
        by_lease=bool(stage.lease_us),
    )


Kind: TypeAlias = Callable[[Random, Stage], Fault | None]

KINDS: Sequence[Kind] = (
    crash,
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
    set_lease,
    _blunder,
    _ask_leaders,
)
"""Each draws a fault of its kind, or none where that cannot be."""
SOON_AFTER_A_LEASE: Sequence[Kind] = (
    _ask_leaders,
    _revolt,
    crash,
    _stall,
    _isolate,
    _snapshot,
)
"""What puts a lease to the test that has just been changed."""
