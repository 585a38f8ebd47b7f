"""What can go wrong with whole servers, beside the faults that nodes share.

Responsible for naming those faults. `leto_sim.server_level.nemesis` lets them happen,
`leto_sim.server_level.plans` draws plans of them.
"""

from typing import TypeAlias

import attrs

from leto.raft.types import Micros
from leto_sim.faults import (
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
    Victim,
)
from leto_sim.server_level.damage import DiskDamage


@attrs.frozen
class CutPower:
    """The machine stops with all that its operating system had not synced; later it boots."""

    victim: Victim
    down_us: Micros


@attrs.frozen
class StopServer:
    """The operator stops the server in good order, and starts it again later."""

    victim: Victim
    down_us: Micros


@attrs.frozen
class MoveServer:
    """The server dies, starts again later at another address, and somebody has it JOIN anew.

    One at a time, and as long as no node is being replaced.
    """

    victim: Victim
    down_us: Micros


@attrs.frozen
class DamageDisk:
    """Something that was synced is damaged: a bit, or a sector of the log or the snapshot.

    The server notices when it starts the next time, or when it sends that snapshot: then it
    must refuse to go on, and is replaced as if its disk were lost. Spares what `LoseDisk` spares.
    """

    victim: Victim
    damage: DiskDamage
    dies: bool  # the process too; it starts again at once


@attrs.frozen
class ResetStreams:
    """Every connection between the victim and the other machines is reset."""

    victim: Victim


@attrs.frozen
class JumpClock:
    """The wall clock is set, forwards or back."""

    victim: Victim
    by_ms: int


@attrs.frozen
class FillDisk:
    """The disk has no room beyond the server's reserve, for so long; or `to_the_brim` none at all."""

    victim: Victim
    for_us: Micros
    to_the_brim: bool = False


@attrs.frozen
class TypeCommand:
    """Somebody types an operator's command, at whoever leads, until it is not refused."""

    words: tuple[str, ...]


VictimsFault: TypeAlias = (
    Crash  # the process alone dies: `kill -9`
    | CutPower
    | StopServer
    | MoveServer
    | Pause
    | ResetStreams
    | StallDisk
    | FailDisk
    | FailReads  # starts, and snapshots that are to be sent
    | DamageDisk
    | LoseDisk
    | ForceInVain
    | RemoveNode  # the machine comes back as another node
    | JumpClock
    | TakeSnapshotNow
    | FillDisk
)
"""What befalls one machine."""

ServerFault: TypeAlias = (
    VictimsFault
    | CutLinks  # bits beyond the nodes' are the clients'
    | LoseQuorum  # the machines come back as other nodes
    | TypeCommand
)


@attrs.frozen
class PlannedServerFault:
    """A fault, and when it strikes."""

    at_us: Micros
    fault: ServerFault
