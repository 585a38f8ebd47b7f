"""What can go wrong at both levels, as values.

Responsible for naming those faults; each level has others of its own, and a nemesis that
lets them happen. A fault names its victim by a number, not by an id, so that it keeps its
meaning when others are taken out of the plan.
"""

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
class FailReads:
    """The disk cannot be read for a while: so many starts fail, one after the other."""

    victim: Victim
    starts: int


@attrs.frozen
class LoseDisk:
    """The data is gone, and with it the node; a stranger takes its place and its name.

    Does not strike where it could cost what was acknowledged: where fewer than three
    voters would be left with their data, or an earlier loss is not made good yet.
    """

    victim: Victim
    at_once: bool = False  # one joint change instead of two


@attrs.frozen
class RemoveNode:
    """A node is removed, and stopped when it has been for a while."""

    victim: Victim


@attrs.frozen
class TakeSnapshotNow:
    """Somebody asks the node for a snapshot."""

    victim: Victim


@attrs.frozen
class LoseQuorum:
    """So many voters are lost for good, all at once, that the others can do nothing.

    They are lost in this order, until no quorum of any configuration is left that a
    survivor knows. An operator forces a configuration on one of the survivors, and has
    to ask several before one is found who may. Waits until the configuration is settled,
    and does not strike where nobody could lead.
    """

    victims: tuple[Victim, ...]
    best_first: bool = False  # instead: whoever holds most, and best when the others lack some


@attrs.frozen
class ForceInVain:
    """An operator wants a node to go on alone that hears of a leader, or leads: it must refuse."""

    victim: Victim
