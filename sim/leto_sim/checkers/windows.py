"""What is on its way to a follower, and what is applied at once, is bounded (§10.2.2).

Counted by itself whenever entries are sent: so many messages at most are not acknowledged,
and so many bytes, as the settings say. The message that fills the window may exceed it, and
so may a single entry whatever carries it. A probe, and a message that does not follow the one
before it, begin anew: their leader has found that what was on its way is lost. Bytes of
messages are counted only where the settings are so tight that they may matter.
"""

from collections import deque
from collections.abc import Sequence

import attrs

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.config import MIB
from leto.raft.entries import Entry
from leto.raft.messages import AppendEntries
from leto.raft.progress import Mode
from leto.raft.types import Index, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

WINDOW_HOLDS = "what is on its way to a follower is bounded"
WINDOW_TAKES = "whose window has room is sent what there is"
_PROBE, _REPLICATE = Mode.PROBE, Mode.REPLICATE  # looked up once
PIECES_HOLD = "what goes in one piece is bounded"


@attrs.define
class _Flight:
    """Messages with entries on their way from one node to another."""

    term: Term = 0
    last_index: Index = 0  # of the latest message
    flying: deque[tuple[Index, int]] = attrs.field(factory=deque[tuple[Index, int]])
    size_bytes: int = 0

    def begin_anew(self, term: Term) -> None:
        self.term, self.size_bytes = term, 0
        self.flying.clear()

    def land(self, match_index: Index) -> None:
        while self.flying and self.flying[0][0] <= match_index:
            self.size_bytes -= self.flying.popleft()[1]


class Windows:
    """Holds every follower's window against the settings, and whatever is applied."""

    def __init__(self, config: Config) -> None:
        self._appends_max = config.appends_in_flight_max
        self._bytes_max = config.bytes_in_flight_max
        self._append_bytes_max = config.append_bytes_max
        self._apply_bytes_max = config.apply_bytes_max
        self._is_tight = min(config.bytes_in_flight_max, config.append_bytes_max) < MIB
        self._flights: dict[tuple[NodeId, NodeId], _Flight] = {}

    def sent(self, node: Observed, send: Send) -> None:
        """The leader sends an AppendEntries."""
        message = send.message
        assert type(message) is AppendEntries, "only those are shown here"
        follower = node.status.followers_by_id.get(send.to)
        if not message.entries or follower is None:
            return  # these are its last words, if it leads no more
        link = (node.node_id, send.to)
        flight = self._flights.get(link)
        if flight is None:
            flight = self._flights[link] = _Flight()
        follows = flight.term == message.term and message.prev.index == flight.last_index
        if not follows or follower.mode is _PROBE:
            flight.begin_anew(message.term)
        flight.land(follower.match_index)
        self._check_window(node, send, flight)
        size_bytes = 0
        if self._is_tight:
            size_bytes = _size_of(message.entries)
            _check_piece(node, "sends", message.entries, size_bytes, self._append_bytes_max)
        flight.last_index = message.entries[-1].id.index
        flight.flying.append((flight.last_index, size_bytes))
        flight.size_bytes += size_bytes

    def timer_fired(self, node: Observed) -> None:
        """The node has handled its timer: who has room was sent what there is."""
        status, last_index = node.status, node.memory.last_index
        for node_id, follower in status.followers_by_id.items():
            flight = self._flights.get((node.node_id, node_id))
            if follower.mode is not _REPLICATE or follower.next_index > last_index:
                continue
            if flight is not None and flight.term == status.current_term:
                flight.land(follower.match_index)
                if not flight.flying:
                    raise PropertyViolated(
                        WINDOW_TAKES,
                        f"{node.name} sends {node_id} nothing, from {follower.next_index} on",
                        node=node.name,
                    )

    def applied(self, node: Observed, entries: Sequence[Entry]) -> None:
        """The node has applied these in one piece."""
        if len(entries) > 1:
            _check_piece(node, "applies", entries, _size_of(entries), self._apply_bytes_max)

    def _check_window(self, node: Observed, send: Send, flight: _Flight) -> None:
        flying = len(flight.flying)
        if flying >= self._appends_max or (flying and flight.size_bytes >= self._bytes_max):
            raise PropertyViolated(
                WINDOW_HOLDS,
                f"{flying} messages of {flight.size_bytes} bytes are on their way from"
                f" {node.name} to {send.to} already",
                node=node.name,
            )


def _size_of(entries: Sequence[Entry]) -> int:
    return sum([entry.size_bytes for entry in entries])


def _check_piece(
    node: Observed, does: str, entries: Sequence[Entry], size_bytes: int, bytes_max: int
) -> None:
    if len(entries) > 1 and size_bytes > bytes_max:
        raise PropertyViolated(
            PIECES_HOLD,
            f"{node.name} {does} {len(entries)} entries of {size_bytes} bytes at once",
            node=node.name,
        )
