"""Who this node is, and how others reach it.

Responsible for what a `Hello` says of us, and for the advertised host: that of
`-advertise`; else that of `-raftbind`; else the one that a connection has shown
(design: Founding and joining). Until one is known, nobody can be told to dial us.
"""

import attrs

from leto.raft.types import NodeId
from leto.server.addresses import Address, parse_address
from leto.server.settings import Settings
from leto.wire import NO_CLUSTER, ClusterId, Hello


@attrs.define
class Identity:
    """This node.

    `cluster_id` is written by boot and by joining, `seen_host` by `learn_host` and `take_host`.
    """

    settings: Settings
    node_id: NodeId
    incarnation: int
    cluster_id: ClusterId = NO_CLUSTER
    seen_host: str = ""

    def learn_host(self, local: str) -> None:
        """A connection has shown an address of this machine that others can use."""
        address = parse_address(local)
        if address is not None and address.names_a_host and not self.seen_host:
            self.seen_host = address.host

    def take_host(self, address: str) -> None:
        """The configuration says where others find this node: whoever told it has tried."""
        known = parse_address(address)
        if known is not None and known.names_a_host:
            self.seen_host = known.host

    @property
    def peer_address(self) -> Address:
        """Where peers dial us; without a host while none is known."""
        settings = self.settings
        return settings.advertised or self._reachable(settings.peer_bind_address)

    @property
    def client_address(self) -> Address:
        """Where clients find us."""
        listen = self.settings.listen_address
        if listen.names_a_host:
            return listen
        return Address(
            self.peer_address.host if self.peer_address.names_a_host else "", listen.port
        )

    def hello(self, *, blank: bool) -> Hello:
        """What we say first to a peer."""
        return Hello(
            cluster_id=self.cluster_id,
            node_id=self.node_id,
            name=self.settings.name,
            incarnation=self.incarnation,
            peer_address=str(self.peer_address),
            client_address=str(self.client_address),
            blank=blank,
        )

    def _reachable(self, bound: Address) -> Address:
        return bound if bound.names_a_host else Address(self.seen_host, bound.port)
