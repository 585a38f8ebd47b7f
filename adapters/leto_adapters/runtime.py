"""The driver: what a sans-IO program orders is done with asyncio, what happens is told to it.

Responsible for the contract at the top of `leto.server.world`, and for nothing else: no
rule of Raft and no command's meaning is here. Everything a driver must do is in
`Runtime.tell`: pass one fact in, perform what comes back, in order, and look at the
deadline. Connections are `connection`, files are `disk`.

Invariants:
    1. Facts are handled one at a time, in the order in which they happened: a fact that comes
       up while orders are performed waits until they are.
    2. An error of the program ends everything at once: no later fact is handled, no later
       order performed. What is on the disk is then what a power cut would have left.
"""

import asyncio
import contextlib
import itertools
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, assert_never

from leto.raft.types import Micros
from leto.server.world import (
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    DiskJob,
    Fact,
    Log,
    LogLevel,
    Order,
    PauseReading,
    Port,
    ResumeReading,
    Started,
    Stop,
    StopRequested,
    Transmit,
)
from leto_adapters import logs
from leto_adapters.connection import Connection
from leto_adapters.dialling import CannotConnect, connect
from leto_adapters.directory import DataDirectory
from leto_adapters.disk import Disk

FAREWELL_S = 0.5  # for the last replies to leave, once the program has stopped

Listeners: TypeAlias = Mapping[Port, Sequence[socket.socket]]


class Program(Protocol):
    """What a world runs: `leto.server.Server`, or a test's stand-in."""

    @property
    def deadline(self) -> Micros | None:
        """Tell it `ClockTicked` no later than this."""
        ...

    def handle(self, fact: Fact, now: Micros, unix_ms: int, /) -> Sequence[Order]:
        """Take in a fact; what comes back is to be done, in order."""
        ...


class Runtime:
    """Runs one program on the running event loop, until the program says `Stop`.

    Args:
        program: what to run.
        directory: open and locked; the caller closes it afterwards.
        listeners: bound and listening sockets of each port; the runtime closes them.
    """

    def __init__(self, program: Program, directory: DataDirectory, listeners: Listeners) -> None:
        self._program = program
        self._directory = directory
        self._listeners = listeners
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[Stop] = self._loop.create_future()
        self._facts: deque[Fact] = deque()  # happened, not handled yet
        self._telling = False
        self._connections: dict[ConnectionId, Connection] = {}
        self._connection_ended = asyncio.Event()
        self._has_closed = False
        self._connection_ids = map(ConnectionId, itertools.count(1))
        self._dials: dict[DialId, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: Micros = 0
        self._disk = Disk(directory.descriptor, self._wake_for_disk)

    async def run(self) -> Stop:
        """Serve until the program stops; its last words are the result.

        Raises:
            Exception: the program, or this driver, is broken.
        """
        self._loop.set_exception_handler(self._on_unhandled)
        servers: list[asyncio.Server] = []
        try:
            self.tell(Started(self._directory.files()))
            for port, sockets in self._listeners.items():
                for sock in sockets:
                    server = await self._loop.create_server(self._acceptor(port), sock=sock)
                    servers.append(server)
            return await self._end
        finally:
            for server in servers:
                server.close()
            await self._close_everything()

    def request_stop(self, reason: str) -> None:
        """Tell the program that the operator wants it to stop."""
        self.tell(StopRequested(reason))

    def tell(self, fact: Fact) -> None:
        """Have the program handle a fact, after those that happened before it."""
        self._facts.append(fact)
        if self._telling:
            return
        self._telling = True
        try:
            while self._facts and not self._end.done():
                fact = self._facts.popleft()
                now, unix_ms = monotonic_us(), time.time_ns() // 1_000_000
                for order in self._program.handle(fact, now, unix_ms):
                    self._perform(order)
            self._heed_deadline()
        except Exception as error:  # noqa: BLE001 - not swallowed: it ends the process
            self._break(error)
        finally:
            self._telling = False

    # --- orders --------------------------------------------------------------------------

    def _perform(self, order: Order) -> None:
        match order:
            case Transmit() | PauseReading() | ResumeReading() | Close():
                connection = self._connections.get(order.connection)
                if connection is not None:  # it may have ended, and its id means no other
                    connection.perform(order)
            case DiskJob():
                self._disk.submit(order)
            case Dial(dial=dial, address=address):
                self._dials[dial] = self._loop.create_task(self._dial(dial, address))
            case Log():
                logs.write(order)
            case Stop():
                self._end.set_result(order)
            case _:
                assert_never(order)

    # --- time ----------------------------------------------------------------------------

    def _heed_deadline(self) -> None:
        """Keep the one timer no later than the deadline; one that is early is left alone."""
        deadline = self._program.deadline
        if deadline is None or self._end.done():
            return
        if self._timer is not None:
            if self._timer_due <= deadline:
                return
            self._timer.cancel()
        # Rounded up to a millisecond, as uvloop's timers are: an early one would only spin.
        delay_ms = max(0, -((monotonic_us() - deadline) // 1000))
        self._timer_due = deadline
        self._timer = self._loop.call_later(delay_ms / 1000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        deadline = self._program.deadline
        if deadline is not None and deadline <= monotonic_us():
            self.tell(ClockTicked())
        else:  # it was moved back since the timer was set
            self._heed_deadline()

    # --- connections ---------------------------------------------------------------------

    def _acceptor(self, port: Port) -> Callable[[], Connection]:
        """Make the connections that arrive at a port."""

        def opened(connection: Connection, local: str, remote: str) -> None:
            self._connections[connection.id] = connection
            self.tell(ConnectionAccepted(connection.id, port, local, remote))
            if self._has_closed:  # it was on its way in when the ports were closed
                connection.close(abort=True)

        return lambda: Connection(next(self._connection_ids), opened, self._on_connection_fact)

    async def _dial(self, dial: DialId, address: str) -> None:
        """Open a connection; exactly one of `ConnectionDialled` and `DialFailed` is told."""

        def opened(connection: Connection, local: str, remote: str) -> None:
            del self._dials[dial]
            self._connections[connection.id] = connection
            self.tell(ConnectionDialled(dial, connection.id, local, remote))

        connection = Connection(next(self._connection_ids), opened, self._on_connection_fact)
        try:
            await connect(address, lambda: connection)
        except CannotConnect as failure:
            if self._dials.pop(dial, None) is not None:
                self.tell(DialFailed(dial, str(failure), refused=failure.refused))

    def _on_connection_fact(self, fact: Fact) -> None:
        if isinstance(fact, ConnectionClosed):
            del self._connections[fact.connection]
            self._connection_ended.set()
        self.tell(fact)

    # --- disk ----------------------------------------------------------------------------

    def _wake_for_disk(self) -> None:
        """Called by the disk thread."""
        self._loop.call_soon_threadsafe(self._take_outcomes)

    def _take_outcomes(self) -> None:
        while (outcome := self._disk.take()) is not None:
            self.tell(outcome)

    # --- the end -------------------------------------------------------------------------

    def _break(self, error: Exception) -> None:
        if not self._end.done():
            self._end.set_exception(error)

    def _on_unhandled(
        self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, object]
    ) -> None:
        """Take what asyncio caught; the operating system's refusals are no bug of ours."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._break(error)
        else:
            fields = (("message", str(context.get("message"))), ("error", str(error)))
            logs.write(Log(LogLevel.WARNING, "trouble with a connection", fields))

    async def _close_everything(self) -> None:
        """Let the last words leave, unless we are broken; then end connections and disk."""
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._dials.values()):
            task.cancel()
        stopped = self._end.done() and not self._end.cancelled() and not self._end.exception()
        if stopped:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._say_farewell()
        self._has_closed = True
        for connection in self._connections.values():
            connection.close(abort=True)
        self._disk.close()

    async def _say_farewell(self) -> None:
        for connection in self._connections.values():
            connection.close(abort=False)
        while self._connections:
            self._connection_ended.clear()
            await self._connection_ended.wait()


def monotonic_us() -> Micros:
    """What the core is told the time by."""
    return time.monotonic_ns() // 1000
