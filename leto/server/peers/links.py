"""Links: the streams between this node and its peers.

Responsible for the handshake, for keeping a link alive and noticing that it is dead, and
for what is dropped. Raft repeats whatever it needs, so a message to a peer without a link
is simply gone. When a member is dialled is decided by `leto.server.peers.routes`; how bytes
become words, `leto.server.peers.link` knows.

A link carries messages both ways once both `Hello`s were accepted; a node sends
on the newest link to that peer, whoever dialled it.

Invariants:
    1. No message is taken in from, or sent to, whoever has not passed the handshake.
    2. There is at most one link to a peer in each direction: a newer one replaces it.
    3. A node of no configuration is never dialled, but for a JOIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from leto.raft.configuration import EMPTY_CONFIGURATION, Configuration
from leto.raft.messages import AppendEntries, InstallSnapshot, Message
from leto.server.addresses import Address, parse_address
from leto.server.peers.link import Introduced, Link
from leto.server.peers.routes import Route, Routes
from leto.server.world import (
    ConnectionAccepted,
    ConnectionDialled,
    ConnectionId,
    DialFailed,
    Transmit,
)
from leto.wire import (
    ClusterId,
    Goodbye,
    GoodbyeCode,
    Hello,
    Ping,
    Word,
    encode,
    judge_hello,
)

if TYPE_CHECKING:
    from leto.raft.types import Dice, Micros, NodeId
    from leto.server.settings import Limits
    from leto.server.switchboard import Endpoint, Switchboard
    from leto.server.turn import Turn

_PING = encode(Ping())
_OF_LINKS = (Hello, Ping, Goodbye)  # the rest is Raft's


class House(Protocol):
    """What links need of the node."""

    def our_hello(self) -> Hello:
        """What we say first."""
        ...

    def cluster(self) -> ClusterId:
        """Whose nodes we talk to."""
        ...

    def has_left(self, node_id: NodeId) -> bool:
        """Whether we know for certain that this node is no member any more."""
        ...

    def receive(self, sender: NodeId, message: Message) -> None:
        """A message came."""
        ...

    def peer_gone(self, node_id: NodeId) -> None:
        """A peer's process has died, or said that it ends."""
        ...

    def told_removed(self, by: Hello, text: str) -> None:
        """A peer says that we are no member any more."""
        ...


class _Visit:
    """A dial to a member."""

    def __init__(self, links: Links, route: Route) -> None:
        self._links = links
        self._route = route

    def dialled(self, fact: ConnectionDialled) -> Endpoint:
        route = self._route
        route.is_dialled = False
        route.shaking = self._links.opened(
            fact.connection, route.address, dialled=True, expected=route.node_id
        )
        return route.shaking

    def dial_failed(self, fact: DialFailed) -> None:
        self._links.unreachable(self._route, fact)


class _Introduction:
    """A dial to an address at which we hope to meet a node."""

    def __init__(self, links: Links, address: str, introduced: Introduced) -> None:
        self._links = links
        self._address = address
        self._introduced = introduced

    def dialled(self, fact: ConnectionDialled) -> Endpoint:
        return self._links.opened(
            fact.connection, self._address, dialled=True, introduced=self._introduced
        )

    def dial_failed(self, fact: DialFailed) -> None:
        self._introduced(fact.reason)


class Links:
    """All links of this node."""

    def __init__(
        self, turn: Turn, switchboard: Switchboard, limits: Limits, dice: Dice, house: House
    ) -> None:
        self.turn = turn
        self._switchboard = switchboard
        self._limits = limits
        self._house = house
        self._links: dict[ConnectionId, Link] = {}  # oldest first
        self._routes = Routes(turn, limits, dice, self.is_up)
        self._newest: dict[NodeId, Link] = {}
        self._once_members: set[NodeId] = set()  # asked, never walked
        self._client_addresses: dict[NodeId, Address] = {}
        self._configuration = EMPTY_CONFIGURATION
        self._with_outgoing: list[Link] = []
        self._ping_at: Micros = 0
        self.deadline: Micros | None = None

    # --- what the node tells -----------------------------------------------------

    def follow(self, configuration: Configuration, ourselves: NodeId) -> None:
        """Keep links to these members from now on."""
        if configuration is self._configuration:
            return
        self._configuration = configuration
        self._once_members.update(member.node_id for member in configuration.members)
        self._routes.follow(configuration.members, ourselves)
        self._look_soon()

    def send(self, to: NodeId, message: Message) -> None:
        """Send on the newest link to that peer; without one, or too far behind, drop it."""
        link = self._newest.get(to)
        if link is None:
            return
        if link.unsent_bytes > self._limits.link_backlog_bytes_max and _is_bulky(message):
            return
        self._say(link, encode(message))

    def introduce(self, address: str, introduced: Introduced) -> None:
        """Dial an address and shake hands with whoever answers."""
        self._switchboard.dial(address, _Introduction(self, address, introduced))

    def accept(self, fact: ConnectionAccepted) -> Endpoint:
        """Somebody dialled us."""
        return self.opened(fact.connection, fact.remote, dialled=False)

    def client_address(self, node_id: NodeId) -> str | None:
        """Where clients find a peer, if it has ever said so.

        One that did not know its host yet, as a newcomer that has restarted, is found on
        that of its place in the configuration: it will say nothing else by itself.
        """
        said = self._client_addresses.get(node_id)
        if said is None or said.names_a_host:
            return None if said is None else str(said)
        member = self._configuration.member(node_id)
        known = parse_address(member.address) if member is not None else None
        if known is None or not known.names_a_host:
            return None
        return str(Address(known.host, said.port))

    def name_of(self, node_id: NodeId) -> str:
        """What a peer calls itself; its id if there is no link to it."""
        link = self._newest.get(node_id)
        known = link.hello if link is not None else None
        return known.name if known is not None else f"{node_id:016x}"

    def is_up(self, node_id: NodeId) -> bool:
        """Whether there is a link to that peer."""
        return node_id in self._newest

    def flush(self) -> None:
        """Transmit what was said in this turn: one order a link."""
        if self._with_outgoing:
            for link in self._with_outgoing:
                data = b"".join(link.outgoing)
                link.outgoing.clear()
                if link.unsent_bytes:
                    link.unsent_bytes += len(data)
                self.turn.order(Transmit(link.connection, data))
            self._with_outgoing.clear()

    def say_goodbye(self, text: str) -> None:
        """This node stops: leave every peer with a word."""
        goodbye = encode(Goodbye(GoodbyeCode.STOPPING, text))
        for link in list(self._links.values()):
            if link.hello is not None:
                self._say(link, goodbye)
            self._end(link)

    def tick(self) -> None:
        """Dial, ping and give up whatever is due."""
        now = self.turn.now
        if self.deadline is None or now < self.deadline:
            return
        self._give_up_silent(now)
        if now >= self._ping_at:
            self._ping_at = now + self._limits.link_ping_interval_us
            self._say_goodbye_to_departed()
            for link in self._links.values():
                if link.hello is not None:
                    self._say(link, _PING)
        for route in self._routes.due():
            self._switchboard.dial(route.address, _Visit(self, route))
        self._set_deadline()

    # --- what links and dials tell -----------------------------------------------

    def opened(
        self,
        connection: ConnectionId,
        remote: str,
        *,
        dialled: bool,
        expected: NodeId | None = None,
        introduced: Introduced | None = None,
    ) -> Link:
        """A stream is there: say who we are."""
        link = Link(
            self, connection, remote, dialled=dialled, expected=expected, introduced=introduced
        )
        self._links[connection] = link
        self._say(link, encode(self._house.our_hello()))
        self._look_soon()
        return link

    def take_in(self, link: Link, word: Word) -> bool:
        """Consider one word of a peer; False if that ended the link."""
        if link.hello is not None and not isinstance(word, _OF_LINKS):  # as almost all
            self._house.receive(link.hello.node_id, word)
            return True
        match word:
            case Hello():
                return self._meet(link, word)
            case Goodbye():
                self._part(link, word)
                return False
            case Ping() if link.hello is not None:
                return True
            case _:
                self.drop(link, "it did not say hello first")
                return False

    def drop(self, link: Link, reason: str) -> None:
        """End a link that is of no use."""
        self._end(link)
        self.lost(link, reason)

    def lost(self, link: Link, reason: str) -> None:
        """A link has ended."""
        self._forget(link)
        if link.introduced is not None:
            introduced, link.introduced = link.introduced, None
            introduced(reason)
        if link.hello is not None:
            self.turn.info("link down", peer=link.hello.name, address=link.remote, reason=reason)
        route = self._route_of(link)
        if route is not None and route.shaking is link:
            route.shaking = None
            self._routes.put_off(route, reason)
        elif route is not None:
            self._routes.put_off(route, "")
        self._look_soon()

    def hung_up(self, link: Link, reason: str) -> None:
        """The other side has closed the link, or it broke: dial at once to see which."""
        self.lost(link, reason)
        route = self._route_of(link)
        if route is not None and link.hello is not None:
            self._routes.suspect(route)

    def unreachable(self, route: Route, fact: DialFailed) -> None:
        """A dial to a member failed."""
        is_dead = self._routes.dial_failed(route, fact)
        self._look_soon()
        if is_dead:
            self._house.peer_gone(route.node_id)

    # --- the handshake -----------------------------------------------------------

    def _meet(self, link: Link, theirs: Hello) -> bool:
        ours = self._house.our_hello()
        if link.introduced is not None and _is_same_life(ours, theirs):
            self._recognize_ourselves(link, link.introduced, theirs)
            return False
        objection = judge_hello(
            ours,
            theirs,
            expected_cluster=self._house.cluster(),
            expected_node=link.expected,
            we_dialled=link.dialled,
        )
        if objection is None and theirs.blank and not link.dialled:
            objection = f"{ours} refuses {theirs}: it is no member yet, and we did not dial it"
        if objection is not None:
            self._refuse(link, GoodbyeCode.REFUSED, objection)
            return False
        # Whoever answers an introduction asks to be admitted, perhaps not for the first time.
        is_to_be_admitted = theirs.blank or link.introduced is not None
        if not is_to_be_admitted and self._house.has_left(theirs.node_id):
            self._refuse(link, GoodbyeCode.REMOVED, _removed_text(theirs))
            return False
        self._establish(link, theirs)
        return True

    def _recognize_ourselves(self, link: Link, introduced: Introduced, ours: Hello) -> None:
        """We are found at the address where somebody hoped to meet a node: no link is needed."""
        link.introduced = None
        self.drop(link, "we have met ourselves")
        introduced(ours)

    def _establish(self, link: Link, theirs: Hello) -> None:
        for other in list(self._links.values()):
            if other is link or other.hello is None or other.hello.node_id != theirs.node_id:
                continue
            if other.dialled is link.dialled or other.hello.incarnation < theirs.incarnation:
                self._end(other)  # invariant 2; or the other end of it is dead
                self._forget(other)
        link.hello = theirs
        self._newest[theirs.node_id] = link
        address = parse_address(theirs.client_address)
        if address is not None and address.names_a_host:
            self._client_addresses[theirs.node_id] = address
        elif address is not None:
            # Whoever has restarted after its removal has forgotten where it is.
            self._client_addresses.setdefault(theirs.node_id, address)
        self._routes.reached(theirs.node_id)
        self.turn.info("link up", peer=theirs.name, address=link.remote)
        if link.introduced is not None:
            introduced, link.introduced = link.introduced, None
            introduced(theirs)

    def _refuse(self, link: Link, code: GoodbyeCode, text: str) -> None:
        self.turn.warn("peer refused", address=link.remote, reason=text)
        self._say(link, encode(Goodbye(code, text)))
        self.drop(link, text)

    def _part(self, link: Link, goodbye: Goodbye) -> None:
        if link.hello is not None and goodbye.code is GoodbyeCode.REMOVED:
            self._house.told_removed(link.hello, goodbye.text)
        elif link.hello is not None and goodbye.code is GoodbyeCode.STOPPING:
            self._house.peer_gone(link.hello.node_id)
        self.drop(link, f"it said: {goodbye.text}")

    # --- inside ------------------------------------------------------------------

    def _give_up_silent(self, now: Micros) -> None:
        limits = self._limits
        for link in list(self._links.values()):
            if link.hello is None and now - link.since >= limits.handshake_within_us:
                self.drop(link, "it did not answer our greeting in time")
            elif now - link.heard_at >= limits.link_silence_max_us:
                self.drop(link, "it has been silent for too long")

    def _say_goodbye_to_departed(self) -> None:
        for link in list(self._links.values()):
            if (
                link.hello is not None
                and (not link.hello.blank or link.hello.node_id in self._once_members)
                and self._configuration.member(link.hello.node_id) is None
                and self._house.has_left(link.hello.node_id)
            ):
                self._refuse(link, GoodbyeCode.REMOVED, _removed_text(link.hello))

    def _set_deadline(self) -> None:
        limits = self._limits
        times = self._routes.times()
        times += [
            link.since + limits.handshake_within_us
            if link.hello is None
            else link.heard_at + limits.link_silence_max_us
            for link in self._links.values()
        ]
        if self._newest:
            times.append(self._ping_at)
        self.deadline = min(times, default=None)

    def _look_soon(self) -> None:
        self.deadline = self.turn.now

    def _route_of(self, link: Link) -> Route | None:
        node_id = link.hello.node_id if link.hello is not None else link.expected
        return self._routes.to(node_id) if node_id is not None else None

    def _say(self, link: Link, data: bytes) -> None:
        if not link.outgoing:
            self._with_outgoing.append(link)
        link.outgoing.append(data)

    def _end(self, link: Link) -> None:
        self.flush()  # the last words leave before the end
        self._switchboard.close(link.connection)

    def _forget(self, link: Link) -> None:
        self._links.pop(link.connection, None)
        if link.hello is None or self._newest.get(link.hello.node_id) is not link:
            return
        node_id = link.hello.node_id
        del self._newest[node_id]
        for other in self._links.values():
            if other.hello is not None and other.hello.node_id == node_id:
                self._newest[node_id] = other  # the last one is the newest


def _is_same_life(ours: Hello, theirs: Hello) -> bool:
    """Whether both are of one process: a copy of our data would be another life of us."""
    return (ours.node_id, ours.incarnation) == (theirs.node_id, theirs.incarnation)


def _is_bulky(message: Message) -> bool:
    if isinstance(message, AppendEntries):
        return bool(message.entries)  # a heartbeat must not be what is missing
    return isinstance(message, InstallSnapshot)


def _removed_text(theirs: Hello) -> str:
    return f"{theirs} is not a member of this cluster any more"
