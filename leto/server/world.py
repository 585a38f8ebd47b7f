"""The system-call boundary of a whole node: what a world tells it and does for it.

Responsible for the shape of that boundary. A world (asyncio's sockets and files,
or the simulator's) opens, reads, writes and closes connections and files, and
tells the time; everything above that is `leto.server`, in both worlds.

The contract of a world:
    1. Each `Server.handle` returns actions; each may be performed at once, in order.
    2. `now` is monotonic microseconds; `unix_ms` is the wall clock, for stamps only.
    3. Bytes of one connection arrive in order, cut anywhere; a connection that
       ends, ends with one `ConnectionClosed`, after which its id is never reused.
    4. Disk jobs are performed in the order given, each job's steps in order, and
       each job ends with one `DiskJobDone` or `DiskJobFailed`. After a failure the
       world performs no later job. Only what a `SyncFile` or `SyncDirectory` step
       covered is durable; anything else may be lost in part at a power cut. A step other than
       these two that finds no room on the disk is no failure: the world tells
       `DiskRoomMeasured(0)`, goes on with that step when there is room, and meanwhile
       performs nothing.
    5. File names are plain names inside the node's own directory.
"""

from enum import Enum
from typing import NewType, TypeAlias

import attrs

from leto.wal.steps import (
    Delete,
    ReadAt,
    Rename,
    Step,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)

__all__ = [
    "BytesReceived",
    "ClockTicked",
    "Close",
    "ConnectionAccepted",
    "ConnectionClosed",
    "ConnectionDialled",
    "ConnectionId",
    "Delete",
    "Dial",
    "DialFailed",
    "DialId",
    "DiskJob",
    "DiskJobDone",
    "DiskJobFailed",
    "DiskRoomMeasured",
    "Fact",
    "FileFound",
    "Log",
    "LogLevel",
    "Order",
    "OutputBacklog",
    "PauseReading",
    "Port",
    "ReadAt",
    "Rename",
    "ResumeReading",
    "Started",
    "Step",
    "Stop",
    "StopRequested",
    "SyncDirectory",
    "SyncFile",
    "Transmit",
    "Truncate",
    "WriteAt",
]

ConnectionId = NewType("ConnectionId", int)
"""Given by the world to each connection, accepted or dialled; counts from 1."""

DialId = NewType("DialId", int)
"""Given by the server to each attempt to open a connection."""


class Port(Enum):
    """The two listening ports of a node."""

    CLIENT = "client"
    PEER = "peer"


# --- facts ---------------------------------------------------------------------------


@attrs.frozen
class FileFound:
    """A file in the node's directory at start."""

    name: str
    size_bytes: int


@attrs.frozen
class Started:
    """The world is ready: this is what the node's directory holds, sorted by name."""

    files: tuple[FileFound, ...]


@attrs.frozen
class ClockTicked:
    """`Server.deadline` has come. Early or twice does no harm."""


@attrs.frozen
class ConnectionAccepted:
    """Somebody connected to `port`. `local` and `remote` are `host:port`."""

    connection: ConnectionId
    port: Port
    local: str
    remote: str


@attrs.frozen
class ConnectionDialled:
    """The dial succeeded."""

    dial: DialId
    connection: ConnectionId
    local: str
    remote: str


@attrs.frozen
class DialFailed:
    """The dial failed; `refused` if the other side answered that nobody listens."""

    dial: DialId
    reason: str
    refused: bool


@attrs.define
class BytesReceived:
    """The next bytes of a connection; never empty."""

    connection: ConnectionId
    data: bytes


@attrs.define
class OutputBacklog:
    """Of all that was transmitted so far, `unsent_bytes` have not left yet.

    Told after a `Transmit` that could not leave at once, and when they have left (0).
    """

    connection: ConnectionId
    unsent_bytes: int


@attrs.frozen
class ConnectionClosed:
    """The connection has ended, by whomever; `reason` is for the log."""

    connection: ConnectionId
    reason: str


@attrs.define
class DiskJobDone:
    """Every step of the job was performed; `data` are the results of its reads, in order."""

    job: int
    data: tuple[bytes, ...] = ()


@attrs.frozen
class DiskJobFailed:
    """A step failed; nothing is known of the job's steps, and none is done any more."""

    job: int
    reason: str


@attrs.frozen
class StopRequested:
    """The operator wants the node to stop: sync, say goodbye, then `Stop`."""

    reason: str


@attrs.frozen
class DiskRoomMeasured:
    """How much the node may still write to its disk.

    Told at the beginning, some four times a second and after every few MiB while the node
    writes, and once a second while it does not. A world that cannot measure tells nothing.
    """

    free_bytes: int


Fact: TypeAlias = (
    Started
    | ClockTicked
    | ConnectionAccepted
    | ConnectionDialled
    | DialFailed
    | BytesReceived
    | OutputBacklog
    | ConnectionClosed
    | DiskJobDone
    | DiskJobFailed
    | DiskRoomMeasured
    | StopRequested
)


# --- orders --------------------------------------------------------------------------


@attrs.frozen
class Dial:
    """Open a connection to `address` (`host:port`)."""

    dial: DialId
    address: str


@attrs.define
class Transmit:
    """Send these bytes."""

    connection: ConnectionId
    data: bytes


@attrs.frozen
class PauseReading:
    """Read no more from the connection until `ResumeReading`."""

    connection: ConnectionId


@attrs.frozen
class ResumeReading:
    """Read again."""

    connection: ConnectionId


@attrs.frozen
class Close:
    """End the connection: after what was transmitted has left, or `abort`ing at once."""

    connection: ConnectionId
    abort: bool = False


@attrs.define
class DiskJob:
    """Perform these steps, in order, after every earlier job."""

    job: int
    steps: tuple[Step, ...]


class LogLevel(Enum):
    """How much a log line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen
class Log:
    """Tell the operator: one event, its fields, never a key's value."""

    level: LogLevel
    event: str
    fields: tuple[tuple[str, str | int], ...] = ()


@attrs.frozen
class Stop:
    """The node is done: end the process with this exit code and, unless empty, this line."""

    exit_code: int
    message: str


Order: TypeAlias = Dial | Transmit | PauseReading | ResumeReading | Close | DiskJob | Log | Stop
