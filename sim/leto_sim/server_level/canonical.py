"""Facts and orders as forms for the digest, and in words for a trace.

Responsible for two forms: a canonical one, with every byte that a process was told
or ordered, and one short enough for a line on a screen. It hashes nothing and
keeps nothing: that is the journal's work.
"""

from leto.server.world import (
    BytesReceived,
    DiskJob,
    DiskJobDone,
    Fact,
    Order,
    Transmit,
    WriteAt,
)
from leto.server.world import Step as DiskStep
from leto_sim.journal import Form


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
        case _:
            return (b"fact", repr(value).encode())


def _canonical_step(step: DiskStep) -> Form:
    if isinstance(step, WriteAt):
        return (b"write", step.file.encode(), step.offset, step.data)
    return (b"step", repr(step).encode())


def describe_fact(value: Fact | Order) -> str:
    """What was told or ordered, without its bytes."""
    match value:
        case BytesReceived(connection=connection, data=data):
            return f"received {len(data)} bytes on {connection}"
        case Transmit(connection=connection, data=data):
            return f"transmits {len(data)} bytes on {connection}"
        case DiskJobDone(job=job):
            return f"disk job {job} done"
        case DiskJob(job=job, steps=steps):
            names = ", ".join(type(step).__name__ for step in steps)
            return f"disk job {job}: {names}"
        case _:
            return str(value)
