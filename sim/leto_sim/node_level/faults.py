"""What can go wrong with nodes, beside the faults that both levels know, and a plan of it.

Responsible for naming those faults. `leto_sim.node_level.nemesis` lets them happen,
`leto_sim.node_level.plans` draws plans of them.
"""

from enum import Enum
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


@attrs.frozen
class CrashWhileWriting:
    """The process dies as soon as it has a write under way."""

    victim: Victim
    down_us: Micros


@attrs.frozen
class CrashWhenSending:
    """The process dies as soon as it has sent a message of that name, such as `RequestVote`."""

    victim: Victim
    message: str
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
class Freeze:
    """Some processes get no processor for a while, and go on in the same moment.

    So it happens to guests of one machine. Who then finds its patience at an end does so
    together with others: several campaign at once. `left` is a bit mask of victims' numbers.
    """

    left: int
    for_us: Micros


@attrs.frozen
class Revolt:
    """The leader is cut off for a while, and others start anew: what they only remember is gone.

    `left` is a bit mask of victims' numbers.
    """

    left: int
    for_us: Micros


@attrs.frozen
class SlowDown:
    """The process has a slow processor for a while: handling one event takes so long."""

    victim: Victim
    event_us: Micros
    for_us: Micros


@attrs.frozen
class AdvanceClock:
    """The node's clock jumps forward. Back it never goes: it is a monotonic one."""

    victim: Victim
    by_us: Micros


@attrs.frozen
class StopClock:
    """The node's clock stands still for a while, and then goes on from there."""

    victim: Victim
    for_us: Micros


@attrs.frozen
class DriftClock:
    """The node's clock runs at so many millionths of true time for a while."""

    victim: Victim
    rate: int
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
class CutOffWhenSending:
    """A node is cut off as soon as it has sent a message of that name; a client still reaches it.

    A leader that has just handed over, and hears nothing any more, is put to the test.
    """

    victim: Victim
    message: str
    for_us: Micros


@attrs.frozen
class Oust:
    """The leader hands over, and is cut off as it asks the next one to lead.

    So it takes itself for the leader as long as it may, and clients still reach it.
    """

    for_us: Micros


@attrs.frozen
class AskInVain:
    """The leader hands over to somebody who freezes as it is asked to lead, and asks again later.

    So the transfer is given up, and what it asked for may yet come true.
    """

    for_us: Micros


@attrs.frozen
class Strand:
    """The leader is cut off, and its clock stands still, so that it does not notice.

    It leads on alone, and takes commands, while the others elect another leader; when it
    hears of that one, much may be committed already.
    """

    for_us: Micros


@attrs.frozen
class CutRing:
    """Each node reaches only its two neighbours in the order of their numbers."""

    for_us: Micros


@attrs.frozen
class FlapLinks:
    """A partition comes and goes, so many times, each time for that long."""

    left: int
    right: int
    one_way: bool
    period_us: Micros
    times: int


@attrs.frozen
class Swizzle:
    """Nodes are isolated one after the other, and come back in another order."""

    victims: tuple[Victim, ...]
    healed: tuple[Victim, ...]  # the same ones
    step_us: Micros  # between two of them


@attrs.frozen
class ClogLinks:
    """Links stop, each for an exponential time of that mean; then everything arrives."""

    left: int
    right: int
    mean_us: Micros


@attrs.frozen
class SlowLinks:
    """Everything takes so many times longer from the `left` nodes to the `right` ones."""

    left: int
    right: int
    factor: int
    for_us: Micros


@attrs.frozen
class Storm:
    """Messages are lost, doubled and late for a while."""

    loss: float
    duplication: float
    delay_tail_us: Micros
    for_us: Micros


@attrs.frozen
class FillDisk:
    """The disk has no room for commands for a while; its reserve still takes the rest."""

    victim: Victim
    for_us: Micros


@attrs.frozen
class CorruptDisk:
    """Something that was synced is damaged, by a bit flip or by a write that went astray.

    Nobody notices until the node starts the next time: then it refuses to, and
    is replaced as if its disk were lost. Spares what `LoseDisk` spares.
    """

    victim: Victim


@attrs.frozen
class TakeSnapshotWhileBusy:
    """Somebody asks the node for a snapshot as soon as its state machine has something to do."""

    victim: Victim


@attrs.frozen
class TransferLeadership:
    """Somebody asks the leader to hand over to the node, or to whom it likes best (`LEADER`)."""

    victim: Victim


@attrs.frozen
class AddNode:
    """A blank node joins."""


@attrs.frozen
class Reshape:
    """Several members come, go, move and change their roles at once, in one joint change."""

    joining: int
    learning: int  # nodes that join as learners
    leaving: tuple[Victim, ...]
    demoted: tuple[Victim, ...]  # voters that become learners; a learner becomes a voter
    priorities: tuple[tuple[Victim, int], ...]
    moving: tuple[Victim, ...] = ()  # members that are to be dialled elsewhere from now on


class Impossible(Enum):
    """What a configuration must never come to."""

    NO_VOTERS = "no voters"
    NOBODY_TO_LEAD = "nobody to lead"
    NAME_TAKEN = "name taken"
    NO_SUCH_MEMBER = "no such member"
    ADDRESS_TAKEN = "address taken"


@attrs.frozen
class Blunder:
    """An operator asks the leader for what cannot be, and must be refused."""

    impossible: Impossible


@attrs.frozen
class AskLeaders:
    """Whoever takes itself for the leader is asked to read, so many times, by its lease or not.

    At once; or, if `elections` is not 0, as soon as a leader is elected, the next so many ones.
    """

    every_us: Micros
    times: int
    elections: int
    by_lease: bool


@attrs.frozen
class SetLease:
    """An operator makes leases so long; 0: turns them off."""

    lease_us: Micros


Fault: TypeAlias = (
    Crash
    | CrashWhileWriting
    | CrashWhenSending
    | Ambush
    | Pause
    | Freeze
    | Revolt
    | SlowDown
    | AdvanceClock
    | StopClock
    | DriftClock
    | CutLinks
    | CutRing
    | FlapLinks
    | Swizzle
    | ClogLinks
    | SlowLinks
    | Isolate
    | CutOffWhenSending
    | Oust
    | AskInVain
    | Strand
    | Storm
    | StallDisk
    | FailDisk
    | FillDisk
    | LoseDisk
    | CorruptDisk
    | LoseQuorum
    | ForceInVain
    | FailReads
    | TakeSnapshotNow
    | TakeSnapshotWhileBusy
    | TransferLeadership
    | AddNode
    | RemoveNode
    | Reshape
    | SetLease
    | Blunder
    | AskLeaders
)


@attrs.frozen
class PlannedFault:
    """A fault, and when it strikes."""

    at_us: Micros
    fault: Fault
