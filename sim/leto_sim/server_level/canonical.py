"""Facts and orders as forms for the digest.

Responsible for the canonical form, with every byte that a process was told or ordered.
It hashes nothing and keeps nothing: that is the journal's work.
"""

from typing import Final

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


def canonical_fact(value: Fact | Order) -> Form:
    """The same form for equal values, in every process; the frequent ones by hand."""
    match value:
        case BytesReceived(connection=connection, data=data):
            return (b"received", connection, data)
        case Transmit(connection=connection, data=data):
            return (b"transmit", connection, data)
        case DiskJobDone(job=job, data=pieces):
            return (b"done", job, *pieces)
        case DiskJob(job=job, steps=steps):
            return (b"job", job, *map(_canonical_step, steps))
        case ClockTicked():
            return _TICK
        case _:
            return (b"fact", repr(value).encode())


def _canonical_step(step: DiskStep) -> Form:
    if isinstance(step, WriteAt):
        return (b"write", step.file.encode(), step.offset, step.data)
    if isinstance(step, SyncFile):
        return (b"step", f"SyncFile(file={step.file!r})".encode())
    return (b"step", repr(step).encode())
