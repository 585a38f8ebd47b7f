"""Facts and orders in words, as short as a line of a trace must be.

Responsible for the words alone; bytes are counted, not shown.
"""

from collections import Counter
from typing import Final, assert_never

from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    Delete,
    Dial,
    DialFailed,
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    Fact,
    Log,
    Order,
    OutputBacklog,
    PauseReading,
    ReadAt,
    Rename,
    ResumeReading,
    Started,
    Stop,
    StopRequested,
    SyncDirectory,
    SyncFile,
    Transmit,
    Truncate,
    WriteAt,
)
from leto.server.world import Step as DiskStep

_STEPS: Final[dict[type[DiskStep], str]] = {
    ReadAt: "read",
    WriteAt: "write",
    SyncFile: "sync",
    SyncDirectory: "sync directory",
    Rename: "rename",
    Truncate: "truncate",
    Delete: "delete",
}
_MB: Final = 1_000_000


def describe_fact(value: Fact | Order) -> str:
    """What was told or ordered."""
    match value:
        case Started() | ClockTicked() | StopRequested() | DiskRoomMeasured() | Log() | Stop():
            return _describe_life(value)
        case DiskJob() | DiskJobDone() | DiskJobFailed():
            return _describe_disk(value)
        case _:
            return _describe_connection(value)


def _describe_life(
    value: Started | ClockTicked | StopRequested | DiskRoomMeasured | Log | Stop,
) -> str:
    match value:
        case Started(files=files):
            return f"starts with {_counted(len(files), 'file')}"
        case ClockTicked():
            return "timer"
        case StopRequested(reason=reason):
            return f"is asked to stop: {reason}"
        case DiskRoomMeasured(free_bytes=free_bytes):
            return f"{free_bytes / _MB:,.0f} MB free on the disk"
        case Log(event=event, fields=fields):
            told = ", ".join(f"{name} {field}" for name, field in fields)
            return f"logs {event}{': ' if told else ''}{told}"
        case Stop(exit_code=exit_code, message=message):
            return f"ends with exit code {exit_code}{': ' if message else ''}{message}"
        case _:
            assert_never(value)


def _describe_disk(value: DiskJob | DiskJobDone | DiskJobFailed) -> str:
    match value:
        case DiskJob(job=job, steps=steps):
            counts = Counter(_STEPS[type(step)] for step in steps)
            told = ", ".join(
                name if count == 1 else f"{count} x {name}" for name, count in counts.items()
            )
            return f"disk job {job}: {told}"
        case DiskJobDone(job=job):
            return f"disk job {job} done"
        case DiskJobFailed(job=job, reason=reason):
            return f"disk job {job} failed: {reason}"
        case _:
            assert_never(value)


def _describe_connection(
    value: ConnectionAccepted
    | ConnectionDialled
    | DialFailed
    | BytesReceived
    | OutputBacklog
    | ConnectionClosed
    | Dial
    | Transmit
    | PauseReading
    | ResumeReading
    | Close,
) -> str:
    match value:
        case BytesReceived(connection=connection, data=data):
            return f"received {_counted(len(data), 'byte')} on {connection}"
        case Transmit(connection=connection, data=data):
            return f"transmits {_counted(len(data), 'byte')} on {connection}"
        case ConnectionAccepted(connection=connection, port=port, remote=remote):
            return f"accepts {remote} as {port.value}: connection {connection}"
        case ConnectionDialled(connection=connection, remote=remote):
            return f"reaches {remote}: connection {connection}"
        case DialFailed(reason=reason):
            return f"reaches nobody: {reason}"
        case Dial(address=address):
            return f"dials {address}"
        case OutputBacklog(connection=connection, unsent_bytes=unsent_bytes):
            return f"{_counted(unsent_bytes, 'byte')} unsent on {connection}"
        case ConnectionClosed(connection=connection, reason=reason):
            return f"connection {connection} has ended: {reason}"
        case PauseReading(connection=connection):
            return f"reads no more from {connection}"
        case ResumeReading(connection=connection):
            return f"reads from {connection} again"
        case Close(connection=connection, abort=abort):
            return f"{'aborts' if abort else 'closes'} {connection}"
        case _:
            assert_never(value)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
