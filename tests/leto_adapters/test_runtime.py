"""The contract of a world, kept with asyncio: a program that a test writes is run for real.

Each test runs on asyncio's own loop and on uvloop's.
"""

import asyncio
import contextlib
import socket
from asyncio.base_events import Server
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest
import uvloop

from leto.raft.errors import EventOutOfOrder
from leto.raft.types import Micros
from leto.server.addresses import Address
from leto.server.world import (
    BytesReceived,
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
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    Fact,
    FileFound,
    Log,
    LogLevel,
    Order,
    OutputBacklog,
    PauseReading,
    Port,
    ReadAt,
    ResumeReading,
    Started,
    Stop,
    StopRequested,
    SyncFile,
    Transmit,
    WriteAt,
)
from leto_adapters import logs
from leto_adapters.dialling import CannotConnect, connect
from leto_adapters.directory import DataDirectory
from leto_adapters.listening import listen
from leto_adapters.runtime import Runtime

FactOf = TypeVar("FactOf", bound=Fact)
Answer: TypeAlias = Callable[[Fact], Sequence[Order]]
Run: TypeAlias = Callable[[Awaitable[None]], None]

BYE = Stop(0, "bye")


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    async def in_time(scenario: Awaitable[None]) -> None:
        async with asyncio.timeout(20):
            await scenario

    def run_on_loop(scenario: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(in_time(scenario))

    return run_on_loop


class Script:
    """A program whose answers a test writes; it remembers what it was told, and when."""

    def __init__(self, answer: Answer = lambda _: ()) -> None:
        self.deadline: Micros | None = None
        self.facts: list[Fact] = []
        self.times: list[tuple[Micros, int]] = []
        self._answer = answer
        self._told = asyncio.Event()
        self.measured = asyncio.Event()

    def handle(self, fact: Fact, now: Micros, unix_ms: int, /) -> Sequence[Order]:
        if isinstance(fact, DiskRoomMeasured):
            self.measured.set()  # told whenever it pleases: no script answers it
            return ()
        self.facts.append(fact)
        self.times.append((now, unix_ms))
        self._told.set()
        orders = list(self._answer(fact))
        return orders or ([BYE] if isinstance(fact, StopRequested) else [])

    def all(self, kind: type[FactOf]) -> list[FactOf]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def until(self, condition: Callable[[], object]) -> None:
        """Until it has been told what makes the condition true."""
        while not condition():
            self._told.clear()
            await self._told.wait()

    async def next(self, kind: type[FactOf]) -> FactOf:
        """The last fact of a kind, awaited if there is none yet."""
        await self.until(lambda: self.all(kind))
        return self.all(kind)[-1]


class Node:
    """A runtime that runs a script, with one client port."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self.runtime = runtime
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.ended = asyncio.ensure_future(runtime.run())

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def running(script: Script, path: Path) -> AsyncGenerator[Node]:
    with closing(DataDirectory(path)) as directory:
        sockets = listen(Address("127.0.0.1", 0))
        runtime = Runtime(script, directory, {Port.CLIENT: sockets})
        node = Node(runtime, sockets[0].getsockname()[1])
        yield node
        runtime.request_stop("the test is over")
        await asyncio.wait([node.ended])


def echo(fact: Fact) -> Sequence[Order]:
    if isinstance(fact, BytesReceived):
        return [Transmit(fact.connection, fact.data.upper())]
    return []


# --- start and end -----------------------------------------------------------------------


def test_first_fact_names_the_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "1.wal").write_bytes(b"abc")

    async def scenario() -> None:
        script = Script()
        async with running(script, tmp_path):
            await script.next(Started)

        assert Started((FileFound("1.wal", 3),)) == script.facts[0]

    run(scenario())


def test_stop_ends_the_run_with_its_last_words(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(Script(), tmp_path) as node:
            node.runtime.request_stop("SIGTERM")
            node.runtime.request_stop("SIGTERM")

            assert await node.ended == BYE

    run(scenario())


def test_after_stop_nothing_is_told(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        script = Script(lambda fact: [BYE] if isinstance(fact, ConnectionAccepted) else [])
        async with running(script, tmp_path) as node, node.client():
            await node.ended

        assert [Started, ConnectionAccepted] == [type(fact) for fact in script.facts]

    run(scenario())


def test_last_replies_leave_before_the_end(run: Run, tmp_path: Path) -> None:
    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, BytesReceived):
            return [Transmit(fact.connection, b"x" * 3_000_000), BYE]
        return []

    async def scenario() -> None:
        async with running(Script(answer), tmp_path) as node, node.client() as (reader, writer):
            writer.write(b"last")

            assert 3_000_000 == len(await reader.read(-1))

    run(scenario())


def test_client_that_does_not_read_does_not_hold_up_the_end(run: Run, tmp_path: Path) -> None:
    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, ConnectionAccepted):
            return [Transmit(fact.connection, b"x" * 50_000_000), BYE]
        return []

    async def scenario() -> None:
        async with running(Script(answer), tmp_path) as node:
            with socket.create_connection(("127.0.0.1", node.port)):
                assert await node.ended == BYE

    run(scenario())


def test_client_that_comes_in_as_the_ports_are_closed_is_closed_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with running(Script(), tmp_path) as node:
            node.runtime.request_stop("enough")
            await node.ended
            async with node.client() as (reader, _):
                with contextlib.suppress(ConnectionResetError):
                    assert b"" == await asyncio.wait_for(reader.read(), 10)
        monkeypatch.undo()
        for server in open_yet:
            server.close()

    def leave_open(server: Server) -> None:  # so a client finds it that was accepted just before
        open_yet.append(server)

    open_yet: list[Server] = []
    monkeypatch.setattr(Server, "close", leave_open)
    asyncio.run(scenario())


@pytest.mark.parametrize("kind", [Started, ConnectionAccepted, ClockTicked, DiskJobDone])
def test_error_of_the_program_ends_the_run(run: Run, tmp_path: Path, kind: type[Fact]) -> None:
    async def scenario() -> None:
        def answer(fact: Fact) -> Sequence[Order]:
            if isinstance(fact, kind):
                raise EventOutOfOrder(fact)
            return [DiskJob(1, ())] if isinstance(fact, Started) else []

        script = Script(answer)
        script.deadline = 0
        async with running(script, tmp_path) as node, node.client():
            with pytest.raises(EventOutOfOrder):
                await node.ended

        assert isinstance(script.facts[-1], kind), "nothing was told afterwards"

    run(scenario())


def test_order_that_cannot_be_performed_ends_the_run(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(
            Script(lambda fact: [DiskJob(1, (WriteAt("a/b", 0, b""),))]), tmp_path
        ) as node:
            with pytest.raises(AssertionError, match="plain name"):
                await node.ended

    run(scenario())


def test_error_outside_of_the_program_ends_the_run(run: Run, tmp_path: Path) -> None:
    def broken() -> None:
        raise KeyError("a bug of the driver")

    async def scenario() -> None:
        async with running(Script(), tmp_path) as node:
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(broken)
            with pytest.raises(KeyError):
                await node.ended

    run(scenario())


def test_trouble_of_the_operating_system_is_logged(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[Log] = []
    monkeypatch.setattr(logs, "write", logged.append)

    def no_descriptors() -> None:
        raise OSError(24, "Too many open files")

    async def scenario() -> None:
        async with running(Script(echo), tmp_path) as node:
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(no_descriptors)
            async with node.client() as (reader, writer):
                writer.write(b"alive?")

                assert await reader.read(100) == b"ALIVE?"

    run(scenario())

    assert ["trouble with a connection"] == [line.event for line in logged]


def test_cancelled_run_closes_everything(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(Script(), tmp_path) as node, node.client() as (reader, _):
            await asyncio.sleep(0.01)
            node.ended.cancel()

            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""

        assert node.ended.cancelled()

    run(scenario())


# --- time --------------------------------------------------------------------------------


def test_deadline_is_heeded_and_not_early(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        def answer(fact: Fact) -> Sequence[Order]:
            if isinstance(fact, ClockTicked):
                script.deadline = None
            else:
                script.deadline = script.times[0][0] + 30_000
            return []

        script = Script(answer)
        async with running(script, tmp_path):
            await script.next(ClockTicked)

        waited_us = script.times[1][0] - script.times[0][0]
        assert 30_000 <= waited_us < 1_000_000

    run(scenario())


def test_the_room_on_the_disk_is_told(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        script = Script()
        async with running(script, tmp_path):
            await script.measured.wait()

    run(scenario())


def test_deadline_may_move_in_both_directions(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        deadlines = iter([60_000_000, 20_000, 40_000, None])

        def answer(fact: Fact) -> Sequence[Order]:
            if not isinstance(fact, StopRequested):
                after = next(deadlines)
                script.deadline = None if after is None else script.times[0][0] + after
            return []

        script = Script(answer)
        async with running(script, tmp_path) as node:
            await script.next(Started)
            async with node.client(), node.client():
                await script.next(ClockTicked)

        ticks = [
            at - script.times[0][0]
            for fact, (at, _) in zip(script.facts, script.times, strict=True)
            if isinstance(fact, ClockTicked)
        ]
        assert 1 == len(ticks)
        assert 40_000 <= ticks[0] < 1_000_000

    run(scenario())


def test_deadline_that_is_due_lets_others_in_between(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        def answer(fact: Fact) -> Sequence[Order]:
            script.deadline = 0
            return echo(fact)

        script = Script(answer)
        async with running(script, tmp_path) as node, node.client() as (reader, writer):
            writer.write(b"ping")

            assert await reader.read(100) == b"PING"

        assert len(script.all(ClockTicked)) > 1

    run(scenario())


def test_deadline_ahead_does_not_hold_up_the_end(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        script = Script()
        script.deadline = 1 << 62
        async with running(script, tmp_path) as node:
            await script.next(Started)
            node.runtime.request_stop("")

            assert await node.ended == BYE

        assert [] == script.all(ClockTicked)

    run(scenario())


# --- connections -------------------------------------------------------------------------


def test_client_is_announced_heard_answered_and_seen_off(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        script = Script(echo)
        async with running(script, tmp_path) as node:
            async with node.client() as (reader, writer):
                local = writer.get_extra_info("sockname")
                writer.write(b"hello")
                reply = await reader.read(100)
            await script.next(ConnectionClosed)

        remote = f"127.0.0.1:{local[1]}"
        connection = ConnectionId(1)
        assert b"HELLO" == reply
        assert [
            ConnectionAccepted(connection, Port.CLIENT, node.address, remote),
            BytesReceived(connection, b"hello"),
            ConnectionClosed(connection, "closed"),
        ] == script.facts[1:4]

    run(scenario())


def test_small_packets_leave_at_once_and_vanished_clients_are_found(
    run: Run, tmp_path: Path
) -> None:
    async def scenario() -> None:
        script = Script()
        async with running(script, tmp_path) as node, node.client():
            accepted = await script.next(ConnectionAccepted)
            held = node.runtime._connections[accepted.connection]
            opened: socket.socket = held.transport.get_extra_info("socket")

            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    run(scenario())


def test_close_lets_the_output_leave_first(run: Run, tmp_path: Path) -> None:
    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, ConnectionAccepted):
            return [Transmit(fact.connection, b"x" * 5_000_000), Close(fact.connection)]
        return []

    async def scenario() -> None:
        script = Script(answer)
        async with running(script, tmp_path) as node, node.client() as (reader, _):
            assert 5_000_000 == len(await reader.read(-1))
            await script.next(ConnectionClosed)

    run(scenario())


def test_abort_drops_the_output(run: Run, tmp_path: Path) -> None:
    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, ConnectionAccepted):
            return [
                Transmit(fact.connection, b"x" * 50_000_000),
                Close(fact.connection, abort=True),
            ]
        return []

    async def scenario() -> None:
        script = Script(answer)
        async with running(script, tmp_path) as node, node.client() as (reader, _):
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(50_000_000)
            await script.next(ConnectionClosed)

    run(scenario())


def test_orders_for_a_connection_that_has_ended_are_without_effect(
    run: Run, tmp_path: Path
) -> None:
    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, ConnectionAccepted | ConnectionClosed):
            one = fact.connection
            late: list[Order] = [
                Transmit(one, b"x"),
                PauseReading(one),
                ResumeReading(one),
                Close(one),
            ]
            return [Close(one, abort=True), *late]
        return []

    async def scenario() -> None:
        script = Script(answer)
        async with running(script, tmp_path) as node:
            async with node.client():
                await script.next(ConnectionClosed)
            node.runtime.request_stop("")

            assert await node.ended == BYE

    run(scenario())


def test_output_that_cannot_leave_is_told_until_it_has_left(run: Run, tmp_path: Path) -> None:
    size = 50_000_000

    def answer(fact: Fact) -> Sequence[Order]:
        if isinstance(fact, ConnectionAccepted):
            return [Transmit(fact.connection, b"x" * size), Transmit(fact.connection, b"y" * 10)]
        return []

    async def scenario() -> None:
        script = Script(answer)
        async with running(script, tmp_path) as node, node.client() as (reader, _):
            await script.next(OutputBacklog)
            before = [fact.unsent_bytes for fact in script.all(OutputBacklog)]
            await reader.readexactly(size + 10)
            await script.until(lambda: not script.all(OutputBacklog)[-1].unsent_bytes)

        assert 2 == len(before)
        assert 0 < before[0] < size
        assert before[0] + 10 == before[1]

    run(scenario())


def test_paused_connection_is_not_read_until_resumed(run: Run, tmp_path: Path) -> None:
    one = ConnectionId(1)

    def answer(fact: Fact) -> Sequence[Order]:
        match fact:
            case BytesReceived(connection=1):
                return [PauseReading(one), PauseReading(one), Transmit(one, b"paused")]
            case BytesReceived():
                return [ResumeReading(one), ResumeReading(one)]
            case _:
                return []

    async def scenario() -> None:
        script = Script(answer)
        async with running(script, tmp_path) as node, node.client() as (reader, first):
            first.write(b"1")
            await reader.readexactly(6)
            first.write(b"2")
            await asyncio.sleep(0.02)
            async with node.client() as (_, second):
                second.write(b"resume")
                await reader.readexactly(6)

        assert [b"1", b"resume", b"2"] == [fact.data for fact in script.all(BytesReceived)]

    run(scenario())


# --- dialling ----------------------------------------------------------------------------


def test_dialled_connection_is_announced_and_carries_bytes(run: Run, tmp_path: Path) -> None:
    async def scenario() -> None:
        def answer(fact: Fact) -> Sequence[Order]:
            match fact:
                case Started():
                    return [Dial(DialId(7), address)]
                case ConnectionDialled(connection=connection):
                    return [Transmit(connection, b"to myself")]
                case _:
                    return []

        with closing(DataDirectory(tmp_path)) as directory:
            sockets = listen(Address("127.0.0.1", 0))
            address = f"127.0.0.1:{sockets[0].getsockname()[1]}"
            script = Script(answer)
            runtime = Runtime(script, directory, {Port.PEER: sockets})
            ended = asyncio.ensure_future(runtime.run())
            heard = await script.next(BytesReceived)
            runtime.request_stop("")
            await ended

        [dialled] = script.all(ConnectionDialled)
        [accepted] = script.all(ConnectionAccepted)
        assert (DialId(7), address) == (dialled.dial, dialled.remote)
        assert (Port.PEER, address) == (accepted.port, accepted.local)
        assert dialled.local == accepted.remote
        assert BytesReceived(accepted.connection, b"to myself") == heard

    run(scenario())


def test_failed_dial_is_told(run: Run, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"

        async def scenario() -> None:
            script = Script(
                lambda fact: [Dial(DialId(1), address)] if isinstance(fact, Started) else []
            )
            async with running(script, tmp_path):
                failed = await script.next(DialFailed)

            assert (DialId(1), True) == (failed.dial, failed.refused)

        run(scenario())


def test_dial_that_fails_after_it_succeeded_is_a_closed_connection(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect_and_fail(address: str, protocol: Callable[[], asyncio.Protocol]) -> None:
        connection = protocol()
        await connect(address, lambda: connection)
        raise CannotConnect("no answer within 2 s")

    monkeypatch.setattr("leto_adapters.runtime.connect", connect_and_fail)

    async def scenario() -> None:
        script = Script(
            lambda fact: [Dial(DialId(1), address)] if isinstance(fact, Started) else []
        )
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            async with running(script, tmp_path):
                await script.next(ConnectionDialled)
                await asyncio.sleep(0.01)

        assert [] == script.all(DialFailed)

    run(scenario())


def test_dial_under_way_does_not_hold_up_the_end(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("leto_adapters.runtime.connect", never)

    async def scenario() -> None:
        script = Script(
            lambda fact: [Dial(DialId(1), "192.0.2.1:1")] if isinstance(fact, Started) else []
        )
        async with running(script, tmp_path) as node:
            await script.next(Started)
            await asyncio.sleep(0)
            node.runtime.request_stop("")

            assert await node.ended == BYE

        assert [] == script.all(DialFailed)

    run(scenario())


# --- files -------------------------------------------------------------------------------


def test_disk_jobs_are_performed_and_answered(run: Run, tmp_path: Path) -> None:
    (tmp_path / "1.wal").write_bytes(b"abc")
    jobs: Sequence[Order] = [
        DiskJob(1, (WriteAt("1.wal", 3, b"def"), SyncFile("1.wal"))),
        DiskJob(2, (ReadAt("1.wal", 2, 2),)),
        DiskJob(3, (SyncFile("2.wal"),)),
        DiskJob(4, (SyncFile("1.wal"),)),
    ]

    async def scenario() -> None:
        script = Script(lambda fact: jobs if isinstance(fact, Started) else [])
        async with running(script, tmp_path):
            await script.next(DiskJobFailed)
            await asyncio.sleep(0.01)

        reason = "SyncFile 2.wal: No such file or directory"
        assert [
            DiskJobDone(1),
            DiskJobDone(2, (b"cd",)),
            DiskJobFailed(3, reason),
        ] == script.facts[1:-1]

    run(scenario())


def test_log_lines_are_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[Log] = []
    monkeypatch.setattr(logs, "write", logged.append)
    line = Log(LogLevel.INFO, "became leader", (("term", 3),))

    async def scenario() -> None:
        script = Script(lambda fact: [line] if isinstance(fact, Started) else [])
        async with running(script, tmp_path):
            await script.next(Started)

    run(scenario())

    assert [line] == logged
