"""The simulated network of streams: in order, cut anywhere, slow, half-open, reset.

Responsible for connections between simulated processes, as the operating systems
at both ends see them. What the bytes mean is nobody's business here: no frame is
parsed in order to deliver it.

Each direction of a connection is a pipe: what its source could not send yet, what
is under way, what waits behind a blocked path (it is sent again when the path
heals, as TCP does), and what the target has not read yet.

Invariants:
    1. What arrives is a prefix of what was transmitted, in order, cut anywhere.
    2. An end hears of its end once, and nothing after it.
    3. A path that is blocked loses no bytes of a connection that outlives it; it
       loses the news that a connection has ended, which leaves it half-open until
       somebody sends.
"""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final

import attrs

from leto.raft.types import Micros
from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    DialFailed,
    DialId,
    Fact,
    OutputBacklog,
    Port,
)
from leto_sim.node_level.disk import exponential_us
from leto_sim.randomness import Draws, Roll, chance
from leto_sim.scheduler import Scheduler

DIAL_TIMEOUT_US: Final = 2_000_000
FIRST_EPHEMERAL_PORT: Final = 40_000
RESET_AT_DEATH_CHANCE: Final = 0.5
END_OF_STREAM: Final = b""
"""What travels behind the last byte of a connection that was closed in good order."""


@attrs.frozen(kw_only=True)
class StreamWeather:
    """How streams behave when nothing is broken."""

    delay_least_us: int = 100
    delay_tail_us: int = 200
    slow_chance: float = 0.0  # of a piece to be as late as a lost packet makes it
    slow_us: int = 200_000
    cut_chance: float = 0.1  # of a piece to be cut at a random place
    window_bytes: int = 256 * 1024  # under way or unread; more waits in the sender


class Sockets:
    """The open connections of one process, and the door through which it hears of them."""

    def __init__(self, host: str, tell: Callable[[Fact], None]) -> None:
        self.host = host
        self.tell = tell
        self.is_frozen = False  # the process is stopped: it reads nothing
        self.is_closed = False  # the process has ended
        self.ends: dict[ConnectionId, _End] = {}
        self._last_connection = 0

    def open(self, end: "_End") -> ConnectionId:
        """Give the connection its number in this process."""
        self._last_connection += 1
        connection = ConnectionId(self._last_connection)
        self.ends[connection] = end
        return connection


class _Pipe:
    """One direction of a connection."""

    __slots__ = (
        "in_flight",
        "is_broken",
        "is_ending",
        "is_lost",
        "last_arrival",
        "source",
        "target",
        "unsent",
        "waiting",
    )

    def __init__(self, source: "_End", target: "_End", first_arrival: Micros) -> None:
        self.source = source
        self.target = target
        self.unsent = bytearray()
        self.in_flight = 0  # bytes under way, waiting, or unread
        self.last_arrival = first_arrival
        self.waiting: deque[bytes] = deque()  # behind a blocked path
        self.is_lost = False  # with its source's host: what is under way is sent only once
        self.is_broken = False  # something was lost, so that nothing behind it arrives
        self.is_ending = False  # nothing is transmitted any more; what is unsent still leaves


class _End:
    """One end of a connection."""

    __slots__ = (
        "connection",
        "incoming",
        "is_announced",
        "is_gone",
        "is_paused",
        "outgoing",
        "sockets",
        "unread",
    )

    incoming: _Pipe
    outgoing: _Pipe

    def __init__(self, sockets: Sockets) -> None:
        self.sockets = sockets
        self.connection = sockets.open(self)
        self.unread: deque[bytes] = deque()
        self.is_announced = True  # its owner knows of it
        self.is_paused = False
        self.is_gone = False

    @property
    def peer(self) -> "_End":
        return self.outgoing.target


class _Dice:
    """What chance does to one path.

    The n-th delay and the n-th cut depend on the seed, the path and n alone, so that
    taking one fault away, or better weather, leaves the others' effects.
    """

    __slots__ = ("_cut", "_cuts", "_delay", "_delays")

    def __init__(self, seed: int, source: str, target: str) -> None:
        self._delays = Draws(seed, "stream", source, target)
        self._cuts = Draws(seed, "cuts", source, target)
        self._delay = self._cut = 0

    def next_delay(self) -> Roll:
        """A roll for the next thing that travels."""
        self._delay += 1
        return self._delays.roll(self._delay)

    def next_cut(self) -> Roll:
        """A roll for the next piece that may be cut."""
        self._cut += 1
        return self._cuts.roll(self._cut)


class StreamNetwork:
    """Carries bytes between hosts, and news of how connections begin and end."""

    def __init__(self, scheduler: Scheduler, seed: int, weather: StreamWeather) -> None:
        self.weather = weather
        self._scheduler = scheduler
        self._seed = seed
        self._dice: dict[tuple[str, str], _Dice] = {}
        self._listeners: dict[str, tuple[Sockets, Port]] = {}
        self._blocks: dict[tuple[str, str], int] = {}  # how many faults block this path
        self._dark: dict[str, None] = {}  # hosts without power
        self._pipes: dict[tuple[str, str], list[_Pipe]] = {}
        self._dials = 0

    # --- what a process orders -----------------------------------------------------------

    def listen(self, sockets: Sockets, port: Port, address: str) -> None:
        """Accept what is dialled to `address`, until the process ends."""
        self._listeners[address] = (sockets, port)

    def dial(self, sockets: Sockets, dial: DialId, address: str) -> None:
        """Try to connect."""
        self._dials += 1
        host = address.rpartition(":")[0]
        local = f"{sockets.host}:{FIRST_EPHEMERAL_PORT + self._dials}"
        self._later(sockets.host, host, self._arrive_dial, sockets, dial, local, address)

    def transmit(self, sockets: Sockets, connection: ConnectionId, data: bytes) -> None:
        """Send bytes; in vain if the connection has ended and its owner does not know yet."""
        end = sockets.ends.get(connection)
        if end is None or end.outgoing.is_ending or not data:
            return
        pipe = end.outgoing
        pipe.unsent += data
        self._pump(pipe)
        if pipe.unsent:
            self._scheduler.after(0, self._tell_backlog, end)

    def pause(self, sockets: Sockets, connection: ConnectionId) -> None:
        """Leave what arrives unread."""
        if end := sockets.ends.get(connection):
            end.is_paused = True

    def resume(self, sockets: Sockets, connection: ConnectionId) -> None:
        """Read again what arrives."""
        if end := sockets.ends.get(connection):
            end.is_paused = False
            self._scheduler.after(0, self._read, end)

    def close(self, sockets: Sockets, connection: ConnectionId, *, abort: bool) -> None:
        """End the connection at once, or when what was transmitted has left."""
        end = sockets.ends.get(connection)
        if end is None:
            return
        end.is_paused = True
        if abort:
            end.outgoing.is_ending = True
            self._reset_peer(end)
            self._scheduler.after(0, self._end, end, "aborted here")
        elif not end.outgoing.is_ending:
            end.outgoing.is_ending = True
            self._pump(end.outgoing)

    # --- what befalls a process ----------------------------------------------------------

    def freeze(self, sockets: Sockets) -> None:
        """The process is stopped, and reads nothing."""
        sockets.is_frozen = True

    def thaw(self, sockets: Sockets) -> None:
        """The process goes on."""
        sockets.is_frozen = False
        for end in list(sockets.ends.values()):
            self._read(end)

    def end_process(self, sockets: Sockets, rng: Random) -> None:
        """The process has ended; its operating system says so to each peer, well or badly."""
        self._stop_listening(sockets)
        for end in list(sockets.ends.values()):
            if end.unread or rng.random() < RESET_AT_DEATH_CHANCE:
                self._reset_peer(end)
            else:  # what the operating system holds still leaves, and then the end
                end.outgoing.unsent.clear()
                self._send(end.outgoing, END_OF_STREAM)
            self._bury(end)

    def cut_power(self, sockets: Sockets | None, host: str) -> None:
        """The host is gone with all that its operating system held; nobody is told."""
        self._dark[host] = None
        if sockets is None:
            return
        self._stop_listening(sockets)
        for end in list(sockets.ends.values()):
            self._forget_unsent(end.outgoing)
            end.outgoing.is_lost = True
            self._bury(end)

    def restore_power(self, host: str) -> None:
        """The host is back, and knows of no connection."""
        self._dark.pop(host, None)
        self._resend(lambda path: host in path)

    def block(self, source: str, target: str) -> None:
        """Let nothing pass from `source` to `target` until as many `unblock`s."""
        self._blocks[source, target] = self._blocks.get((source, target), 0) + 1

    def unblock(self, source: str, target: str) -> None:
        """Undo one `block`."""
        blocks = self._blocks.get((source, target), 0) - 1
        if blocks > 0:
            self._blocks[source, target] = blocks
        elif blocks == 0:
            del self._blocks[source, target]
            self._resend(lambda path: path in {(source, target), (target, source)})

    def reset(self, one: str, other: str) -> None:
        """Break every connection between two hosts; each end loses what it has not read."""
        for pipe in [*self._pipes.get((one, other), ()), *self._pipes.get((other, one), ())]:
            delay = self._delay_us(one, other)
            self._scheduler.after(delay, self._end, pipe.target, "connection reset by the network")

    # --- connecting ----------------------------------------------------------------------

    def _arrive_dial(self, sockets: Sockets, dial: DialId, local: str, address: str) -> None:
        host = address.rpartition(":")[0]
        if self._is_blocked(sockets.host, host):
            self._time_dial_out(sockets, dial)
            return
        listener = self._listeners.get(address)
        if sockets.is_closed:
            return
        if listener is None:
            self._later(host, sockets.host, self._arrive_refusal, sockets, dial, host)
            return
        accepting, port = listener
        accepted, dialled = _End(accepting), _End(sockets)
        self._connect(dialled, accepted)
        accepting.tell(ConnectionAccepted(accepted.connection, port, address, local))
        arrival = accepted.outgoing.last_arrival
        self._scheduler.at(arrival, self._arrive_acceptance, dialled, dial, local, address)

    def _connect(self, dialled: _End, accepted: _End) -> None:
        here, there = dialled.sockets.host, accepted.sockets.host
        now = self._scheduler.now
        arrival = now + self._delay_us(there, here)
        dialled.outgoing = accepted.incoming = _Pipe(dialled, accepted, now)
        accepted.outgoing = dialled.incoming = _Pipe(accepted, dialled, arrival)
        dialled.is_announced = False
        dialled.is_paused = True
        self._pipes.setdefault((here, there), []).append(dialled.outgoing)
        self._pipes.setdefault((there, here), []).append(accepted.outgoing)

    def _arrive_acceptance(self, end: _End, dial: DialId, local: str, address: str) -> None:
        sockets = end.sockets
        if end.is_gone:  # reset, or its process has ended
            self._fail_dial(DialFailed(dial, "connection reset", refused=False), sockets)
            return
        if self._is_blocked(address.rpartition(":")[0], sockets.host):
            self._bury(end)
            self._time_dial_out(sockets, dial)
            return
        end.is_announced = True
        end.is_paused = False
        sockets.tell(ConnectionDialled(dial, end.connection, local, address))
        self._read(end)

    def _arrive_refusal(self, sockets: Sockets, dial: DialId, host: str) -> None:
        if self._is_blocked(host, sockets.host):
            self._time_dial_out(sockets, dial)
        else:
            self._fail_dial(DialFailed(dial, "connection refused", refused=True), sockets)

    def _time_dial_out(self, sockets: Sockets, dial: DialId) -> None:
        failure = DialFailed(dial, "timed out", refused=False)
        self._scheduler.after(DIAL_TIMEOUT_US, self._fail_dial, failure, sockets)

    def _fail_dial(self, failure: DialFailed, sockets: Sockets) -> None:
        if not sockets.is_closed:
            sockets.tell(failure)

    def _stop_listening(self, sockets: Sockets) -> None:
        sockets.is_closed = True
        for address, (listening, _) in list(self._listeners.items()):
            if listening is sockets:
                del self._listeners[address]

    # --- carrying ------------------------------------------------------------------------

    def _pump(self, pipe: _Pipe) -> None:
        """Send as much as the window lets; behind the last byte, the end."""
        while pipe.unsent and pipe.in_flight < self.weather.window_bytes:
            size = self._cut(
                pipe, min(len(pipe.unsent), self.weather.window_bytes - pipe.in_flight)
            )
            piece = bytes(pipe.unsent[:size])
            del pipe.unsent[:size]
            self._send(pipe, piece)
        if pipe.is_ending and not pipe.unsent:
            self._send(pipe, END_OF_STREAM)
            self._scheduler.after(0, self._end_here, pipe.source)

    def _cut(self, pipe: _Pipe, size: int) -> int:
        dice = self._dice_of(pipe.source.sockets.host, pipe.target.sockets.host)
        roll = dice.next_cut()
        if roll[0] < chance(self.weather.cut_chance):
            return 1 + roll[1] % size
        return size

    def _send(self, pipe: _Pipe, piece: bytes) -> None:
        pipe.in_flight += len(piece)
        delay = self._delay_us(pipe.source.sockets.host, pipe.target.sockets.host)
        pipe.last_arrival = max(pipe.last_arrival, self._scheduler.now + delay)
        self._scheduler.at(pipe.last_arrival, self._arrive, pipe, piece)

    def _arrive(self, pipe: _Pipe, piece: bytes) -> None:
        if pipe.is_broken:
            return
        if pipe.waiting or self._is_blocked(pipe.source.sockets.host, pipe.target.sockets.host):
            if pipe.is_lost:
                pipe.is_broken = True
            else:
                pipe.waiting.append(piece)
            return
        self._deliver(pipe, piece)

    def _deliver(self, pipe: _Pipe, piece: bytes) -> None:
        target = pipe.target
        if not target.is_gone:
            target.unread.append(piece)
            self._read(target)
        elif self._is_blocked(target.sockets.host, pipe.source.sockets.host):
            pipe.waiting.append(piece)  # the answer "there is no such connection" is lost
        else:
            self._reset_peer(target)

    def _read(self, end: _End) -> None:
        while end.unread and not (end.is_paused or end.is_gone or end.sockets.is_frozen):
            pieces: list[bytes] = []
            while end.unread and end.unread[0] != END_OF_STREAM:
                pieces.append(end.unread.popleft())
            if not pieces:
                self._end(end, "closed by the other side")
                return
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            end.incoming.in_flight -= len(data)
            self._refill(end.incoming)
            end.sockets.tell(BytesReceived(end.connection, data))

    def _refill(self, pipe: _Pipe) -> None:
        """Send more, now that the window is open again."""
        if pipe.unsent and not pipe.source.is_gone:
            self._pump(pipe)
            if not pipe.unsent:
                self._scheduler.after(0, self._tell_backlog, pipe.source)

    def _tell_backlog(self, end: _End) -> None:
        if not (end.is_gone or end.outgoing.is_ending):
            end.sockets.tell(OutputBacklog(end.connection, len(end.outgoing.unsent)))

    # --- ending --------------------------------------------------------------------------

    def _reset_peer(self, end: _End) -> None:
        """Tell the other end that this one is no more: it may overtake what is under way."""
        self._forget_unsent(end.outgoing)
        here, there = end.sockets.host, end.peer.sockets.host
        self._later(here, there, self._arrive_reset, end)

    def _arrive_reset(self, sender: _End) -> None:
        peer = sender.peer
        if not self._is_blocked(sender.sockets.host, peer.sockets.host):
            self._end(peer, "connection reset by peer")

    def _end_here(self, end: _End) -> None:
        if end.unread:
            # As every TCP: who closes with input unread resets, and the reset may
            # overtake the last bytes sent.
            self._reset_peer(end)
        self._end(end, "closed here")

    def _end(self, end: _End, reason: str) -> None:
        if end.is_gone:
            return
        self._bury(end)
        if end.is_announced:
            end.sockets.tell(ConnectionClosed(end.connection, reason))

    def _bury(self, end: _End) -> None:
        end.is_gone = True
        end.unread.clear()
        end.sockets.ends.pop(end.connection, None)
        if end.peer.is_gone:
            for pipe in (end.outgoing, end.incoming):
                path = (pipe.source.sockets.host, pipe.target.sockets.host)
                self._pipes[path].remove(pipe)

    def _forget_unsent(self, pipe: _Pipe) -> None:
        pipe.unsent.clear()
        # What is on its way behind a lost piece is as lost as that (invariant 1).
        pipe.is_broken = pipe.is_broken or bool(pipe.waiting)
        pipe.waiting.clear()

    # --- paths ---------------------------------------------------------------------------

    def _is_blocked(self, source: str, target: str) -> bool:
        return (source, target) in self._blocks or target in self._dark or source in self._dark

    def _resend(self, concerns: Callable[[tuple[str, str]], bool]) -> None:
        for path, pipes in list(self._pipes.items()):
            if concerns(path):
                for pipe in pipes:
                    self._later(*path, self._arrive_again, pipe)

    def _arrive_again(self, pipe: _Pipe) -> None:
        here, there = pipe.source.sockets.host, pipe.target.sockets.host
        for _ in range(len(pipe.waiting)):
            if self._is_blocked(here, there):
                return
            self._deliver(pipe, pipe.waiting.popleft())

    def _later(
        self, source: str, target: str, perform: Callable[..., None], *arguments: object
    ) -> None:
        self._scheduler.after(self._delay_us(source, target), perform, *arguments)

    def _delay_us(self, source: str, target: str) -> Micros:
        roll = self._dice_of(source, target).next_delay()
        weather = self.weather
        delay = weather.delay_least_us + exponential_us(weather.delay_tail_us, roll[0])
        if roll[1] < chance(weather.slow_chance):
            delay += roll[2] % (weather.slow_us + 1)
        return delay

    def _dice_of(self, source: str, target: str) -> "_Dice":
        dice = self._dice.get((source, target))
        if dice is None:
            dice = self._dice[source, target] = _Dice(self._seed, source, target)
        return dice
