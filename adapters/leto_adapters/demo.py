"""`python -m leto_adapters.demo`: a cluster of three nodes on this machine, until Ctrl-C.

Responsible for showing Leto to somebody who has just cloned it: it starts three real
`leto` processes, says how to talk to them and where their data lies, shows what they
log, and stops them. Whoever starts it again finds the data of the last time.
"""

import re
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import attrs

from leto.server.addresses import Address
from leto_adapters.listening import CannotListen, listen
from leto_adapters.processes import NodeProcess

PORTS: Final = (5379, 6379, 7379)
PEER_PORT_OFFSET = 10_000
DIRECTORY: Final = Path("demo-data")

READY_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
EXIT_NOT_READY = 1
EXIT_PORT_USED = 3
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_NOTABLE: Final = re.compile(rb"\S+Z (INFO|WARNING|ERROR) |leto: ")  # not the banner


@attrs.define
class LogTail:
    """What a node appends to its log, as it comes."""

    node: NodeProcess
    shown_bytes: int  # written by show

    def show(self) -> None:
        """Print the whole lines that are new, with the node's name before them."""
        if not self.node.log.exists():
            return
        with self.node.log.open("rb") as log:
            log.seek(self.shown_bytes)
            new, newline, _ = log.read().rpartition(b"\n")
        self.shown_bytes += len(new + newline)
        for line in new.splitlines():
            if _NOTABLE.match(line):
                print(f"{self.node.name} | {line.decode(errors='replace')}", flush=True)


class Demo:
    """Three nodes, started together and stopped together."""

    def __init__(self, directory: Path, ports: Sequence[int]) -> None:
        self._directory = directory
        self._ports = ports
        self._nodes = [self._node(number) for number in range(1, len(ports) + 1)]
        self._tails = [LogTail(node, _size_bytes(node.log)) for node in self._nodes]
        self._stop = threading.Event()

    def run(self) -> int:
        """Start, show, and stop when a signal comes; the exit code."""
        used = [address for address in self._addresses() if not _is_free(address)]
        if used:
            print(
                f"{used[0]} is used by another process (another demo, or a Redis server?):"
                " stop that one, then start the demo again",
                file=sys.stderr,
            )
            return EXIT_PORT_USED
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        self._directory.mkdir(parents=True, exist_ok=True)
        print(f"starting {len(self._nodes)} nodes, data in {self._directory}", flush=True)
        try:
            return self._serve()
        finally:
            self._stop_nodes()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _serve(self) -> int:
        # A quorum of those with data must run before anything is served, and those
        # without must join what is served already.
        old = [node for node in self._nodes if node is self._nodes[0] or _data(node).exists()]
        new = [node for node in self._nodes if node not in old]
        if not (self._start(old) and self._start(new)):
            if self._stop.is_set():
                return 0
            print(f"the cluster does not get ready: see {self._directory}/*.log", file=sys.stderr)
            return EXIT_NOT_READY
        print(self._introduction(), flush=True)
        self._watch()
        return 0

    def _start(self, nodes: Sequence[NodeProcess]) -> bool:
        """Whether they get ready in time; not if one ends, or somebody wants us to stop."""
        for node in nodes:
            node.start()
        patience_ends = time.monotonic() + READY_WITHIN_S
        while not all(node.is_ready() for node in nodes):
            if time.monotonic() > patience_ends or self._stop.wait(LOOK_EVERY_S):
                return False
            self._show_logs()
            if any(node.exit_code is not None for node in nodes):
                return False
        return True

    def _watch(self) -> None:
        """Show what happens until somebody wants us to stop, or no node is left."""
        running = list(self._nodes)
        while running and not self._stop.wait(LOOK_EVERY_S):
            self._show_logs()
            for node in [node for node in running if node.exit_code is not None]:
                running.remove(node)
                print(_obituary(node), flush=True)

    def _stop_nodes(self) -> None:
        print("\nstopping ...", flush=True)
        running = [node for node in self._nodes if node.process is not None]
        for node in running:
            node.signal(signal.SIGTERM)
        for node in running:
            node.wait()
        self._show_logs()
        print(f"stopped; the data stays in {self._directory}", flush=True)

    def _show_logs(self) -> None:
        for tail in self._tails:
            tail.show()

    # --- what is started, and what is said about it ----------------------------------------

    def _node(self, number: int) -> NodeProcess:
        name, port = f"id{number}", self._ports[number - 1]
        listen_at, peers_at = _addresses(port)
        flags = ["-id", name, "-raftdir", str(self._directory / name)]
        flags += ["-listen", str(listen_at), "-raftbind", str(peers_at)]
        if number > 1:
            flags += ["-join", str(_addresses(self._ports[0])[0])]
        return NodeProcess(name, tuple(flags), port, log=self._directory / f"{name}.log")

    def _addresses(self) -> list[Address]:
        return [address for port in self._ports for address in _addresses(port)]

    def _introduction(self) -> str:
        lines = ["", "The cluster is ready. Talk to any node with redis-cli:", ""]
        for node in self._nodes:
            role = "leader" if node.is_leading() else "follower"
            lines.append(f"    redis-cli -p {node.port}    # {node.name}, {role}, {_process(node)}")
        if shutil.which("redis-cli") is None:
            lines += ["", "redis-cli is not installed here: apt-get install redis-tools"]
            lines += ["(Debian, Ubuntu) or brew install redis (macOS) brings it."]
        lines += [
            "",
            "The leader takes writes, every node answers reads. Kill one (kill -9 and its",
        ]
        lines += ["process number) and look who leads. Ctrl-C stops all; the data stays in", ""]
        lines += [f"    {_data(node)}    # its log: {node.log}" for node in self._nodes]
        return "\n".join([*lines, ""])


def _addresses(port: int) -> tuple[Address, Address]:
    """For clients and for peers: of this machine only, since the demo asks for no password."""
    return Address("127.0.0.1", port), Address("127.0.0.1", port + PEER_PORT_OFFSET)


def _is_free(address: Address) -> bool:
    try:
        sockets = listen(address)
    except CannotListen:
        return False
    for opened in sockets:
        opened.close()
    return True


def _process(node: NodeProcess) -> str:
    assert node.process is not None, "started"
    return f"process {node.process.pid}"


def _data(node: NodeProcess) -> Path:
    return node.log.with_suffix("")


def _obituary(node: NodeProcess) -> str:
    leto = Path(sys.executable).parent / "leto"
    return (
        f"\n{node.name} has ended (exit code {node.exit_code}); two of three go on without it."
        f" It catches up when it is started again:\n\n"
        f"    {shlex.join([str(leto), *node.flags])}\n"
    )


def _size_bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def main() -> int:
    """Run the demo where the seed's users expect it."""
    return Demo(DIRECTORY, PORTS).run()


if __name__ == "__main__":
    sys.exit(main())
