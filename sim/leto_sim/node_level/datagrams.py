"""The network between nodes: messages that are lost, doubled, delayed and reordered.

Responsible for the fate of each message between two nodes. A message on its way
knows nothing of crashes: it may arrive in another life of its target, or after its
sender's end. What the fate is depends on the seed, the two nodes and the message's
number between them alone, so that taking one fault away leaves the others' effects.

A link may be cut (what is sent is lost), clogged (what is sent arrives once it is
clear again) or slow; and it carries so many messages at once, no more.
"""

from collections.abc import Callable, Iterable
from heapq import heappush
from math import log

import attrs

from leto.raft.messages import Message
from leto.raft.types import Micros, NodeId
from leto_sim.randomness import DRAW_RANGE, Draws, Roll, chance
from leto_sim.scheduler import Scheduler

Link = tuple[NodeId, NodeId]
"""Source and target."""


@attrs.frozen(kw_only=True)
class Weather:
    """How the network treats messages. Delays have an exponential tail of that mean."""

    delay_least_us: int = 200
    delay_tail_us: int = 800
    loss: float = 0.0
    duplication: float = 0.0
    straggling: float = 0.0  # this share arrives late by up to `straggling_us` more
    straggling_us: int = 0
    capacity: int = 0  # messages that a link carries at once; 0: any number
    # The same chances as thresholds of a draw, since every message is held against them.
    loss_below: int = attrs.field(init=False, eq=False, repr=False)
    duplication_below: int = attrs.field(init=False, eq=False, repr=False)
    straggling_below: int = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "loss_below", chance(self.loss))
        object.__setattr__(self, "duplication_below", chance(self.duplication))
        object.__setattr__(self, "straggling_below", chance(self.straggling))


CALM = Weather()


@attrs.define
class _Traffic:
    draws: Draws
    sent: int = 0
    # What is on its way, by number; kept only where the capacity is limited.
    flying: dict[int, Message] = attrs.field(factory=dict[int, Message])
    flights: int = 0


class Datagrams:
    """A network. `weather` may change at any time."""

    def __init__(
        self,
        scheduler: Scheduler,
        seed: int,
        weather: Weather,
        deliver: Callable[[NodeId, NodeId, Message], None],
    ) -> None:
        self.weather = weather
        self._scheduler = scheduler
        self._seed = seed
        self._deliver = deliver
        self._traffic: dict[Link, _Traffic] = {}
        self._cuts: dict[Link, int] = {}  # and how often it was cut
        self._clogged: dict[Link, Micros] = {}  # until then
        self._slow: dict[Link, int] = {}  # times as long

    def send(self, source: NodeId, target: NodeId, message: Message) -> None:
        """The source lets go of a message."""
        link = (source, target)
        if link in self._cuts:
            return
        traffic = self._traffic.get(link) or self._traffic_on(link)
        traffic.sent = number = traffic.sent + 1
        roll = traffic.draws.roll(number)
        weather = self.weather
        if roll[0] >= weather.loss_below:
            # `_delay_us` and `Scheduler.at`, written out: almost every message takes this way.
            tail_us = int(-log((roll[1] + 1) / DRAW_RANGE) * weather.delay_tail_us)
            delay_us = weather.delay_least_us + tail_us
            if roll[2] < weather.straggling_below:
                delay_us += roll[3] % (weather.straggling_us + 1)
            if weather.capacity or self._clogged or self._slow:
                self._let_fly(link, traffic, delay_us, message)
            else:
                scheduler = self._scheduler
                due, arrival = scheduler.now + delay_us, (source, target, message)
                heappush(scheduler.queue, (due, scheduler.next_number(), self._deliver, arrival))
        if roll[4] < weather.duplication_below:
            self._let_fly(link, traffic, _delay_us(weather, roll, 5), message)

    def _traffic_on(self, link: Link) -> _Traffic:
        traffic = _Traffic(Draws(self._seed, "link", *link))
        self._traffic[link] = traffic
        return traffic

    def reaches(self, source: NodeId, target: NodeId) -> bool:
        """Whether the link is not cut."""
        return (source, target) not in self._cuts

    def cut(self, links: Iterable[Link]) -> None:
        """Nothing that is sent on these links arrives, until `mend` was called as often."""
        for link in links:
            self._cuts[link] = self._cuts.get(link, 0) + 1

    def mend(self, links: Iterable[Link]) -> None:
        """Undoes one `cut` of these links, as far as they are not healed already."""
        for link in links:
            times = self._cuts.get(link, 0)
            if times > 1:
                self._cuts[link] = times - 1
            else:
                self._cuts.pop(link, None)

    def clog(self, link: Link, until: Micros) -> None:
        """Holds back what is sent on this link, until then."""
        self._clogged[link] = max(until, self._clogged.get(link, 0))
        self._scheduler.at(until, self._unclog, link)

    def slow_down(self, links: Iterable[Link], factor: int) -> None:
        """Lets everything take so much longer on these links; 1 is as before."""
        for link in links:
            if factor == 1:
                self._slow.pop(link, None)
            else:
                self._slow[link] = factor

    def heal(self, concerns: Callable[[NodeId], bool]) -> None:
        """Undoes all that was done to the links between nodes that this concerns."""
        for faults in (self._cuts, self._clogged, self._slow):
            for link in [link for link in faults if all(map(concerns, link))]:
                del faults[link]

    def _unclog(self, link: Link) -> None:
        if self._clogged.get(link, 0) <= self._scheduler.now:
            self._clogged.pop(link, None)

    def _let_fly(self, link: Link, traffic: _Traffic, delay_us: Micros, message: Message) -> None:
        """Over a link that may be slow, clogged or full."""
        scheduler, capacity = self._scheduler, self.weather.capacity
        if self._slow:
            delay_us *= self._slow.get(link, 1)
        if self._clogged:
            delay_us += max(0, self._clogged.get(link, 0) - scheduler.now)
        if not capacity:
            scheduler.after(delay_us, self._deliver, *link, message)
            return
        traffic.flights += 1
        flying, number = traffic.flying, traffic.flights
        flying[number] = message
        if len(flying) > capacity:  # somebody must go, the new one as likely as any other
            roll = traffic.draws.roll(-number)  # those of what is sent are positive
            del flying[list(flying)[roll[0] % len(flying)]]
        scheduler.after(delay_us, self._land, link, traffic, number)

    def _land(self, link: Link, traffic: _Traffic, number: int) -> None:
        message = traffic.flying.pop(number, None)
        if message is not None:
            self._deliver(*link, message)


def _delay_us(weather: Weather, roll: Roll, place: int) -> Micros:
    tail_us = int(-log((roll[place] + 1) / DRAW_RANGE) * weather.delay_tail_us)
    delay_us = weather.delay_least_us + tail_us
    if roll[place + 1] < weather.straggling_below:
        delay_us += roll[place + 2] % (weather.straggling_us + 1)
    return delay_us
