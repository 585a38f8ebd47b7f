"""`SET k v PX 100`, one idle second: is the key gone on every node, whatever happened meanwhile?

Three times: with nothing happening; with `kill -9` of the leader right after the
SET; with `kill -9` of all three. "Gone" is asked in every way that a client can
see: a linearizable GET, a local one (READONLY), EXISTS, PTTL and KEYS. A second key
that lives for a minute must still be there, with the time that is left to it: a
node that had lost everything would otherwise pass.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from benchmarks.client import number
from benchmarks.cluster import Cluster, Node, scratch_directory, three_nodes
from benchmarks.processes import wait_until
from benchmarks.report import parser, run, table

WITHIN_S = 300
SHORT_MS = 100
LONG_MS = 60_000
IDLE_S = 1.0


@attrs.frozen(kw_only=True)
class Observation:
    """What one node showed after one event."""

    event: str
    node: str
    gone: bool
    long_lived_ms: int  # what is left to the other key; negative when it is not there


@attrs.frozen(kw_only=True)
class Expiry:
    """All observations."""

    observations: tuple[Observation, ...]
    violations: tuple[str, ...]

    def lines(self) -> Sequence[str]:
        """One row an event and node."""
        rows = [
            (each.event, each.node, "gone" if each.gone else "THERE", f"{each.long_lived_ms} ms")
            for each in self.observations
        ]
        header = ("SET k v PX 100, one idle second", "node", "k", "left to the other key")
        return table(header, rows)


def measure(parent: Path | None) -> Expiry:
    """Let keys expire while different things happen."""
    with scratch_directory(parent) as scratch, three_nodes(scratch) as cluster:
        observations = [
            *_after(cluster, "nothing happened", _nothing),
            *_after(cluster, "leader killed", _kill_leader),
            *_after(cluster, "all killed", _kill_all),
        ]
    return Expiry(observations=tuple(observations), violations=tuple(_violations(observations)))


def _after(
    cluster: Cluster, event: str, happens: Callable[[Cluster], Sequence[Node]]
) -> list[Observation]:
    """Set two keys, let it happen, wait; then look at the nodes that still run, then at all."""
    short, long = f"short, {event}", f"long, {event}"
    with cluster.leader.client() as client:
        client.call("SET", long, "v", "PX", LONG_MS)
        client.call("SET", short, "v", "PX", SHORT_MS)
    set_s = time.monotonic()
    survivors = happens(cluster)
    time.sleep(IDLE_S)
    observations = [_observe(event, node, short, long) for node in survivors]
    for node in cluster.nodes:
        if node not in survivors:
            node.program.start()
            cluster.wait_ready()
            observations.append(_observe(f"{event}, then restarted", node, short, long))
    assert time.monotonic() - set_s < LONG_MS / 1000, "too slow to tell that the other key lives"
    return observations


def _nothing(cluster: Cluster) -> Sequence[Node]:
    return cluster.nodes


def _kill_leader(cluster: Cluster) -> Sequence[Node]:
    leader = cluster.leader
    leader.program.kill()
    survivors = [node for node in cluster.nodes if node is not leader]
    wait_until("the survivors serve", lambda: all(node.serves for node in survivors), within_s=30.0)
    return survivors


def _kill_all(cluster: Cluster) -> Sequence[Node]:
    cluster.kill()
    cluster.start()
    return cluster.nodes


def _observe(event: str, node: Node, short: str, long: str) -> Observation:
    with node.client() as client:
        absent = [
            client.call("GET", short) is None,
            client.call("EXISTS", short) == 0,
            client.call("PTTL", short) == -2,  # noqa: PLR2004 - Redis's "there is no such key"
            client.call("KEYS", short) == [],
        ]
        client.call("READONLY")
        absent.append(client.call("GET", short) is None)
        left = number(client.call("PTTL", long))
    return Observation(event=event, node=node.name, gone=all(absent), long_lived_ms=left)


def _violations(observations: Sequence[Observation]) -> list[str]:
    there = [each for each in observations if not each.gone]
    lost = [each for each in observations if not 0 < each.long_lived_ms <= LONG_MS]
    return [
        *(f"{each.event}: {each.node} still shows a key that is due" for each in there),
        *(f"{each.event}: {each.node} lost a key that is not due" for each in lost),
    ]


def main() -> int:
    """Parse the flags and measure."""
    arguments = parser(__doc__).parse_args()
    return run(lambda: measure(arguments.directory), as_json=arguments.json, within_s=WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
