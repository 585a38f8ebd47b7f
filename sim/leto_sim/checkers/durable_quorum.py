"""A committed entry is durable on a quorum: looked up on the disks, not in messages (§3.6.2).

Checked at the moment at which the first node takes the entry for committed.
"""

from collections.abc import Iterable, Mapping

from leto.raft.configuration import Configuration
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.quorums import has_quorum
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated

DURABLE_QUORUM = "committed on a durable quorum"


def check_durable_quorum(
    node: Observed,
    entry: EntryId,
    platters: Mapping[NodeId, Platter],
    configurations: Iterable[Configuration],
) -> None:
    """Some quorum holds the entry, of the configuration in effect before or after the event."""

    def holds(node_id: NodeId) -> bool:
        return node_id in platters and platters[node_id].holds(entry)

    if not any(has_quorum(configuration, holds) for configuration in configurations):
        holders = sorted(node_id for node_id in platters if holds(node_id))
        raise PropertyViolated(
            DURABLE_QUORUM,
            f"{node.name} takes {entry} for committed, durable only on {holders}",
            node=node.name,
        )
