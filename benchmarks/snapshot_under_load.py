"""A snapshot of a million keys while a client writes: how long does it ever wait?

One client writes one SET at a time to the leader, first for a while as it is, then
while the leader takes a snapshot. Shown are the longest gap between two
acknowledged writes in both times, how long the snapshot took, and whether the
term has changed, which would be an election.
"""

import contextlib
import itertools
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.client import TIMEOUT_S, Client, Refused, Unknown, number
from benchmarks.cluster import Node, scratch_directory, three_nodes
from benchmarks.processes import Failure, wait_until
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
            f"SNAPSHOT took {seconds(self.snapshot_s)}",
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
        without, during, snapshot_s = _probe_through_a_snapshot(leader, probe)
        terms_after = cluster.terms
        sentences = [f"a write was not acknowledged: {error}" for error in probe.errors]
        if terms_after != terms_before:
            sentences.append(f"there was an election: {terms_before} became {terms_after}")
        return SnapshotUnderLoad(
            keys=keys,
            filled_in_s=filled_in_s,
            snapshot_s=snapshot_s,
            without=without,
            during=during,
            terms_before=terms_before,
            terms_after=terms_after,
            leader_memory_bytes=leader.program.memory_bytes(),
            leader_disk_bytes=leader.disk_bytes,
            violations=tuple(sentences),
        )


def _probe_through_a_snapshot(leader: Node, probe: Probe) -> tuple[Gaps, Gaps, float]:
    thread = threading.Thread(target=probe.work, daemon=True)
    with leader.client() as client:
        wait_until_idle(client)  # it takes snapshots of its own while it is being filled
    thread.start()
    began_s = time.monotonic()
    time.sleep(BASELINE_S)
    snapshot_began_s = time.monotonic()
    snapshot_s = take_snapshot(leader)
    snapshot_ended_s = time.monotonic()
    time.sleep(AFTERWARDS_S)
    probe.stop.set()
    thread.join(TIMEOUT_S + 1)
    without = _gaps(probe.gaps(began_s, snapshot_began_s))
    during = _gaps(probe.gaps(snapshot_began_s, snapshot_ended_s))
    return without, during, snapshot_s


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


def take_snapshot(leader: Node) -> float:
    """Ask for a snapshot and wait until it is there; the result is the time that it took.

    Raises:
        Failure: there is no new one.
        Refused: the node will not take one.
    """
    began_s = time.monotonic()
    with leader.client() as client:
        index_before = _snapshot_index(client)
        # After 4 s the node says that it is still at it: it keeps nobody waiting longer.
        with contextlib.suppress(Unknown):
            client.call("SNAPSHOT")
        wait_until_idle(client)
        ended_s = time.monotonic()
        if _snapshot_index(client) <= index_before:
            raise Failure("SNAPSHOT left no newer snapshot than there was")
    return ended_s - began_s


def wait_until_idle(client: Client) -> None:
    """Wait while a snapshot is being written, one that was asked for or one of the node's own."""
    wait_until(
        "the end of a snapshot",
        lambda: client.information("persistence").get("rdb_bgsave_in_progress") == 0,
        within_s=SNAPSHOT_WITHIN_S,
    )


def _snapshot_index(client: Client) -> int:
    return number(client.information("persistence").get("snapshot_last_index"))


def _gaps(gaps: Sequence[float]) -> Gaps:
    return Gaps(writes=len(gaps), median_s=middle(gaps), longest_s=max(gaps, default=0.0))


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
