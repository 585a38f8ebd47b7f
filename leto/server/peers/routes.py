"""Routes: how each member is reached, and when to try (again).

Responsible for whom to dial and when. Of two members the one with the smaller id dials at
once, the other one only if there is no link after a while; whoever cannot be reached is
dialled again, each time a little later. It dials nobody itself, and knows of links only
whether there is one.

A member whose link was ended from there is dialled again at once, and again: if that is
refused, the process there is dead, and the core need not wait for a timeout. (A process
that is killed loses its sockets one after the other: until the listening one is gone too,
dials are reset.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from leto.server.dice import jittered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leto.raft.configuration import Member
    from leto.raft.types import Dice, Micros, NodeId
    from leto.server.peers.link import Link
    from leto.server.settings import Limits
    from leto.server.turn import Turn
    from leto.server.world import DialFailed

_SUSPICION_US = 500_000  # for so long a peer that hung up is dialled at short intervals
_SUSPECT_RETRY_US = 5_000


@attrs.define(eq=False)
class Route:
    """How to reach a member. Written by `Routes`, and by `Links` while it dials."""

    node_id: NodeId
    name: str
    address: str
    retry_at: Micros
    backoff_us: Micros
    is_dialled: bool = False
    shaking: Link | None = None  # dialled, and its handshake not over
    complaint: str = ""  # the last one logged: the same one is not logged again
    suspect_until: Micros | None = None  # its link was closed from there; is the process dead?


class Routes:
    """The routes to all members but this node.

    Args:
        is_up: whether there is a link to that peer.
    """

    def __init__(
        self, turn: Turn, limits: Limits, dice: Dice, is_up: Callable[[NodeId], bool]
    ) -> None:
        self._turn = turn
        self._limits = limits
        self._dice = dice
        self._is_up = is_up
        self._routes: dict[NodeId, Route] = {}

    def follow(self, members: Iterable[Member], ourselves: NodeId) -> None:
        """Have a route to each of these from now on, and to nobody else."""
        routes: dict[NodeId, Route] = {}
        for member in members:
            if member.node_id == ourselves or not member.address:
                continue
            route = self._routes.get(member.node_id)
            if route is None or route.address != member.address:
                route = self._new(member, ourselves)
            routes[member.node_id] = route
        self._routes = routes

    def to(self, node_id: NodeId) -> Route | None:
        """The route to that node, if it is a member."""
        return self._routes.get(node_id)

    def due(self) -> list[Route]:
        """Those that are to be dialled now; they count as dialled from now on."""
        now = self._turn.now
        due = [r for r in self._routes.values() if self._wants_dial(r) and r.retry_at <= now]
        for route in due:
            route.is_dialled = True
        return due

    def times(self) -> list[Micros]:
        """When members are to be dialled."""
        return [route.retry_at for route in self._routes.values() if self._wants_dial(route)]

    def reached(self, node_id: NodeId) -> None:
        """A link to that node is up."""
        route = self._routes.get(node_id)
        if route is not None:
            route.shaking = None
            route.suspect_until = None
            route.complaint = ""
            route.backoff_us = self._limits.dial_backoff_min_us

    def suspect(self, route: Route) -> None:
        """The other side has closed the link, or it broke: dial at once to see which."""
        route.suspect_until = self._turn.now + _SUSPICION_US
        route.retry_at = self._turn.now

    def dial_failed(self, route: Route, fact: DialFailed) -> bool:
        """Try again later. Whether the process there is known to be dead now."""
        route.is_dialled = False
        is_dead = self._is_suspect(route) and fact.refused
        if is_dead:
            route.suspect_until = None
        self.put_off(route, fact.reason)
        return is_dead

    def put_off(self, route: Route, complaint: str) -> None:
        """Try again later, each time a little later; say why, but not again and again."""
        if self._is_suspect(route):
            route.retry_at = self._turn.now + _SUSPECT_RETRY_US
            return
        if complaint not in {"", route.complaint} and not self._is_up(route.node_id):
            route.complaint = complaint
            self._turn.warn(
                "peer unreachable", peer=route.name, address=route.address, reason=complaint
            )
        route.retry_at = self._turn.now + jittered(self._dice, route.backoff_us)
        route.backoff_us = min(route.backoff_us * 2, self._limits.dial_backoff_max_us)

    def _new(self, member: Member, ourselves: NodeId) -> Route:
        limits = self._limits
        head_start = 0 if ourselves < member.node_id else limits.dial_backoff_max_us // 2
        retry_at = self._turn.now + head_start
        return Route(
            member.node_id, member.name, member.address, retry_at, limits.dial_backoff_min_us
        )

    def _wants_dial(self, route: Route) -> bool:
        return not route.is_dialled and route.shaking is None and not self._is_up(route.node_id)

    def _is_suspect(self, route: Route) -> bool:
        until = route.suspect_until
        return until is not None and self._turn.now < until and not self._is_up(route.node_id)
