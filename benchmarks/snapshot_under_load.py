"""A snapshot of a million keys while a client writes: how long does it ever wait?

One client writes one SET at a time to the leader, first for a while as it is, then
while the leader takes a snapshot. Shown are the longest gap between two
acknowledged writes in both times, how long the snapshot took, and whether the
term has changed, which would be an election.
"""

import itertools
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.client import TIMEOUT_S, Client, Refused, Unknown
from benchmarks.cluster import Cluster, Node, scratch_directory, three_nodes
from benchmarks.processes import Failure
from benchmarks.report import mebibytes, middle, parser, run, seconds, table

WITHIN_S = 900
VALUE = "v" * 64
PAIRS_PER_COMMAND = 100
COMMANDS_PER_PIPELINE = 10
BASELINE_S = 5.0
SNAPSHOT_WITHIN_S = 300.0
AFTERWARDS_S = 1.0


@attrs.define
class Probe:
    """A client that writes one SET after the other; only its thread writes here."""

    node: Node
    stop: threading.Event = attrs.Factory(threading.Event)
    acknowledged_s: list[float] = attrs.Factory(list[float])  # when each answer came
    errors: list[str] = attrs.Factory(list[str])

    def work(self) -> None:
        """Write until told to stop, or until a write is not acknowledged."""
        with self.node.client() as client:
            while not self.stop.is_set() and not self.errors:
                try:
                    client.call("SET", "probe", len(self.acknowledged_s))
                    self.acknowledged_s.append(time.monotonic())
                except (Refused, Unknown) as error:
                    self.errors.append(f"{type(error).__name__}: {error}")

    def gaps(self, from_s: float, to_s: float) -> list[float]:
        """The times between one answer and the next, of those that ended within."""
        answers = self.acknowledged_s
        return [
            later - earlier
            for earlier, later in itertools.pairwise(answers)
            if from_s <= later and earlier <= to_s
        ]


@attrs.frozen(kw_only=True)
class Gaps:
    """How long the client waited from one acknowledged write to the next."""

    writes: int
    median_s: float
    longest_s: float


@attrs.frozen(kw_only=True)
class SnapshotUnderLoad:
    """Before and during."""

    keys: int
    filled_in_s: float
    snapshot_s: float
    snapshot_answer: str
    without: Gaps
    during: Gaps
    terms_before: dict[str, int]
    terms_after: dict[str, int]
    leader_memory_bytes: int
    leader_disk_bytes: int
    violations: tuple[str, ...]

    def lines(self) -> Sequence[str]:
        """The two times side by side, then what the snapshot was."""
        rows = [
            (name, f"{gaps.writes:,}", f"{gaps.median_s * 1000:.1f} ms", seconds(gaps.longest_s))
            for name, gaps in (("without", self.without), ("during the snapshot", self.during))
        ]
        return [
            f"{self.keys:,} keys, written in {seconds(self.filled_in_s)}",
            f"SNAPSHOT took {seconds(self.snapshot_s)} and answered {self.snapshot_answer}",
            *table(("one SET at a time", "writes", "median gap", "longest gap"), rows),
            f"the leader's memory afterwards: {mebibytes(self.leader_memory_bytes)}",
            f"its data on disk: {mebibytes(self.leader_disk_bytes)}",
            f"terms before {self.terms_before}, after {self.terms_after}",
        ]


def measure(parent: Path | None, *, keys: int) -> SnapshotUnderLoad:
    """Fill, probe, snapshot."""
    with scratch_directory(parent) as scratch, three_nodes(scratch) as cluster:
        leader = cluster.leader
        filled_in_s = fill(leader, keys)
        cluster.wait_ready()
        terms_before = cluster.terms
        probe = Probe(leader)
        thread = threading.Thread(target=probe.work, daemon=True)
        thread.start()
        began_s = time.monotonic()
        time.sleep(BASELINE_S)
        snapshot_began_s = time.monotonic()
        answer = take_snapshot(leader)
        snapshot_ended_s = time.monotonic()
        time.sleep(AFTERWARDS_S)
        probe.stop.set()
        thread.join(TIMEOUT_S + 1)
        return SnapshotUnderLoad(
            keys=keys,
            filled_in_s=filled_in_s,
            snapshot_s=snapshot_ended_s - snapshot_began_s,
            snapshot_answer=answer,
            without=_gaps(probe.gaps(began_s, snapshot_began_s)),
            during=_gaps(probe.gaps(snapshot_began_s, snapshot_ended_s)),
            terms_before=terms_before,
            terms_after=cluster.terms,
            leader_memory_bytes=leader.program.memory_bytes(),
            leader_disk_bytes=leader.disk_bytes,
            violations=tuple(_violations(cluster, probe, terms_before)),
        )


def fill(leader: Node, keys: int) -> float:
    """Write so many keys in pipelines; the result is the time that it took."""
    per_pipeline = PAIRS_PER_COMMAND * COMMANDS_PER_PIPELINE
    began_s = time.monotonic()
    with leader.client() as client:
        for first in range(0, keys, per_pipeline):
            _fill_one(client, first, min(first + per_pipeline, keys))
        count = client.call("DBSIZE")
    if count != keys:
        raise Failure(f"wrote {keys} keys, and the leader counts {count}")
    return time.monotonic() - began_s


def _fill_one(client: Client, first: int, end: int) -> None:
    starts = range(first, end, PAIRS_PER_COMMAND)
    commands = [_mset(start, min(start + PAIRS_PER_COMMAND, end)) for start in starts]
    try:
        client.call_many(commands)
    except (Refused, Unknown) as error:
        raise Failure(f"while filling, at key {first}: {error}") from error


def _mset(first: int, end: int) -> list[str]:
    return ["MSET", *(word for number in range(first, end) for word in (f"key:{number}", VALUE))]


def take_snapshot(leader: Node) -> str:
    """Ask for a snapshot; the result is what the node answered at last."""
    with Client(leader.port, timeout_s=SNAPSHOT_WITHIN_S) as client:
        try:
            return str(client.call("SNAPSHOT"))
        except (Refused, Unknown) as error:
            return f"{type(error).__name__}: {error}"


def _gaps(gaps: Sequence[float]) -> Gaps:
    return Gaps(writes=len(gaps), median_s=middle(gaps), longest_s=max(gaps, default=0.0))


def _violations(cluster: Cluster, probe: Probe, terms_before: dict[str, int]) -> list[str]:
    sentences = [f"a write was not acknowledged: {error}" for error in probe.errors]
    if cluster.terms != terms_before:
        sentences.append(f"there was an election: {terms_before} became {cluster.terms}")
    return sentences


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    flags.add_argument(
        "--keys", type=int, default=1_000_000, metavar="N", help="default: a million"
    )
    arguments = flags.parse_args()
    return run(
        lambda: measure(arguments.directory, keys=arguments.keys),
        as_json=arguments.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
