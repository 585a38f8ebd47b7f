"""What may be seen of a node from outside: for INFO, ROLE, pages and checkers.

Responsible for gathering it; nothing is computed before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from leto.raft.status import Status
    from leto.raft.types import Micros, NodeId
    from leto.server.clients.clients import Clients
    from leto.server.commit.applier import Applier
    from leto.server.disk.room import DiskRoom
    from leto.server.disk.storage import Storage
    from leto.server.identity import Identity
    from leto.server.machine import Machine
    from leto.server.peers.links import Links
    from leto.server.settings import Settings
    from leto.server.turn import Turn


@attrs.frozen(kw_only=True)
class Consensus:
    """What there is once the node has booted."""

    raft: Status
    identity: Identity
    storage: Storage
    links: Links

    @property
    def leader_address(self) -> str | None:
        """Where clients find the leader, if one is known."""
        leader = self.raft.leader
        if leader == self.identity.node_id:
            return str(self.identity.client_address)
        return self.links.client_address(leader) if leader is not None else None


@attrs.define(kw_only=True)
class Survey:
    """A read-only view of a node; it changes as the node does.

    `consensus` is None while it boots.
    """

    settings: Settings
    turn: Turn
    machine: Machine
    clients: Clients
    applier: Applier
    room: DiskRoom
    consensus: Consensus | None = None
    started_at: Micros | None = None

    @property
    def raft(self) -> Status | None:
        """The core's view; None while the node boots."""
        return self.consensus.raft if self.consensus is not None else None

    @property
    def node_id(self) -> NodeId | None:
        """Who this is; None while the node boots."""
        return self.consensus.identity.node_id if self.consensus is not None else None

    @property
    def leader_address(self) -> str | None:
        """Where clients find the leader, if one is known."""
        return self.consensus.leader_address if self.consensus is not None else None

    @property
    def is_loading(self) -> bool:
        """Whether the state machine is not there yet, or not whole."""
        return self.consensus is None or self.consensus.storage.is_restoring

    @property
    def uptime_us(self) -> Micros:
        """How long the node has been running."""
        return self.turn.now - self.started_at if self.started_at is not None else 0
