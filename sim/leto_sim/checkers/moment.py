"""What the clock of a node shows while the node handles an event.

Responsible for the one number that a world tells the checkers with every event, so that
nobody has to ask a clock again. A world that does not know it leaves it at 0, and shows
the checkers that need it no lives.
"""

import attrs

from leto.raft.types import Micros


@attrs.define
class Moment:
    """Now, by the clock of whoever handles an event. Written by the world."""

    shown: Micros = 0
