"""Whole nodes in one event loop, over TCP, each with its files."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from leto.raft import Config
from leto.resp import ErrorReply, Reply, ReplyParser, Simple, encode_request
from leto.server.settings import Limits
from leto_adapters import replicated
from leto_adapters.directory import DirectoryUnusable
from leto_adapters.replicated import (
    NodeStopped,
    NotDone,
    NotLeader,
    ReadPolicy,
    Refused,
    ReplicatedNode,
    replicate,
)

T = TypeVar("T")

PATIENCE_S = 60
BRISK = Config(
    election_timeout_min_us=400_000, election_timeout_max_us=800_000, heartbeat_interval_us=50_000
)


class Ledger:
    """Remembers every command; a snapshot is all of them."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def apply(self, command: bytes) -> bytes:
        self.lines.append(command)
        return b"%d" % len(self.lines)

    def snapshot(self) -> bytes:
        return b"\n".join(self.lines)

    def restore(self, content: bytes) -> None:
        self.lines = content.split(b"\n") if content else []


LedgerNode = ReplicatedNode[Ledger]


class Place:
    """Where the nodes of a test are."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.addresses: dict[str, str] = {}

    def open(
        self, name: str, *, join: str | None = None, config: Config = BRISK
    ) -> AbstractAsyncContextManager[LedgerNode]:
        return replicate(
            Ledger(),
            name=name,
            directory=self.directory / name,
            address=self.addresses.setdefault(name, free_address()),
            join=None if join is None else self.addresses[join],
            config=config,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def run(story: Coroutine[None, None, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE_S):
            return await story

    return asyncio.run(bounded())


def lines(ledger: Ledger) -> list[bytes]:
    return list(ledger.lines)


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat what was certainly not done."""
    while True:
        try:
            return await ask()
        except (NotLeader, Refused):
            await asyncio.sleep(0.05)


async def say(address: str, *words: bytes) -> Reply:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    parser = ReplyParser()
    request = encode_request(words)
    writer.write(request[:1])  # the first byte alone does not say who speaks
    await asyncio.sleep(0.05)
    writer.write(request[1:])
    replies: list[Reply] = []
    while not replies:
        parser.feed(await reader.read(65536))
        replies = parser.take(1)
    writer.close()
    return replies[0]


def test_a_single_node_applies_and_answers(place: Place) -> None:
    async def story() -> tuple[bytes, bytes, list[bytes]]:
        async with place.open("a") as node:
            await until(lambda: node.is_leader)
            first = await node.propose(b"one")
            second = await node.propose(b"")
            return first, second, await node.query(lines)

    assert (b"1", b"2", [b"one", b""]) == run(story())


def test_what_was_acknowledged_is_there_after_a_restart(place: Place) -> None:
    async def story() -> list[bytes]:
        async with place.open("a") as node:
            await insist(lambda: node.propose(b"one"))
        async with place.open("a") as node:
            return await node.query(lines)

    assert [b"one"] == run(story())


def test_many_commands_at_once_share_log_entries_and_keep_their_order(place: Place) -> None:
    commands = [b"%d" % number for number in range(1, 501)]

    async def story() -> tuple[list[bytes], list[bytes], int]:
        async with place.open("a") as node:
            await until(lambda: node.is_leader)
            before = node.status.last_log.index
            results = await asyncio.gather(*(node.propose(command) for command in commands))
            return list(results), await node.query(lines), node.status.last_log.index - before

    results, ledger, entries = run(story())

    assert commands == results
    assert commands == ledger
    assert entries < 50


def test_a_snapshot_takes_the_place_of_the_log(place: Place) -> None:
    thrifty = Config(snapshot_after_entries=5, snapshot_after_bytes=1, trailing_entries=0)

    async def story() -> tuple[bool, list[bytes]]:
        async with place.open("a", config=thrifty) as node:
            for _ in range(30):
                await insist(lambda: node.propose(b"x" * 10_000))
            await until(lambda: node.status.first_index > 1)
        async with place.open("a", config=thrifty) as node:
            return node.status.first_index > 1, await node.query(lines)

    assert (True, [b"x" * 10_000] * 30) == run(story())


def test_three_nodes_lose_their_leader_and_nothing_else(place: Place) -> None:
    async def story() -> None:
        async with AsyncExitStack() as others:
            async with place.open("a") as first:
                b = await others.enter_async_context(place.open("b", join="a"))
                c = await others.enter_async_context(place.open("c", join="b"))
                await until(lambda: len(first.status.configuration.voters) == 3)
                assert place.addresses == first.members
                await first.propose(b"one")
                assert [b"one"] == await b.query(lines)
                assert [b"one"] == await c.query(lines)
                with pytest.raises(NotLeader) as refused:
                    await b.propose(b"refused")
                assert place.addresses["a"] == refused.value.leader
            await until(lambda: b.is_leader or c.is_leader)
            leader, follower = (b, c) if b.is_leader else (c, b)
            assert b"2" == await insist(lambda: leader.propose(b"two"))
            assert [b"one", b"two"] == await follower.query(lines)
            async with place.open("a") as again:
                assert [b"one", b"two"] == await again.query(lines)

    run(story())


def test_a_member_is_removed_and_its_node_ends(place: Place) -> None:
    async def story() -> None:
        async with place.open("a") as a, place.open("b", join="a") as b:
            await until(lambda: len(a.status.configuration.voters) == 2)
            with pytest.raises(NotLeader):
                await b.remove("a")
            with pytest.raises(Refused, match="no such member"):
                await a.remove("z")
            await a.remove("b")
            assert {"a": place.addresses["a"]} == a.members
            with pytest.raises(NodeStopped, match="not a member"):
                await insist(lambda: b.propose(b"refused"))

    run(story())


def test_without_a_quorum_nothing_is_promised(place: Place) -> None:
    async def story() -> None:
        async with place.open("a") as a:
            async with place.open("b", join="a"):
                await until(lambda: len(a.status.configuration.voters) == 2)
            with pytest.raises(NotDone):
                await a.propose(b"lost?")
            with pytest.raises(NotDone):
                await a.query(lines, patience_s=0.2)

    run(story())


def test_a_command_that_fits_no_frame_is_refused(place: Place) -> None:
    async def story() -> bytes:
        async with place.open("a") as node:
            await until(lambda: node.is_leader)
            with pytest.raises(Refused, match="at most"):
                await node.propose(bytes(Limits().write_bytes_max + 1))
            assert place.addresses["a"] == node.leader_address
            return await node.propose(b"one")

    assert b"1" == run(story())


def test_a_reader_who_fails_hurts_nobody_else(place: Place) -> None:
    async def story() -> bytes:
        async with place.open("a") as node:
            with pytest.raises(IndexError):
                await node.query(lambda ledger: ledger.lines[7])
            return await insist(lambda: node.propose(b"one"))

    assert b"1" == run(story())


def test_who_waits_when_the_block_ends_is_told(place: Place) -> None:
    async def story() -> None:
        async with place.open("a") as a:
            async with place.open("b", join="a"):
                await until(lambda: len(a.status.configuration.voters) == 2)
            waiting = asyncio.create_task(a.propose(b"lost?"))
            cancelled = asyncio.create_task(a.propose(b"lost?"))
            await asyncio.sleep(0.05)
            cancelled.cancel()
        with pytest.raises(NotDone):
            await waiting
        with pytest.raises(NodeStopped):
            await a.propose(b"too late")
        with pytest.raises(NodeStopped):
            await a.query(lines)

    run(story())


def test_a_cluster_without_the_node_it_should_join_is_waited_for_until_cancelled(
    place: Place,
) -> None:
    place.addresses["nobody"] = free_address()

    async def story() -> None:
        async with asyncio.timeout(0.5), place.open("b", join="nobody"):
            pytest.fail("it has come in")

    with pytest.raises(TimeoutError):
        run(story())


def test_a_name_that_is_taken_is_refused(place: Place) -> None:
    async def story() -> None:
        async with place.open("a") as a, place.open("b", join="a"):
            await until(lambda: len(a.status.configuration.voters) == 2)
            impostor = replicate(
                Ledger(),
                name="b",
                directory=place.directory / "impostor",
                address=free_address(),
                join=place.addresses["a"],
                config=BRISK,
            )
            with pytest.raises(NodeStopped, match="LEAVE b first"):
                async with impostor:
                    pytest.fail("it has come in")

    run(story())


def test_one_directory_is_for_one_node(place: Place) -> None:
    async def story() -> None:
        async with place.open("a"):
            place.addresses["a"] = free_address()
            with pytest.raises(DirectoryUnusable):
                async with place.open("a"):
                    pytest.fail("it has come in")

    run(story())


def test_the_port_answers_people_too_but_has_no_keys(place: Place) -> None:
    async def story() -> tuple[Reply, Reply, Reply, Reply]:
        async with place.open("a"):
            address = place.addresses["a"]
            return (
                await say(address, b"PING"),
                await say(address, b"INFO", b"raft"),
                await say(address, b"SET", b"key", b"value"),
                await say(address, b"LEAVE", b"z"),
            )

    pong, info, set_reply, leave_reply = run(story())

    assert Simple("PONG") == pong
    assert isinstance(info, bytes)
    assert b"cluster_id" in info
    assert isinstance(set_reply, ErrorReply)
    assert "has no keys" in set_reply.message
    assert isinstance(leave_reply, ErrorReply)
    assert "no such member" in leave_reply.message


def test_the_loop_keeps_its_own_exception_handler(place: Place) -> None:
    def handler(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None: ...

    async def story() -> bool:
        asyncio.get_running_loop().set_exception_handler(handler)
        async with place.open("a"):
            return asyncio.get_running_loop().get_exception_handler() is handler

    assert run(story())


def test_leadership_is_handed_to_whom_the_leader_is_told(place: Place) -> None:
    async def story() -> tuple[bool, list[bytes]]:
        async with place.open("a") as a, place.open("b", join="a") as b:
            await insist(lambda: a.propose(b"one"))
            with pytest.raises(NotLeader):
                await b.transfer_leadership("a")
            with pytest.raises(Refused, match="no such member"):
                await a.transfer_leadership("z")
            await insist(lambda: a.transfer_leadership("b"))
            await until(lambda: b.is_leader)
            await insist(lambda: b.propose(b"two"))
            return a.is_leader, await a.query(lines)

    assert (False, [b"one", b"two"]) == run(story())


def test_a_query_says_on_what_it_is_to_rest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> list[list[bytes]]:
        async with place.open("a") as node:
            await insist(lambda: node.change_lease(5))
            await insist(lambda: node.propose(b"one"))
            kinds = (ReadPolicy.STALE, ReadPolicy.LEASE, ReadPolicy.INDEX)
            answers = [await node.query(lines, policy=kind) for kind in kinds]
            monkeypatch.setattr(replicated, "monotonic_us", lambda: 1 << 62)
            with pytest.raises(Refused, match="the lease has run out"):
                await node.query(lines, policy=ReadPolicy.LEASE, patience_s=0.1)
            return [*answers, await node.query(lines)]

    assert [[b"one"]] * 4 == run(story())
