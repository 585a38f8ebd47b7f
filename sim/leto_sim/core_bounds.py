"""How much the core of a node may hold, container by container (`leto_sim.holdings`).

Responsible for the bounds of `leto.raft`, at work and at rest. What is on its way to followers,
in messages and bytes, is counted by checkers of its own (`checkers.windows`,
`checkers.chunks`), and so is the log that a snapshot leaves (`checkers.trailing`).
"""

from collections.abc import Sequence
from typing import Final

from leto.raft.configuration import Configuration
from leto.raft.entries import Entry
from leto.raft.status import Status
from leto_sim.holdings import Bounds, Holding, at_most, empty

CLOSED: Final = frozenset(
    {
        "Log._entries",  # the log's window
        "Log._totals",
        "Node._handler_of",  # a table that never changes
    }
)

BUSY_MAX: Final = 1_000
"""More than few clients, few nodes and small windows give anybody to do."""

BUSY: Final[Bounds] = {
    "State.actions": empty,  # nothing is left of an event
}


def at_work(_: Holding) -> int:
    """Whatever is not said to be smaller."""
    return BUSY_MAX


def core_at_rest(status: Status, log: Sequence[Entry]) -> Bounds:
    """Bounds of a node that has nothing to do; its log holds these entries."""
    members = len(status.configuration.members)

    def configurations(_: Holding) -> int:
        return 1 + sum(isinstance(entry.payload, Configuration) for entry in log)

    return {
        "ConfigurationHistory._history": configurations,
        "Leader.progress": at_most(members),
        "Leader.leased_rounds": at_most(1),  # the latest one that a quorum has promised
    }
