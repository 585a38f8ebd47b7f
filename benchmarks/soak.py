"""Three nodes under redis-benchmark for minutes: do they stay calm, quick and small?

Each second it looks at the commands that the leader has done, at every node's term,
memory and disk. An election is a violation: nothing happened that would call for
one. Shown are the slowest second, and how memory and disk grew.
"""

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.client import HOST, Client, number
from benchmarks.cluster import (
    Cluster,
    Node,
    installed,
    scratch_directory,
    term_of,
    three_nodes,
)
from benchmarks.processes import Program
from benchmarks.report import middle, parser, run, table

SLACK_S = 180  # for starting, stopping, and a machine that is busy
LOOK_EVERY_S = 1.0
KEYS = 100_000
VALUE_BYTES = 64
REQUESTS_PER_TURN = 200_000  # of SET, then of GET, and again
ROWS_MAX = 12  # of the table over time


@attrs.frozen(kw_only=True)
class Second:
    """What one look saw."""

    at_s: float
    commands_per_s: float  # of the leader, since the look before
    terms: dict[str, int]
    memory_bytes: dict[str, int]  # by node
    disk_bytes: dict[str, int]


@attrs.frozen(kw_only=True)
class Soak:
    """The looks, and what they add up to."""

    clients: int
    pipeline: int
    commands: int
    slowest_per_s: float
    median_per_s: float
    elections: int
    seconds: tuple[Second, ...]
    violations: tuple[str, ...]

    def lines(self) -> Sequence[str]:
        """A row now and then, and the sums."""
        every = max(1, len(self.seconds) // ROWS_MAX)
        nodes = list(self.seconds[0].memory_bytes)
        header = ("after", "commands/s", *(f"{node} memory/disk MiB" for node in nodes))
        rows = [
            (f"{look.at_s:.0f} s", f"{look.commands_per_s:,.0f}", *_sizes(look, nodes))
            for look in [*self.seconds[::every], self.seconds[-1]]
        ]
        return [
            f"redis-benchmark -t set,get -c {self.clients} -P {self.pipeline} at the leader",
            *table(header, rows),
            f"{self.commands:,} commands; elections: {self.elections}",
            f"a second: median {self.median_per_s:,.0f}, slowest {self.slowest_per_s:,.0f}",
        ]


def _sizes(look: Second, nodes: Sequence[str]) -> list[str]:
    return [
        f"{look.memory_bytes[node] / 2**20:.0f}/{look.disk_bytes[node] / 2**20:.0f}"
        for node in nodes
    ]


def measure(parent: Path | None, *, minutes: float, clients: int, pipeline: int) -> Soak:
    """Load the leader and look."""
    with scratch_directory(parent) as scratch, three_nodes(scratch) as cluster:
        leader = cluster.leader
        terms = cluster.terms
        load = _load(leader, scratch, clients, pipeline)
        load.start()
        try:
            looks = _watch(cluster, leader, load, minutes * 60)
        finally:
            load.stop()
    speeds = [look.commands_per_s for look in looks]
    elections = max(look.terms[name] - term for look in looks for name, term in terms.items())
    broken = [f"{elections} elections: terms {terms} became {looks[-1].terms}"] if elections else []
    return Soak(
        clients=clients,
        pipeline=pipeline,
        commands=round(sum(speeds)),
        slowest_per_s=min(speeds),
        median_per_s=middle(speeds),
        elections=elections,
        seconds=tuple(looks),
        violations=tuple(broken),
    )


def _load(leader: Node, scratch: Path, clients: int, pipeline: int) -> Program:
    """A redis-benchmark that begins again whenever it is done."""
    command = [installed("redis-benchmark"), "-h", HOST, "-p", str(leader.port)]
    command += ["-t", "set,get", "-d", str(VALUE_BYTES), "-r", str(KEYS), "-l", "-q"]
    command += ["-c", str(clients), "-P", str(pipeline), "-n", str(REQUESTS_PER_TURN)]
    return Program(name="redis-benchmark", command=command, log=scratch / "redis-benchmark.log")


def _watch(cluster: Cluster, leader: Node, load: Program, duration_s: float) -> list[Second]:
    """Look once a second, on connections that stay open."""
    looks: list[Second] = []
    with contextlib.ExitStack() as held:
        clients = {node.name: held.enter_context(node.client()) for node in cluster.nodes}
        began_s = looked_s = time.monotonic()
        done = _commands(clients[leader.name])
        while looked_s - began_s < duration_s:
            time.sleep(LOOK_EVERY_S)
            load.check_alive()
            done_before, done = done, _commands(clients[leader.name])
            looked_before_s, looked_s = looked_s, time.monotonic()
            looks.append(
                Second(
                    at_s=looked_s - began_s,
                    commands_per_s=(done - done_before) / (looked_s - looked_before_s),
                    terms={name: term_of(client) for name, client in clients.items()},
                    memory_bytes={node.name: node.program.memory_bytes() for node in cluster.nodes},
                    disk_bytes={node.name: node.disk_bytes for node in cluster.nodes},
                )
            )
    return looks


def _commands(client: Client) -> int:
    return number(client.information("stats").get("total_commands_processed"))


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    flags.add_argument("--minutes", type=float, default=10.0, metavar="N", help="default: 10")
    flags.add_argument("--clients", type=int, default=50, metavar="N", help="default: 50")
    flags.add_argument(
        "--pipeline", type=int, default=16, metavar="N", help="commands on their way, default: 16"
    )
    arguments = flags.parse_args()
    return run(
        lambda: measure(
            arguments.directory,
            minutes=arguments.minutes,
            clients=arguments.clients,
            pipeline=arguments.pipeline,
        ),
        as_json=arguments.json,
        within_s=round(arguments.minutes * 60) + SLACK_S,
    )


if __name__ == "__main__":
    sys.exit(main())
