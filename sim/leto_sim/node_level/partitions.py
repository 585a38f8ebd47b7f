"""What nemesis does to the links between nodes.

Responsible for partitions of every shape, for links that clog or slow down, for the
weather, and for undoing all that.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, assert_never

import attrs

from leto.raft.types import Micros, NodeId
from leto_sim.faults import CutLinks, Victim
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.datagrams import CALM, Link
from leto_sim.node_level.faults import (
    ClogLinks,
    CutRing,
    Direction,
    FlapLinks,
    Isolate,
    SlowLinks,
    Storm,
    Swizzle,
)
from leto_sim.randomness import Draws, exponential_us

LinkFault: TypeAlias = CutLinks | CutRing | FlapLinks | Swizzle | ClogLinks | SlowLinks | Storm


class Partitions:
    """Performs the faults of links, and ends them after their time, until it is all over."""

    def __init__(self, cluster: Cluster, pick: Callable[[Victim], Host | None]) -> None:
        self._cluster = cluster
        self._network = cluster.network
        self._scheduler = cluster.scheduler
        self._pick = pick
        self._draws = Draws(cluster.seed, "clogs")
        self._clogs = 0
        self._is_over = False

    def heal(self, concerns: Callable[[NodeId], bool]) -> None:
        """Mends the links between the nodes that this concerns; the others stay as they are."""
        self._is_over = True
        self._network.heal(concerns)
        self._network.weather = CALM

    def perform(self, fault: LinkFault) -> None:
        """Lets it happen, and plans its end."""
        match fault:
            case CutLinks():
                self._cut(self._between(fault), fault.for_us)
            case CutRing(for_us=for_us):
                self._cut(self._chords(), for_us)
            case FlapLinks(period_us=period_us, times=times):
                for number in range(times):
                    begin_us = 2 * number * period_us
                    self._cut_later(begin_us, self._between(fault), period_us)
            case Swizzle():
                self._swizzle(fault)
            case ClogLinks():
                self._clog(fault)
            case SlowLinks(factor=factor, for_us=for_us):
                links = self._across(fault.left, fault.right)
                self._slow_down(links, factor)
                self._scheduler.after(for_us, self._slow_down, links, 1)
            case Storm():
                self._begin_storm(fault)
            case _:
                assert_never(fault)

    def isolate(self, host: Host, fault: Isolate) -> None:
        """Cuts a node off."""
        self._cut(self._links_of(host, fault.direction), fault.for_us)

    # --- which links ---------------------------------------------------------------------

    def _between(self, fault: CutLinks | FlapLinks) -> list[Link]:
        links = self._across(fault.left, fault.right)
        return links if fault.one_way else links + _reversed(links)

    def _across(self, left: int, right: int) -> list[Link]:
        return [(a.node_id, b.node_id) for a in self._side(left) for b in self._side(right)]

    def _side(self, mask: int) -> list[Host]:
        return [host for number, host in enumerate(self._cluster.hosts) if mask >> number & 1]

    def _chords(self) -> list[Link]:
        """All links but those between neighbours."""
        ids = [host.node_id for host in self._cluster.hosts if not host.is_gone]
        far = range(2, len(ids) - 1)
        return [(a, ids[(at + step) % len(ids)]) for at, a in enumerate(ids) for step in far]

    def _links_of(self, host: Host, direction: Direction) -> list[Link]:
        others = [other.node_id for other in self._cluster.hosts if other is not host]
        to_it = [(other, host.node_id) for other in others]
        match direction:
            case Direction.TO_IT:
                return to_it
            case Direction.FROM_IT:
                return _reversed(to_it)
            case Direction.BOTH:
                return to_it + _reversed(to_it)

    # --- what is done to them ------------------------------------------------------------

    def _cut(self, links: Iterable[Link], for_us: Micros) -> None:
        self._cut_later(0, links, for_us)

    def _cut_later(self, begin_us: Micros, links: Iterable[Link], for_us: Micros) -> None:
        cut = tuple(links)
        self._do(begin_us, self._network.cut, cut)
        self._do(begin_us + for_us, self._network.mend, cut)

    def _do(
        self, after_us: Micros, act: Callable[[Iterable[Link]], None], links: Sequence[Link]
    ) -> None:
        if after_us:
            self._scheduler.after(after_us, self._unless_over, act, links)
        else:
            act(links)

    def _unless_over(self, act: Callable[[Iterable[Link]], None], links: Sequence[Link]) -> None:
        if not self._is_over:
            act(links)

    def _swizzle(self, fault: Swizzle) -> None:
        """One is cut off every `step_us`; when all are, one comes back every `step_us`."""
        number_healed = {victim: number for number, victim in enumerate(fault.healed)}
        for number, victim in enumerate(fault.victims):
            host = self._pick(victim)
            if host is not None:
                steps = len(fault.victims) - number + number_healed.get(victim, 0)
                links = self._links_of(host, Direction.BOTH)
                self._cut_later(number * fault.step_us, links, steps * fault.step_us)

    def _clog(self, fault: ClogLinks) -> None:
        links = self._across(fault.left, fault.right)
        for link in links + _reversed(links):
            self._clogs += 1
            for_us = exponential_us(fault.mean_us, self._draws.roll(self._clogs)[0])
            self._network.clog(link, self._scheduler.now + for_us)

    def _slow_down(self, links: Sequence[Link], factor: int) -> None:
        if not self._is_over:
            self._network.slow_down(links, factor)

    def _begin_storm(self, storm: Storm) -> None:
        self._network.weather = attrs.evolve(
            self._cluster.scenario.weather,
            loss=storm.loss,
            duplication=storm.duplication,
            delay_tail_us=storm.delay_tail_us,
        )
        self._scheduler.after(storm.for_us, self._end_storm)

    def _end_storm(self) -> None:
        if not self._is_over:
            self._network.weather = self._cluster.scenario.weather


def _reversed(links: Sequence[Link]) -> list[Link]:
    return [(target, source) for source, target in links]
