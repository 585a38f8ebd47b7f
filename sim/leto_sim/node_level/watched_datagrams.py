"""The network between nodes of a traced run, where somebody may write down every message.

Responsible for telling a recording what departs, what arrives, and which links are cut.
What the network does is what `Datagrams` do.
"""

from collections.abc import Callable, Iterable

import attrs

from leto.raft.messages import Message
from leto.raft.types import NodeId
from leto_sim.descriptions import describe_message
from leto_sim.journal import Journal
from leto_sim.node_level.datagrams import Datagrams, Link, Weather
from leto_sim.scheduler import Scheduler
from leto_sim.view.recording import Arrival, Passage, Recording


@attrs.frozen
class Log:
    """Where to write, and what it takes to write it."""

    recording: Recording
    journal: Journal
    name_of: Callable[[NodeId], str]
    is_held: Callable[[NodeId], bool]  # whether messages wait there, since it is paused or slow


class WatchedDatagrams(Datagrams):
    """A network with a `log`, once there is one; nothing may have been sent before."""

    def __init__(
        self,
        scheduler: Scheduler,
        seed: int,
        weather: Weather,
        deliver: Callable[[NodeId, NodeId, Message], None],
    ) -> None:
        super().__init__(scheduler, seed, weather, self._arrive)
        self.log: Log | None = None
        self._hand_over = deliver
        # The message itself is kept, so that no other can have its identity.
        self._under_way: dict[tuple[NodeId, NodeId, int], tuple[Passage, Message]] = {}

    def send(self, source: NodeId, target: NodeId, message: Message) -> None:
        """The source lets go of a message."""
        if self.log is not None:
            passage = Passage(
                source=self.log.name_of(source),
                target=self.log.name_of(target),
                text=describe_message(message),
                sent_event=self.log.journal.events,
            )
            self.log.recording.passages.append(passage)
            self._under_way[source, target, id(message)] = (passage, message)
        super().send(source, target, message)

    def cut(self, links: Iterable[Link]) -> None:
        """Nothing that is sent on these links arrives."""
        super().cut(links)
        self._tell_cuts()

    def mend(self, links: Iterable[Link]) -> None:
        """Undoes one `cut` of these links."""
        super().mend(links)
        self._tell_cuts()

    def heal(self, concerns: Callable[[NodeId], bool]) -> None:
        """Undoes all that was done to these links."""
        super().heal(concerns)
        self._tell_cuts()

    def taken_in(self, source: NodeId, target: NodeId, message: Message) -> None:
        """The target is about to take in a message that has reached it, now or before."""
        entry = self._under_way.get((source, target, id(message)))
        if self.log is None or entry is None:
            return
        event = self.log.journal.events + 1  # the event of its taking it in
        for arrival in entry[0].arrivals:
            if arrival.taken_event is None:
                arrival.taken_event = event
                return

    def _arrive(self, source: NodeId, target: NodeId, message: Message) -> None:
        if self.log is None:
            self._hand_over(source, target, message)
            return
        passage, _ = self._under_way[source, target, id(message)]
        arrival = Arrival(self.log.journal.events)
        passage.arrivals.append(arrival)
        self._hand_over(source, target, message)
        if arrival.taken_event is not None:
            arrival.reached_event = arrival.taken_event
        elif not self.log.is_held(target):
            passage.arrivals.remove(arrival)  # nobody lives there

    def _tell_cuts(self) -> None:
        if self.log is not None:
            name_of = self.log.name_of
            links = [(name_of(source), name_of(target)) for source, target in self._cuts]
            self.log.recording.links_cut(links)
