"""Facts and orders as forms for the digest.

Responsible for the canonical form, with every byte that a process was told or ordered.
It hashes nothing and keeps nothing: that is the journal's work.
"""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from leto.server.world import (
    BytesReceived,
    ClockTicked,
    DiskJob,
    DiskJobDone,
    Fact,
    Order,
    SyncFile,
    Transmit,
    WriteAt,
)
from leto.server.world import Step as DiskStep
from leto_sim.journal import Form

_TICK: Final[Form] = (b"fact", repr(ClockTicked()).encode())


def _canonical_tick(_: ClockTicked) -> Form:
    return _TICK


def _canonical_received(fact: BytesReceived) -> Form:
    return (b"received", fact.connection, fact.data)


def _canonical_transmit(order: Transmit) -> Form:
    return (b"transmit", order.connection, order.data)


def _canonical_done(fact: DiskJobDone) -> Form:
    return (b"done", fact.job, *fact.data)


def _canonical_job(order: DiskJob) -> Form:
    return (b"job", order.job, *map(_canonical_step, order.steps))


def _canonical_rest(value: Fact | Order) -> Form:
    return (b"fact", repr(value).encode())


def _canonical_step(step: DiskStep) -> Form:
    if isinstance(step, WriteAt):
        return (b"write", step.file.encode(), step.offset, step.data)
    if isinstance(step, SyncFile):
        return (b"step", f"SyncFile(file={step.file!r})".encode())
    return (b"step", repr(step).encode())


FORMS: Final[Mapping[type[Fact | Order], Callable[..., Form]]] = dict.fromkeys(
    (*get_args(Fact), *get_args(Order)), _canonical_rest
) | {
    ClockTicked: _canonical_tick,
    BytesReceived: _canonical_received,
    Transmit: _canonical_transmit,
    DiskJobDone: _canonical_done,
    DiskJob: _canonical_job,
}
"""What makes the form of a fact or an order, by its type: the same for equal values, in every
process; the frequent ones by hand."""
