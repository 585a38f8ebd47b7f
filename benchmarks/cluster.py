"""A cluster of three nodes on free ports of 127.0.0.1, and a redis-server beside it.

Responsible for starting, killing and restarting them, and for finding out who
leads, in which term, and whether everybody serves. It asks through commands that
every client may send.
"""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from benchmarks.client import HOST, Client, NotSent, Refused, Unknown, elements, fields, number
from benchmarks.processes import Failure, Program, free_ports, wait_until

NODES = 3
_PACKAGES: Final = {"redis-benchmark": "redis-tools", "etcd": "etcd-server"}
READY_WITHIN_S = 60.0  # a restart reads a million keys before it serves
ASK_WITHIN_S = 1.0


@attrs.frozen(kw_only=True)
class Node:
    """One node: a process of `leto`, its ports and its data."""

    name: str
    port: int
    program: Program
    directory: Path

    def client(self) -> Client:
        """A new connection to it."""
        return Client(self.port)

    def ask(self, *arguments: str) -> object | None:
        """One command on a connection of its own; None when it has no answer to it now."""
        try:
            with Client(self.port, timeout_s=ASK_WITHIN_S) as client:
                return client.call(*arguments)
        except (NotSent, Refused, Unknown):
            return None

    @property
    def leads(self) -> bool:
        """Does it say that it is the leader?"""
        reply = self.ask("ROLE")
        return reply is not None and elements(reply)[0] == "master"

    @property
    def serves(self) -> bool:
        """Does it answer a linearizable read? Then it hears a leader and has caught up with it."""
        return self.ask("EXISTS", "") == 0

    @property
    def term(self) -> int:
        """Its current term."""
        with self.client() as client:
            return term_of(client)

    @property
    def disk_bytes(self) -> int:
        """The size of its data."""
        sizes: list[int] = []
        for path in self.directory.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # compacted meanwhile
                sizes.append(path.stat().st_size if path.is_file() else 0)
        return sum(sizes)


@attrs.frozen
class Cluster:
    """Three nodes."""

    nodes: Sequence[Node]

    def start(self) -> None:
        """Start every node, as if for the first time or again, and wait until all serve."""
        for node in self.nodes:
            node.program.start()
        self.wait_ready()

    def kill(self) -> None:
        """End every node as a power cut ends its processes."""
        for node in self.nodes:
            node.program.kill()

    def wait_ready(self) -> None:
        """Wait until one leads, two follow it as voters, and all serve."""
        wait_until("three nodes that serve", self._is_ready, within_s=READY_WITHIN_S)

    def _is_ready(self) -> bool:
        for node in self.nodes:
            node.program.check_alive()
        return self._has_three_voters() and all(node.serves for node in self.nodes)

    def _has_three_voters(self) -> bool:
        leader = next((node for node in self.nodes if node.leads), None)
        reply = leader.ask("INFO", "raft") if leader is not None else None
        return reply is not None and len(_voters(fields(reply))) == NODES

    @property
    def leader(self) -> Node:
        """The node that leads now, waiting for one if need be."""
        leading: list[Node] = []

        def somebody_leads() -> bool:
            leading.extend(node for node in self.nodes if node.leads)
            return bool(leading)

        wait_until("a leader", somebody_leads, within_s=READY_WITHIN_S)
        return leading[0]

    @property
    def terms(self) -> dict[str, int]:
        """The current term of each node by name; a term that has grown is an election."""
        return {node.name: node.term for node in self.nodes}


def term_of(client: Client) -> int:
    """The current term of the node at the other end."""
    return number(client.information("raft").get("term"))


def _voters(raft: Mapping[str, object]) -> list[object]:
    """The members that vote, by the section `raft` of INFO: `member0:name=id1,role=voter,...`."""
    members = [fields(value) for name, value in raft.items() if name.startswith("member")]
    return [member for member in members if member["role"] == "voter"]


@contextlib.contextmanager
def scratch_directory(parent: Path | None) -> Generator[Path]:
    """A directory that is gone afterwards; on the disk that is to be measured if `parent` says so."""
    directory = Path(tempfile.mkdtemp(prefix="leto-benchmark-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def three_nodes(scratch: Path) -> Generator[Cluster]:
    """A cluster that serves; its processes are gone afterwards."""
    ports = free_ports(2 * NODES)
    founder = ports[0]
    nodes = [
        _node(f"id{place + 1}", ports[place], ports[NODES + place], founder, scratch)
        for place in range(NODES)
    ]
    cluster = Cluster(nodes)
    try:
        nodes[0].program.start()
        wait_until("the first node serves", lambda: nodes[0].serves, within_s=READY_WITHIN_S)
        for node in nodes[1:]:
            node.program.start()
        cluster.wait_ready()
        yield cluster
    except Failure as failure:
        ends = "\n".join(f"{node.name}:\n{node.program.last_lines()}" for node in nodes)
        raise Failure(f"{failure}\nThe last that the nodes said:\n{ends}") from failure
    finally:
        for node in nodes:
            node.program.stop()


def _node(name: str, port: int, peer_port: int, founder: int, scratch: Path) -> Node:
    directory = scratch / name
    command = [sys.executable, "-m", "leto_adapters.command_line", "-id", name]
    command += ["-listen", f"{HOST}:{port}", "-raftbind", f"{HOST}:{peer_port}"]
    command += ["-raftdir", str(directory)]
    if port != founder:
        command += ["-join", f"{HOST}:{founder}"]
    program = Program(name=name, command=command, log=scratch / f"{name}.log")
    return Node(name=name, port=port, program=program, directory=directory)


@contextlib.contextmanager
def redis_server(scratch: Path) -> Generator[int]:
    """The port of a redis-server that, like Leto, syncs before it answers a write."""
    (port,) = free_ports(1)
    directory = scratch / "redis"
    directory.mkdir()
    command = [installed("redis-server"), "--port", str(port), "--bind", HOST]
    command += ["--dir", str(directory), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "always"]
    program = Program(name="redis-server", command=command, log=scratch / "redis.log")
    program.start()
    try:
        wait_until("redis-server answers", lambda: _answers(port), within_s=READY_WITHIN_S)
        yield port
    finally:
        program.stop()


def _answers(port: int) -> bool:
    try:
        with Client(port) as client:
            return client.call("PING") is True
    except (NotSent, Refused, Unknown):
        return False


def installed(program: str) -> str:
    """Where a program is that Leto is measured with.

    Raises:
        Failure: it is not installed; the message says what to install.
    """
    path = shutil.which(program)
    if path is None:
        package = _PACKAGES.get(program, program)
        raise Failure(f"{program} is not installed; on Debian: apt-get install {package}")
    return path
