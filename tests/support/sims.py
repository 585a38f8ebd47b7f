"""Small simulated clusters for tests, with little weather and no plan of faults."""

from collections.abc import Callable

import attrs

from leto.raft import Config
from leto_sim.clock import MS
from leto_sim.habits import Habits
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.datagrams import Weather
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.process import Process
from leto_sim.node_level.scenario import Scenario

QUICK = Config(
    election_timeout_min_us=100 * MS,
    election_timeout_max_us=200 * MS,
    heartbeat_interval_us=20 * MS,
)
QUIET = Scenario(
    seed=1,
    config=QUICK,
    weather=Weather(delay_least_us=MS, delay_tail_us=0),
    disk=DiskSpeed(sync_least_us=MS, sync_tail_us=0),
    habits=Habits(thinking_us=10 * MS, patience_us=500 * MS),
)
PATIENCE_US = 5_000 * MS


def cluster_of(nodes: int, *, tells_deaths: bool = False) -> Cluster:
    """A cluster that nothing happens to yet."""
    return Cluster(attrs.evolve(QUIET, nodes=nodes, tells_deaths=tells_deaths))


def pass_time(cluster: Cluster, for_us: int) -> None:
    """Lets so much time pass."""
    scheduler = cluster.scheduler
    until = scheduler.now + for_us
    while scheduler.next_time is not None and scheduler.next_time < until:
        scheduler.step()


def wait(cluster: Cluster, until: Callable[[], object]) -> None:
    """Lets time pass until then; it must not take long."""
    give_up_at = cluster.scheduler.now + PATIENCE_US
    while not until():
        assert cluster.scheduler.now < give_up_at, "it does not come to that"
        cluster.scheduler.step()


def elect(cluster: Cluster) -> Process:
    """Waits for a leader that has committed an entry of its term."""
    wait(cluster, lambda: cluster.leader is not None and cluster.leader.status.is_ready)
    assert cluster.leader is not None
    return cluster.leader
