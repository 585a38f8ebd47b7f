"""What travels between servers, written down on its way.

Responsible for telling a recording which frames are transmitted on the links between
servers, when each has been read to its end, and who dials whom. It reads what processes
are told and order, in a run that is recorded; the network knows nothing of it.
"""

from collections import deque
from collections.abc import Mapping

import attrs

from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialId,
    Fact,
    Order,
    Transmit,
)
from leto.wire import Frame, FrameReader, Goodbye, Hello, Ping, Unreadable, decode
from leto_sim.descriptions import describe_message
from leto_sim.journal import Journal
from leto_sim.view.recording import Arrival, Passage, Recording

DIALS = "dials"


@attrs.define(eq=False)
class _Direction:
    """What one end of a connection says to the other."""

    source: str
    target: str
    transmitted: FrameReader = attrs.field(factory=FrameReader)
    received: FrameReader = attrs.field(factory=FrameReader)
    under_way: deque[Passage | None] = attrs.field(factory=deque[Passage | None])


@attrs.define(eq=False)
class _Link:
    """A connection between two servers."""

    forth: _Direction  # from who dialled
    back: _Direction
    dial: Passage | None = None  # once who dialled has heard of the connection
    accepted_event: int | None = None  # once the other has


class Passages:
    """Follows every connection between servers. `names` are those of the servers, by host."""

    def __init__(self, recording: Recording, journal: Journal, names: Mapping[str, str]) -> None:
        self._recording = recording
        self._journal = journal
        self._names = names
        self._dials: dict[tuple[str, DialId], Passage] = {}
        self._links: dict[str, _Link] = {}  # by the dialler's address, which no other has
        self._speaks: dict[tuple[str, ConnectionId], _Direction] = {}
        self._hears: dict[tuple[str, ConnectionId], _Direction] = {}

    def noted(self, name: str, value: Fact | Order) -> None:
        """That process is about to be told this, or orders it."""
        match value:
            case Dial(dial=dial, address=address):
                if passage := self._depart(name, self._name_at(address), DIALS):
                    self._dials[name, dial] = passage
            case ConnectionAccepted():
                self._accept(name, value)
            case ConnectionDialled():
                self._dialled(name, value)
            case Transmit(connection=connection, data=data):
                if direction := self._speaks.get((name, connection)):
                    frames = direction.transmitted.feed(data)
                    direction.under_way.extend(self._say(direction, frame) for frame in frames)
            case BytesReceived(connection=connection, data=data):
                if direction := self._hears.get((name, connection)):
                    for _ in direction.received.feed(data):
                        self._arrive(direction.under_way.popleft(), self._event)
            case _:
                pass

    @property
    def _event(self) -> int:
        """The number of the event that is under way: it is noted when it is over."""
        return self._journal.events + 1

    def _name_at(self, address: str) -> str:
        return self._names.get(address.rpartition(":")[0], "")

    def _depart(self, source: str, target: str, text: str) -> Passage | None:
        if source not in self._names.values() or not target:
            return None
        passage = Passage(source, target, text, self._event)
        self._recording.passages.append(passage)
        return passage

    def _arrive(self, passage: Passage | None, event: int) -> None:
        if passage is not None:
            passage.arrivals.append(Arrival(event, event))

    def _accept(self, name: str, fact: ConnectionAccepted) -> None:
        dialler = self._name_at(fact.remote)
        if dialler:
            link = self._link(fact.remote, dialler, name)
            link.accepted_event = self._event
            self._arrive_dial(link)
            self._hears[name, fact.connection] = link.forth
            self._speaks[name, fact.connection] = link.back

    def _dialled(self, name: str, fact: ConnectionDialled) -> None:
        passage = self._dials.pop((name, fact.dial), None)
        if passage is not None:
            link = self._link(fact.local, name, passage.target)
            link.dial = passage
            self._arrive_dial(link)
            self._speaks[name, fact.connection] = link.forth
            self._hears[name, fact.connection] = link.back

    def _link(self, address: str, dialler: str, accepter: str) -> _Link:
        """Either end may hear of it first: who accepts may be paused."""
        link = self._links.get(address)
        if link is None:
            link = _Link(_Direction(dialler, accepter), _Direction(accepter, dialler))
            self._links[address] = link
        return link

    def _arrive_dial(self, link: _Link) -> None:
        if link.dial is not None and link.accepted_event is not None:
            self._arrive(link.dial, link.accepted_event)

    def _say(self, direction: _Direction, frame: Frame) -> Passage | None:
        """Nothing is drawn for what only keeps a link alive, nor for what is not understood."""
        match decode(frame):
            case None | Ping() | Unreadable():
                return None
            case Hello() | Goodbye() as word:
                text = type(word).__name__
            case message:
                text = describe_message(message)
        return self._depart(direction.source, direction.target, text)
