"""Requests a second of the leader of three nodes, beside a redis-server that syncs every write.

Runs redis-benchmark against one and the other in turns, so that both meet the same
moods of the machine, and shows the median round of each. Both are asked on this
machine and write to the same disk; the other two nodes share its processors.
"""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.client import HOST
from benchmarks.cluster import installed, redis_server, scratch_directory, three_nodes
from benchmarks.processes import Failure
from benchmarks.report import middle, parser, run, table

WITHIN_S = 1200
ONE_RUN_WITHIN_S = 120
COMMANDS = ("SET", "GET")
VALUE_BYTES = 64
KEYS = 100_000
SYNCS = 200
SYNC_BYTES = 4096


@attrs.frozen
class Load:
    """How many clients, each with how many commands on their way, and requests in all."""

    clients: int
    pipeline: int
    requests: int

    @property
    def label(self) -> str:
        """As the documentation writes it."""
        return f"c={self.clients} P={self.pipeline}"


LOADS = (Load(1, 1, 5_000), Load(50, 1, 50_000), Load(50, 16, 200_000))


@attrs.frozen(kw_only=True)
class Sample:
    """What redis-benchmark saw in one run of one command."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float


@attrs.frozen(kw_only=True)
class Comparison:
    """The median round of both under one load."""

    command: str
    load: str
    leto: Sample
    redis: Sample
    ratio: float  # of Leto's requests a second to redis-server's


@attrs.frozen(kw_only=True)
class Throughput:
    """All comparisons."""

    comparisons: tuple[Comparison, ...]
    rounds: int
    fdatasync_ms: float  # the median time of one on this disk, before anything ran
    violations: tuple[str, ...] = ()

    def lines(self) -> Sequence[str]:
        """One row a command and load."""
        header = ("", "Leto req/s", "p50/p99 ms", "redis req/s", "p50/p99 ms", "Leto/redis")
        rows = [
            (
                f"{each.command} {each.load}",
                *_cells(each.leto),
                *_cells(each.redis),
                f"{each.ratio:.2f}",
            )
            for each in self.comparisons
        ]
        return [
            "Three Leto nodes, asked at the leader, beside one redis-server (appendfsync always);",
            f"values of {VALUE_BYTES} bytes, {KEYS} keys, median of {self.rounds} rounds in turns.",
            f"An fdatasync of {SYNC_BYTES} bytes takes {self.fdatasync_ms:.2f} ms here.",
            *table(header, rows),
        ]


def _cells(sample: Sample) -> tuple[str, str]:
    return f"{sample.requests_per_s:,.0f}", f"{sample.p50_ms:.2f}/{sample.p99_ms:.2f}"


def measure(parent: Path | None, *, rounds: int, loads: Sequence[Load]) -> Throughput:
    """Run everything."""
    with (
        scratch_directory(parent) as scratch,
        three_nodes(scratch) as cluster,
        redis_server(scratch) as redis_port,
    ):
        fdatasync_ms = time_fdatasync(scratch)
        leto_port = cluster.leader.port
        comparisons = [
            comparison
            for load in loads
            for comparison in _compare(leto_port, redis_port, load, rounds)
        ]
    return Throughput(comparisons=tuple(comparisons), rounds=rounds, fdatasync_ms=fdatasync_ms)


def _compare(leto_port: int, redis_port: int, load: Load, rounds: int) -> list[Comparison]:
    in_turns = [
        (redis_benchmark(leto_port, load), redis_benchmark(redis_port, load)) for _ in range(rounds)
    ]
    comparisons: list[Comparison] = []
    for command in COMMANDS:
        leto = _median([leto[command] for leto, _ in in_turns])
        redis = _median([redis[command] for _, redis in in_turns])
        ratio = leto.requests_per_s / redis.requests_per_s
        comparisons.append(
            Comparison(command=command, load=load.label, leto=leto, redis=redis, ratio=ratio)
        )
    return comparisons


def _median(samples: list[Sample]) -> Sample:
    """The sample in the middle, whole, so that its latencies belong to its requests a second."""
    return sorted(samples, key=lambda sample: sample.requests_per_s)[len(samples) // 2]


def redis_benchmark(port: int, load: Load) -> dict[str, Sample]:
    """One run, by command.

    Raises:
        Failure: the node answered with an error, or not at all.
    """
    command = [installed("redis-benchmark"), "-h", HOST, "-p", str(port), "--csv"]
    command += ["-t", "set,get", "-d", str(VALUE_BYTES), "-r", str(KEYS)]
    command += ["-c", str(load.clients), "-P", str(load.pipeline), "-n", str(load.requests)]
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=ONE_RUN_WITHIN_S
        )
    except subprocess.SubprocessError as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        raise Failure(f"{error}\n{said}") from error
    return {
        row["test"]: Sample(
            requests_per_s=float(row["rps"]),
            p50_ms=float(row["p50_latency_ms"]),
            p99_ms=float(row["p99_latency_ms"]),
        )
        for row in csv.DictReader(done.stdout.splitlines())
    }


def time_fdatasync(directory: Path) -> float:
    """The median milliseconds that the disk takes to keep one small write."""
    taken_ms: list[float] = []
    with (directory / "fdatasync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(SYNC_BYTES))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken_ms.append((time.perf_counter() - began) * 1000)
    return middle(taken_ms)


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    flags.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    flags.add_argument(
        "--quick", action="store_true", help="one load only, that of 50 clients with 16 each"
    )
    arguments = flags.parse_args()
    loads = LOADS[-1:] if arguments.quick else LOADS
    return run(
        lambda: measure(arguments.directory, rounds=arguments.rounds, loads=loads),
        as_json=arguments.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
