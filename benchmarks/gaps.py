"""How long can nobody write when the leader is lost? Leto's three nodes beside etcd's.

Each cluster in turns loses its leader: killed (`kill -9`), stopped in good order (SIGTERM),
frozen (SIGSTOP: to the others it looks as if the network had silently swallowed it).
From that moment on a new client sends a new write to each of the other two nodes every ten
milliseconds; the gap ends with the first acknowledgement. etcd runs with its own settings.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs

from benchmarks.client import HOST
from benchmarks.cluster import NODES, READY_WITHIN_S, Node, scratch_directory, three_nodes
from benchmarks.etcd import EtcdNode, put, three_etcd_nodes
from benchmarks.processes import Failure, wait_until
from benchmarks.report import middle, parser, run, seconds, table
from leto.resp import encode_request

WITHIN_S = 1800
EVERY_S = 0.01
CALM_S = 1.0  # before the leader is lost
GAP_WITHIN_S = 20.0

SIGNALS: Final = {
    "killed": signal.SIGKILL,
    "stopped in order": signal.SIGTERM,
    "frozen": signal.SIGSTOP,
}


@attrs.frozen
class System:
    """A cluster, how a write to it is spelled, and how its acknowledgement begins."""

    name: str
    nodes: Sequence[Node | EtcdNode]
    write: bytes
    acknowledgement: bytes


@attrs.frozen(kw_only=True)
class Gaps:
    """The gaps in seconds, by how the leader was lost and by system."""

    gaps_s: dict[str, dict[str, list[float]]]
    violations: tuple[str, ...] = ()

    def lines(self) -> Sequence[str]:
        """One table: medians, worst, and the ratio of medians."""
        rows: list[tuple[str, ...]] = []
        for loss, by_system in self.gaps_s.items():
            ours, theirs = by_system["Leto"], by_system["etcd"]
            rows.append(
                (
                    f"{loss}, {len(ours)} times",
                    *(seconds(middle(ours)), seconds(max(ours))),
                    *(seconds(middle(theirs)), seconds(max(theirs))),
                    f"{middle(ours) / middle(theirs):.2f}",
                )
            )
        columns = ("the leader is", "Leto, median", "most", "etcd, median", "most", "ratio")
        return table(columns, rows)


def measure(parent: Path | None, *, times: dict[str, int]) -> Gaps:
    """Lose leaders, of both clusters in turns."""
    with scratch_directory(parent) as scratch, contextlib.ExitStack() as running:
        cluster = running.enter_context(three_nodes(scratch))
        etcd = running.enter_context(three_etcd_nodes(scratch))
        systems = (
            System("Leto", cluster.nodes, encode_request([b"SET", b"a", b"b"]), b"+OK"),
            System("etcd", etcd, put("a", "b"), b"HTTP/1.1 200"),
        )
        gaps_s: dict[str, dict[str, list[float]]] = {}
        for loss, count in times.items():
            by_system = gaps_s[loss] = {system.name: [] for system in systems}
            for _ in range(count):
                for system in systems:
                    by_system[system.name].append(_lose_leader(system, SIGNALS[loss]))
        return Gaps(gaps_s=gaps_s)


def _lose_leader(system: System, how: signal.Signals) -> float:
    _wait_whole(system)
    time.sleep(CALM_S)
    leader = next(node for node in system.nodes if node.leads)
    process = leader.program.process
    assert process is not None, "a leader runs"
    survivors = [node.port for node in system.nodes if node is not leader]
    lost_s = time.monotonic()
    process.send_signal(how)
    acknowledged_s = asyncio.run(_first_acknowledgement(system, survivors))
    if how is signal.SIGSTOP:
        process.send_signal(signal.SIGCONT)
    else:
        process.wait(GAP_WITHIN_S)
        leader.program.start()
    return acknowledged_s - lost_s


def _wait_whole(system: System) -> None:
    def is_whole() -> bool:
        serving = sum(node.serves for node in system.nodes)
        return serving == NODES and sum(node.leads for node in system.nodes) == 1

    wait_until(f"three nodes of {system.name} that serve", is_whole, within_s=READY_WITHIN_S)


async def _first_acknowledgement(system: System, ports: Sequence[int]) -> float:
    """When the first of many attempts was acknowledged."""
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def attempt(port: int) -> None:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(HOST, port)
            with contextlib.closing(writer):
                writer.write(system.write)
                answer = await reader.read(1 << 16)
                if answer.startswith(system.acknowledgement) and not done.done():
                    done.set_result(time.monotonic())

    attempts: set[asyncio.Task[None]] = set()
    give_up_at = time.monotonic() + GAP_WITHIN_S
    try:
        while not done.done():
            if time.monotonic() > give_up_at:
                raise Failure(f"{system.name}: no write within {GAP_WITHIN_S:g} s")
            attempts |= {asyncio.create_task(attempt(port)) for port in ports}
            await asyncio.wait((done,), timeout=EVERY_S)
    finally:
        for task in attempts:
            task.cancel()
    return done.result()


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    for loss, flag, default in (
        ("killed", "--kills", 20),
        ("stopped in order", "--stops", 5),
        ("frozen", "--freezes", 5),
    ):
        flags.add_argument(
            flag, dest=loss, type=int, default=default, metavar="N", help=f"default: {default}"
        )
    arguments = flags.parse_args()
    times = {loss: int(count) for loss, count in vars(arguments).items() if loss in SIGNALS}
    return run(
        lambda: measure(arguments.directory, times={k: n for k, n in times.items() if n}),
        as_json=arguments.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
