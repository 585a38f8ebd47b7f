"""The simulated network of streams: in order, cut anywhere, slow, half-open, reset.

Responsible for connections between simulated processes, as the operating systems
at both ends see them. What the bytes mean is nobody's business here: no frame is
parsed in order to deliver it.

What waits behind a blocked path is sent again when the path heals, as TCP does. The state
of connections is in `leto_sim.server_level.pipes`.

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

from leto.server.world import (
    BytesReceived,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    DialFailed,
    DialId,
    OutputBacklog,
    Port,
)
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.paths import Paths, StreamWeather
from leto_sim.server_level.pipes import End, Pipe, Sockets

DIAL_TIMEOUT_US: Final = 2_000_000
FIRST_EPHEMERAL_PORT: Final = 40_000
RESET_AT_DEATH_CHANCE: Final = 0.5
END_OF_STREAM: Final = b""
"""What travels behind the last byte of a connection that was closed in good order."""


class StreamNetwork:
    """Carries bytes between hosts, and news of how connections begin and end."""

    def __init__(self, scheduler: Scheduler, seed: int, weather: StreamWeather) -> None:
        self.weather = weather
        self._scheduler = scheduler
        self._paths = Paths(seed)
        self._listeners: dict[str, tuple[Sockets, Port]] = {}
        self._pipes: dict[tuple[str, str], list[Pipe]] = {}
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
        if pipe.unsent or pipe.in_flight + len(data) > self.weather.window_bytes:
            pipe.unsent += data
            self._pump(pipe)
        else:  # as almost always; what is not cut is not even copied
            size = pipe.path.cut(self.weather, len(data))
            if size == len(data):
                self._send(pipe, data)
                return
            self._send(pipe, data[:size])
            pipe.unsent += data[size:]
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
        self._paths.darken(host)
        if sockets is None:
            return
        self._stop_listening(sockets)
        for end in list(sockets.ends.values()):
            self._forget_unsent(end.outgoing)
            end.outgoing.is_lost = True
            self._bury(end)

    def restore_power(self, host: str) -> None:
        """The host is back, and knows of no connection."""
        self._paths.lighten(host)
        self._resend(lambda path: host in path)

    def block(self, source: str, target: str) -> None:
        """Let nothing pass from `source` to `target` until as many `unblock`s."""
        self._paths.block(source, target)

    def unblock(self, source: str, target: str) -> None:
        """Undo one `block`."""
        if self._paths.unblock(source, target):
            self._resend(lambda path: path in {(source, target), (target, source)})

    def reset(self, one: str, other: str) -> None:
        """Break every connection between two hosts; each end loses what it has not read."""
        for pipe in [*self._pipes.get((one, other), ()), *self._pipes.get((other, one), ())]:
            delay = self._paths.between(one, other).delay_us(self.weather)
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
        accepted, dialled = End(accepting), End(sockets)
        self._connect(dialled, accepted)
        accepting.tell(ConnectionAccepted(accepted.connection, port, address, local))
        arrival = accepted.outgoing.last_arrival
        self._scheduler.at(arrival, self._arrive_acceptance, dialled, dial, local, address)

    def _connect(self, dialled: End, accepted: End) -> None:
        here, there = dialled.sockets.host, accepted.sockets.host
        forth, back = self._paths.between(here, there), self._paths.between(there, here)
        now = self._scheduler.now
        arrival = now + back.delay_us(self.weather)
        dialled.outgoing = accepted.incoming = Pipe(dialled, accepted, forth, now)
        accepted.outgoing = dialled.incoming = Pipe(accepted, dialled, back, arrival)
        dialled.is_announced = False
        dialled.is_paused = True
        self._pipes.setdefault((here, there), []).append(dialled.outgoing)
        self._pipes.setdefault((there, here), []).append(accepted.outgoing)

    def _arrive_acceptance(self, end: End, dial: DialId, local: str, address: str) -> None:
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

    def _pump(self, pipe: Pipe) -> None:
        """Send as much as the window lets; behind the last byte, the end."""
        while pipe.unsent and pipe.in_flight < self.weather.window_bytes:
            room = self.weather.window_bytes - pipe.in_flight
            size = pipe.path.cut(self.weather, min(len(pipe.unsent), room))
            piece = bytes(pipe.unsent[:size])
            del pipe.unsent[:size]
            self._send(pipe, piece)
        if pipe.is_ending and not pipe.unsent:
            self._send(pipe, END_OF_STREAM)
            self._scheduler.after(0, self._end_here, pipe.source)

    def _send(self, pipe: Pipe, piece: bytes) -> None:
        pipe.in_flight += len(piece)
        arrival = self._scheduler.now + pipe.path.delay_us(self.weather)
        arrival = max(arrival, pipe.last_arrival)
        pipe.last_arrival = arrival
        self._scheduler.at(arrival, self._arrive, pipe, piece)

    def _arrive(self, pipe: Pipe, piece: bytes) -> None:
        if pipe.is_broken:
            return
        if not (pipe.waiting or pipe.path.is_blocked):
            self._deliver(pipe, piece)
        elif pipe.is_lost:
            pipe.is_broken = True
        else:
            pipe.waiting.append(piece)

    def _deliver(self, pipe: Pipe, piece: bytes) -> None:
        target = pipe.target
        if not target.is_gone:
            target.unread.append(piece)
            self._read(target)
        elif target.outgoing.path.is_blocked:
            pipe.waiting.append(piece)  # the answer "there is no such connection" is lost
        else:
            self._reset_peer(target)

    def _read(self, end: End) -> None:
        while end.unread and not (end.is_paused or end.is_gone or end.sockets.is_frozen):
            data = end.unread.popleft()
            if data == END_OF_STREAM:
                self._end(end, "closed by the other side")
                return
            if end.unread:
                data = _joined(data, end.unread)
            incoming = end.incoming
            incoming.in_flight -= len(data)
            if incoming.unsent:
                self._refill(incoming)
            end.sockets.tell(BytesReceived(end.connection, data))

    def _refill(self, pipe: Pipe) -> None:
        """Send more, now that the window is open again."""
        if not pipe.source.is_gone:
            self._pump(pipe)
            if not pipe.unsent:
                self._scheduler.after(0, self._tell_backlog, pipe.source)

    def _tell_backlog(self, end: End) -> None:
        if not (end.is_gone or end.outgoing.is_ending):
            end.sockets.tell(OutputBacklog(end.connection, len(end.outgoing.unsent)))

    # --- ending --------------------------------------------------------------------------

    def _reset_peer(self, end: End) -> None:
        """Tell the other end that this one is no more: it may overtake what is under way."""
        self._forget_unsent(end.outgoing)
        delay = end.outgoing.path.delay_us(self.weather)
        self._scheduler.after(delay, self._arrive_reset, end)

    def _arrive_reset(self, sender: End) -> None:
        if not sender.outgoing.path.is_blocked:
            self._end(sender.peer, "connection reset by peer")

    def _end_here(self, end: End) -> None:
        if end.unread:
            # As every TCP: who closes with input unread resets, and the reset may
            # overtake the last bytes sent.
            self._reset_peer(end)
        self._end(end, "closed here")

    def _end(self, end: End, reason: str) -> None:
        if end.is_gone:
            return
        self._bury(end)
        if end.is_announced:
            end.sockets.tell(ConnectionClosed(end.connection, reason))

    def _bury(self, end: End) -> None:
        end.is_gone = True
        end.unread.clear()
        end.sockets.ends.pop(end.connection, None)
        if end.peer.is_gone:
            for pipe in (end.outgoing, end.incoming):
                self._pipes[pipe.path.source, pipe.path.target].remove(pipe)

    def _forget_unsent(self, pipe: Pipe) -> None:
        pipe.unsent.clear()
        # What is on its way behind a lost piece is as lost as that (invariant 1).
        pipe.is_broken = pipe.is_broken or bool(pipe.waiting)
        pipe.waiting.clear()

    # --- paths ---------------------------------------------------------------------------

    def _is_blocked(self, source: str, target: str) -> bool:
        return self._paths.between(source, target).is_blocked

    def _resend(self, concerns: Callable[[tuple[str, str]], bool]) -> None:
        for path, pipes in list(self._pipes.items()):
            if concerns(path):
                for pipe in pipes:
                    delay = pipe.path.delay_us(self.weather)
                    self._scheduler.after(delay, self._arrive_again, pipe)

    def _arrive_again(self, pipe: Pipe) -> None:
        for _ in range(len(pipe.waiting)):
            if pipe.path.is_blocked:
                return
            self._deliver(pipe, pipe.waiting.popleft())

    def _later(
        self, source: str, target: str, perform: Callable[..., None], *arguments: object
    ) -> None:
        delay = self._paths.between(source, target).delay_us(self.weather)
        self._scheduler.after(delay, perform, *arguments)


def _joined(first: bytes, unread: deque[bytes]) -> bytes:
    """All that can be read at once: up to the end of the stream, if that has come."""
    pieces = [first]
    while unread and unread[0] != END_OF_STREAM:
        pieces.append(unread.popleft())
    return b"".join(pieces)
