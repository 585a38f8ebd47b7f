"""A replicated object in one call: `async with replicate(machine, ...) as node`.

Responsible for running a whole node (directory, port, disk thread, peers) beside the user's own
asyncio program, and for turning its answers into results and exceptions. What happens to a
command is `leto.server`'s business.

    async with replicate(Counter(), name="a", directory="a", address="127.0.0.1:7001") as node:
        total = await node.propose(b"1")
        same = await node.query(lambda counter: counter.value)

The first node founds a cluster of one; the others say `join="127.0.0.1:7001"`, the address
of any member, and are voters soon. A node that finds its data goes on where it was, whatever
`join` says. There is no list of peers: a node that lost its data would come back under
its old name, without what it promised; here it is a stranger, and has to be admitted.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Generic, TypeVar

from leto.machine import StateMachine
from leto.raft import Config
from leto.raft.actions import Readable, RoleName
from leto.raft.events import ReadPolicy
from leto.raft.status import Status
from leto.server.program import (
    Answered,
    NotDone,
    NotLeader,
    ObjectMachine,
    Program,
    Refused,
    Unknown,
)
from leto.server.server import Server
from leto.server.settings import Settings
from leto.server.world import ClockTicked, Port, Stop
from leto_adapters.directory import DataDirectory
from leto_adapters.listening import listen
from leto_adapters.runtime import Runtime, monotonic_us

__all__ = [
    "NodeStopped",
    "NotDone",
    "NotLeader",
    "ReadPolicy",
    "Refused",
    "ReplicatedNode",
    "Unknown",
    "replicate",
]

MachineT = TypeVar("MachineT", bound=StateMachine)
ResultT = TypeVar("ResultT")

QUERY_PATIENCE_S = 4.0
RETRY_S = 0.05
_LOOK_S = 0.02  # how often a node that starts is asked whether it has come in


class NodeStopped(NotDone):
    """The node has ended: whether the request was carried out is not known."""


class ReplicatedNode(Generic[MachineT]):
    """A node that runs. Made by `replicate`; all of it is for the event loop's thread."""

    def __init__(
        self, machine: MachineT, server: Server, runtime: Runtime, run: asyncio.Task[Stop]
    ) -> None:
        self._machine = machine
        self._server = server
        self._runtime = runtime
        self._run = run
        self._asked: set[asyncio.Future[bytes]] = set()
        run.add_done_callback(self._on_end)

    @property
    def status(self) -> Status:
        """What the core knows: role, term, indexes, configuration, followers."""
        raft = self._server.status.raft
        assert raft is not None, "nobody gets hold of a node that has not booted"
        return raft

    @property
    def is_leader(self) -> bool:
        """Whether commands are to be proposed here."""
        return self.status.role is RoleName.LEADER

    @property
    def leader_address(self) -> str | None:
        """The address of the node that leads, as far as this one knows."""
        return self._server.program.leader_address

    @property
    def members(self) -> dict[str, str]:
        """The members of the cluster: the address of each, by name."""
        return {member.name: member.address for member in self.status.configuration.members}

    async def propose(self, command: bytes) -> bytes:
        """Replicate a command; what the machine returned for it.

        It has been applied here, and is on the disks of a majority. A caller who gives up
        waiting does not take it back.

        Raises:
            NotLeader: certainly not done; ask the node that `leader` names.
            Refused: certainly not done, and why.
            Unknown: it may have been done. `leto.sessions` makes repeating it safe.
            NodeStopped: the node has ended; the same as Unknown.
        """
        return await self._ask(lambda program, answer: program.propose(command, answer))

    async def query(
        self,
        read: Callable[[MachineT], ResultT],
        *,
        policy: ReadPolicy = ReadPolicy.INDEX,
        patience_s: float = QUERY_PATIENCE_S,
    ) -> ResultT:
        """Read the machine, on any node: nothing acknowledged anywhere before is missing.

        `read` is called at the moment at which that holds; it must not change the machine.
        By `INDEX` a majority is asked each time; by `LEASE` a leader answers alone as long as
        `change_lease` allows; `STALE` asks nobody, and may miss anything recent.

        Raises:
            NotDone: no leader has confirmed it in `patience_s`, for the reason given.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while True:
            try:
                return await self._query_once(read, policy)
            except NotDone as failure:  # a read that was not done may be asked for again
                if isinstance(failure, NodeStopped) or loop.time() >= deadline:
                    raise
            await asyncio.sleep(RETRY_S)

    async def transfer_leadership(self, to: str | None = None) -> None:
        """Let another node lead: the one of that name, or the one that lacks least; asked of
        the leader. Proposals are refused until it does, or until it has not in time.

        Raises:
            NotDone: as for `propose`; `Unknown` if it was asked, and may take over yet.
        """
        await self._ask(lambda program, answer: program.transfer(to, answer))

    async def change_lease(self, seconds: float) -> None:
        """Let a leader answer `LEASE` queries alone for almost so long after a majority has
        heard it; 0 takes that back. As long, no other leader is elected after a crash. Asked of
        the leader.

        Raises:
            NotDone: as for `propose`.
        """
        lease_us = round(seconds * 1_000_000)
        await self._ask(lambda program, answer: program.change_lease(lease_us, answer))

    async def remove(self, name: str) -> None:
        """End the membership of a node, dead or alive; asked of the leader.

        Raises:
            NotDone: as for `propose`.
        """
        await self._ask(lambda program, answer: program.remove(name, answer))

    # --- inside --------------------------------------------------------------------------

    async def _query_once(self, read: Callable[[MachineT], ResultT], policy: ReadPolicy) -> ResultT:
        results: list[ResultT] = []
        broken: list[Exception] = []

        def look(answer: Answered, allowed: Readable | NotDone) -> None:
            if isinstance(allowed, NotDone):
                answer(allowed)
                return
            try:
                results.append(read(self._machine))
            except Exception as error:  # noqa: BLE001 - the caller's own: raised again to them
                broken.append(error)
            # Only now: the process may have been asleep since the lease was looked at.
            answer(Refused("the lease has run out") if _is_over(allowed) else b"")

        await self._ask(
            lambda program, answer: program.read(policy, lambda allowed: look(answer, allowed))
        )
        if broken:
            raise broken[0]
        return results[0]

    async def _ask(self, ask: Callable[[Program, Answered], None]) -> bytes:
        if self._run.done():
            raise _stopped(self._run)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.add(future)
        future.add_done_callback(self._asked.discard)

        def answer(result: bytes | NotDone) -> None:
            if future.done():
                return
            if isinstance(result, NotDone):
                future.set_exception(result)
            else:
                future.set_result(result)

        ask(self._server.program, answer)
        self._runtime.tell(ClockTicked())
        return await future

    def _on_end(self, run: asyncio.Task[Stop]) -> None:
        for future in list(self._asked):
            if not future.done():
                future.set_exception(_stopped(run))


@asynccontextmanager
async def replicate(
    machine: MachineT,
    *,
    name: str,
    directory: str | Path,
    address: str,
    join: str | None = None,
    config: Config | None = None,
) -> AsyncGenerator[ReplicatedNode[MachineT], None]:
    """Run a node that replicates `machine`, for as long as the block lasts.

    The block begins when the node is a voter of its cluster (or a learner, if it is to be one).

    Args:
        machine: fresh: what was applied before comes from the snapshot and the log.
        name: the node's name in its cluster; it stays with the directory.
        directory: its data; made if there is none, and locked.
        address: `host:port` at which it listens, and at which the others dial it.
        join: the address of any member of a cluster to be admitted to.
        config: the core's settings: timeouts, when snapshots are taken.

    Raises:
        InvalidSettings: an argument makes no sense.
        DirectoryUnusable: the directory cannot be had.
        CannotListen: the port cannot be had.
        NodeStopped: the cluster does not want it, or the data is damaged.
    """
    settings = Settings(
        name=name, listen=address, peer_bind=address, join=join, raft=config or Config()
    )
    with closing(DataDirectory(Path(directory))) as data:
        sockets = listen(settings.peer_bind_address)
        server = Server(settings, random.Random(os.urandom(32)), machine=ObjectMachine(machine))
        runtime = Runtime(server, data, {Port.PEER: sockets})
        run = await _started(runtime)
        node = ReplicatedNode(machine, server, runtime, run)
        try:
            await _until_settled(server, run)
            yield node
        finally:
            runtime.request_stop("its block has ended")
            await asyncio.wait((run,))
            if not run.cancelled() and (broken := run.exception()) is not None:
                raise broken


def _is_over(readable: Readable) -> bool:
    return readable.valid_until is not None and monotonic_us() >= readable.valid_until


async def _started(runtime: Runtime) -> asyncio.Task[Stop]:
    """Start it, but let whatever else goes wrong on this loop be its owner's business."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    run = asyncio.create_task(runtime.run())
    await asyncio.sleep(0)
    loop.set_exception_handler(handler)
    return run


async def _until_settled(server: Server, run: asyncio.Task[Stop]) -> None:
    while not server.program.is_settled:
        await asyncio.wait((run,), timeout=_LOOK_S)
        if run.done():
            raise _stopped(run)


def _stopped(run: asyncio.Task[Stop]) -> NodeStopped:
    if run.cancelled():
        return NodeStopped("it was cancelled")
    broken = run.exception()
    return NodeStopped(str(broken) if broken else run.result().message or "it has stopped")
