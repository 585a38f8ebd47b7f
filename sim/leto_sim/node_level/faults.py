"""What can go wrong, as values, and a plan of it.

Responsible for naming the faults. `leto_sim.node_level.nemesis` lets them happen,
`leto_sim.node_level.scenario` draws plans of them. A fault names its victim by a number, not
by an id, so that it keeps its meaning when others are taken out of the plan.
"""

from enum import Enum
from typing import TypeAlias

import attrs

from leto.raft.types import Micros

LEADER = -1
"""The victim that leads when the fault strikes; nobody if nobody does."""

Victim: TypeAlias = int
"""`LEADER`, or a number that picks one of the nodes: the n-th, counted round."""


@attrs.frozen
class Crash:
    """The process dies with what is not synced, and starts again later."""

    victim: Victim
    down_us: Micros


@attrs.frozen
class Ambush:
    """The next leaders die so long after their election, and start again later.

    The moments after an election are the ones that figure 3.7 is about. If they die
    `unheard`, nothing arrives that they said as leaders.
    """

    leaders: int
    delay_us: Micros
    down_us: Micros
    unheard: bool = False


@attrs.frozen
class Pause:
    """The process gets no processor for a while."""

    victim: Victim
    for_us: Micros


@attrs.frozen
class CutLinks:
    """Nothing arrives from the `left` nodes at the `right` ones, nor back unless `one_way`.

    The sides are bit masks of victims' numbers. A node on neither side is a bridge.
    """

    left: int
    right: int
    one_way: bool
    for_us: Micros


class Direction(Enum):
    """Which messages of an isolated node are lost."""

    BOTH = "both"
    TO_IT = "to it"
    FROM_IT = "from it"


@attrs.frozen
class Isolate:
    """A node is cut off from all others; a client still reaches it."""

    victim: Victim
    direction: Direction
    for_us: Micros


@attrs.frozen
class Storm:
    """Messages are lost, doubled and late for a while."""

    loss: float
    duplication: float
    delay_tail_us: Micros
    for_us: Micros


@attrs.frozen
class StallDisk:
    """The disk syncs nothing for a while."""

    victim: Victim
    for_us: Micros


@attrs.frozen
class FailDisk:
    """The next sync fails; the process starts again later, from whatever is on the disk."""

    victim: Victim
    down_us: Micros


@attrs.frozen
class FillDisk:
    """The disk has no room for commands for a while; its reserve still takes the rest."""

    victim: Victim
    for_us: Micros


@attrs.frozen
class LoseDisk:
    """The data is gone, and with it the node; a stranger takes its place and its name.

    Does not strike where it could cost what was acknowledged: where fewer than three
    voters would be left with their data, or an earlier loss is not made good yet.
    """

    victim: Victim
    at_once: bool = False  # one joint change instead of two


@attrs.frozen
class TakeSnapshotNow:
    """Somebody asks the node for a snapshot."""

    victim: Victim


@attrs.frozen
class TransferLeadership:
    """Somebody asks the leader to hand over to the node, or to whom it likes best (`LEADER`)."""

    victim: Victim


@attrs.frozen
class AddNode:
    """A blank node joins."""


@attrs.frozen
class RemoveNode:
    """A node is removed, and stopped when it has been for a while."""

    victim: Victim


Fault: TypeAlias = (
    Crash
    | Ambush
    | Pause
    | CutLinks
    | Isolate
    | Storm
    | StallDisk
    | FailDisk
    | FillDisk
    | LoseDisk
    | TakeSnapshotNow
    | TransferLeadership
    | AddNode
    | RemoveNode
)


@attrs.frozen
class PlannedFault:
    """A fault, and when it strikes."""

    at_us: Micros
    fault: Fault
