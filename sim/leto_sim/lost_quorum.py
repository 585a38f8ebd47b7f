"""When a quorum is lost for good, and who it takes.

Responsible for what both levels ask before they destroy a quorum: whether those who are left
know a configuration of which they are one, whom to destroy until they do not, and whether
anything that was committed is lost with them. Who destroys, and who goes on, is each level's.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar

import attrs

from leto.raft.configuration import Configuration
from leto.raft.types import EntryId, NodeId
from leto_sim.platter import LogImage, Platter

T = TypeVar("T")


@attrs.frozen
class Left:
    """A node that is left, as far as it matters here."""

    node_id: NodeId
    platter: Platter
    memory: LogImage | None = None  # while it runs
    configuration: Configuration | None = None  # that it acts by, while it runs

    @property
    def last(self) -> EntryId:
        """The end of its log."""
        return self.platter.last if self.memory is None else self.memory.last


def least_lost(
    lost: Collection[T], to_come: Iterable[T], is_no_quorum: Callable[[Collection[T]], bool]
) -> list[T] | None:
    """Those who are lost, and of those to come as few as leave no quorum; None if all are too few."""
    losing = list(lost)
    for victim in to_come:
        if is_no_quorum(losing):
            break
        if victim not in losing:
            losing.append(victim)
    return losing if is_no_quorum(losing) else None


def are_no_quorum(left: Collection[Left]) -> bool:
    """Whether none of them knows a configuration of which they are a quorum."""
    ids = {node.node_id for node in left}
    return not any(
        configuration.has_quorum(ids.__contains__)
        for node in left
        for configuration in configurations_of(node)
    )


def configurations_of(node: Left) -> Iterator[Configuration]:
    """All that it may act by: now, or after a restart or a truncation."""
    logs = [node.platter.log] if node.memory is None else [node.platter.log, node.memory]
    for log in logs:
        for entry in log.entries:
            if isinstance(entry.payload, Configuration):
                yield entry.payload
    if node.platter.snapshot is not None:
        yield node.platter.snapshot.configuration
    if node.configuration is not None:
        yield node.configuration


def some_hold(left: Iterable[Left], committed: EntryId) -> bool:
    """Whether somebody's disk holds what is committed: then nothing need be lost."""
    return any(node.platter.holds(committed) for node in left)
