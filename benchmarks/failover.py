"""Ten writers, and ten times `kill -9` of the leader: is anything lost that was acknowledged?

Each writer notes what it was told about every attempt: acknowledged, certainly
refused, or unknown. Afterwards every node is asked for every key, then all three
are killed and restarted and asked again; `ledger` judges. Also shown: the time
from each kill to the first acknowledged write that was begun after it.
"""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.client import Client, NotSent, Refused, Unknown, elements, number
from benchmarks.cluster import Cluster, Node, scratch_directory, three_nodes
from benchmarks.ledger import Fate, Found, Ledger, merged, value_of, violations
from benchmarks.processes import Failure
from benchmarks.report import middle, parser, run, seconds, table

WITHIN_S = 1200
FAILOVER_WITHIN_S = 30.0
PAUSE_AFTER_REFUSAL_S = 0.01
CALM_S = 1.0  # of writing before each kill
DOWN_S = 1.0  # before the killed node is started again
KEYS_PER_READ = 500
JOIN_WITHIN_S = 30.0


@attrs.define
class Stopwatch:
    """The first acknowledged write that was begun after a moment; the writers' threads report."""

    after_s: float = float("inf")
    first_s: float = 0.0  # when its answer came
    seen: threading.Event = attrs.Factory(threading.Event)

    def acknowledged(self, began_s: float) -> None:
        """A write was acknowledged just now."""
        if began_s > self.after_s and not self.seen.is_set():
            self.first_s = time.monotonic()
            self.seen.set()


@attrs.define(kw_only=True)
class Crowd:
    """What the writers share; `_kill_leader` replaces the stopwatch."""

    nodes: Sequence[Node]
    stop: threading.Event = attrs.Factory(threading.Event)
    stopwatch: Stopwatch = attrs.Factory(Stopwatch)


@attrs.define(kw_only=True)
class Writer:
    """A client that writes one key after the other to whoever leads; only its thread writes here."""

    name: str
    crowd: Crowd
    ledger: Ledger = attrs.Factory(Ledger)
    attempts: int = 0
    target: int = 0  # which of the nodes it asks
    refusals: dict[str, int] = attrs.Factory(dict[str, int])  # by the error's text

    def work(self) -> None:
        """Write until told to stop."""
        while not self.crowd.stop.is_set():
            try:
                with self.crowd.nodes[self.target].client() as client:
                    self._write_while_acknowledged(client)
            except NotSent:
                pass
            self.target = (self.target + 1) % len(self.crowd.nodes)
            time.sleep(PAUSE_AFTER_REFUSAL_S)

    def _write_while_acknowledged(self, client: Client) -> None:
        """Write on this connection until it is of no more use, or its node does not lead."""
        while not self.crowd.stop.is_set() and self._write_one(client) is Fate.ACKNOWLEDGED:
            pass

    def _write_one(self, client: Client) -> Fate:
        key = f"{self.name}:{self.attempts}"
        self.attempts += 1
        # If this thread dies before there is an answer, nobody knows.
        self.ledger.fates[key] = Fate.UNKNOWN
        began_s = time.monotonic()
        self.ledger.fates[key] = fate = self._send(client, key)
        if fate is Fate.ACKNOWLEDGED:
            self.crowd.stopwatch.acknowledged(began_s)
        return fate

    def _send(self, client: Client, key: str) -> Fate:
        try:
            client.call("SET", key, value_of(key))
        except Refused as refusal:
            self.refusals[str(refusal)] = self.refusals.get(str(refusal), 0) + 1
            return Fate.REFUSED
        except Unknown:
            return Fate.UNKNOWN
        return Fate.ACKNOWLEDGED


@attrs.frozen(kw_only=True)
class Failover:
    """What the writers were told, how long they waited, and what the nodes held afterwards."""

    writers: int
    acknowledged: int
    refused: int
    unknown: int
    refusals: dict[str, int]  # by the error's text
    from_kill_to_write_s: tuple[float, ...]
    keys_found: dict[str, int]  # by node, and again after all three were killed
    violations: tuple[str, ...]

    def lines(self) -> Sequence[str]:
        """Counts, then times, then what was found."""
        times = self.from_kill_to_write_s
        return [
            f"{self.writers} writers, {len(times)} times kill -9 of the leader",
            *table(
                ("the writers were told", "keys"),
                [
                    ("acknowledged", f"{self.acknowledged:,}"),
                    ("certainly refused", f"{self.refused:,}"),
                    *((f"  {text}", f"{count:,}") for text, count in self.refusals.items()),
                    ("unknown", f"{self.unknown:,}"),
                ],
            ),
            *table(
                ("the nodes hold", "keys"),
                [(node, f"{keys:,}") for node, keys in self.keys_found.items()],
            ),
            "from kill to the first acknowledged write:",
            f"median {seconds(middle(times))}, most {seconds(max(times, default=0.0))}",
        ]


def measure(parent: Path | None, *, kills: int, writers: int) -> Failover:
    """Write, kill, and judge."""
    with scratch_directory(parent) as scratch, three_nodes(scratch) as cluster:
        crowd = Crowd(nodes=cluster.nodes)
        team = [Writer(name=f"writer{place}", crowd=crowd) for place in range(writers)]
        times_s = _write_through_kills(cluster, team, crowd, kills)
        ledger = merged(writer.ledger for writer in team)
        founds = [read_all(node, ledger) for node in cluster.nodes]
        cluster.kill()
        cluster.start()
        founds += [
            attrs.evolve(read_all(node, ledger), node=f"{node.name}, restarted")
            for node in cluster.nodes
        ]
    return Failover(
        writers=writers,
        acknowledged=ledger.count(Fate.ACKNOWLEDGED),
        refused=ledger.count(Fate.REFUSED),
        unknown=ledger.count(Fate.UNKNOWN),
        refusals=_summed(team),
        from_kill_to_write_s=tuple(times_s),
        keys_found={found.node: found.keys for found in founds},
        violations=tuple(violations(ledger, founds)),
    )


def _write_through_kills(
    cluster: Cluster, team: Sequence[Writer], crowd: Crowd, kills: int
) -> list[float]:
    threads = [threading.Thread(target=writer.work, daemon=True) for writer in team]
    for thread in threads:
        thread.start()
    try:
        return [_kill_leader(cluster, crowd) for _ in range(kills)]
    finally:
        crowd.stop.set()
        for thread in threads:
            thread.join(JOIN_WITHIN_S)


def _kill_leader(cluster: Cluster, crowd: Crowd) -> float:
    """Kill, wait for a write, restart, wait until all serve; the result is the time without."""
    time.sleep(CALM_S)
    victim = cluster.leader
    killed_s = time.monotonic()
    victim.program.kill()
    crowd.stopwatch = stopwatch = Stopwatch(after_s=time.monotonic())
    if not stopwatch.seen.wait(FAILOVER_WITHIN_S):
        raise Failure(f"no acknowledged write in {FAILOVER_WITHIN_S} s after {victim.name} died")
    time.sleep(DOWN_S)
    victim.program.start()
    cluster.wait_ready()
    return stopwatch.first_s - killed_s


def read_all(node: Node, ledger: Ledger) -> Found:
    """Everything that anybody tried to write, as this node has it."""
    keys = list(ledger.fates)
    values: dict[str, str] = {}
    with node.client() as client:
        for start in range(0, len(keys), KEYS_PER_READ):
            chunk = keys[start : start + KEYS_PER_READ]
            read = elements(client.call("MGET", *chunk))
            values |= {
                key: value for key, value in zip(chunk, read, strict=True) if isinstance(value, str)
            }
        count = number(client.call("DBSIZE"))
    return Found(node=node.name, values=values, keys=count)


def _summed(team: Sequence[Writer]) -> dict[str, int]:
    texts = sorted({text for writer in team for text in writer.refusals})
    return {text: sum(writer.refusals.get(text, 0) for writer in team) for text in texts}


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    flags.add_argument("--kills", type=int, default=10, metavar="N", help="default: 10")
    flags.add_argument("--writers", type=int, default=10, metavar="N", help="default: 10")
    arguments = flags.parse_args()
    return run(
        lambda: measure(arguments.directory, kills=arguments.kills, writers=arguments.writers),
        as_json=arguments.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
