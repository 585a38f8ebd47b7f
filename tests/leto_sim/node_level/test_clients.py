"""Clients do their work through whatever nodes there are, and remember what they saw."""

import attrs
import pytest

from leto_sim.clock import MS
from leto_sim.habits import Habits
from leto_sim.node_level.clients import Client
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.scenario import Scenario
from leto_sim.workloads import Propose, Query, RegisterWorkload, Seen
from tests.support.sims import QUIET, elect, pass_time, wait

BUSY = attrs.evolve(QUIET.habits, reads=0.5)


class Shop:
    """Three nodes, and one client of them."""

    def __init__(self, habits: Habits, scenario: Scenario = QUIET) -> None:
        self.cluster = Cluster(attrs.evolve(scenario, habits=habits))
        self.history: list[Seen] = []
        self.client = Client(self.cluster, 0, self.history)

    def work(self, for_us: int = 2_000 * MS) -> None:
        pass_time(self.cluster, for_us)


def test_a_client_writes_and_reads_what_it_wrote() -> None:
    shop = Shop(attrs.evolve(BUSY, keys=1))

    shop.work()

    written = [seen.number for seen in shop.history if isinstance(seen.request, Propose)]
    read = [seen.result for seen in shop.history if isinstance(seen.request, Query)]
    assert len(written) > 5
    assert set(read) & set(written)
    RegisterWorkload().judge(shop.history)


def test_no_value_is_written_twice() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=0, burst_max=4))

    shop.work()

    written = [seen.number for seen in shop.history if isinstance(seen.request, Propose)]
    assert len(written) == len(set(written)) > 20


def test_a_burst_is_several_operations_at_once() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=0, burst_max=4))

    shop.work()

    invocations = [operation.invoked for operation in shop.history]
    assert len(set(invocations)) < len(invocations)


def test_reads_may_lean_on_leases() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=1, lease_reads=1))

    shop.work()

    assert len(shop.history) > 5


def test_a_client_goes_elsewhere_when_the_leader_dies() -> None:
    shop = Shop(BUSY)
    host = shop.cluster.host_of(elect(shop.cluster).node_id)
    assert host is not None
    shop.cluster.crash(host)
    before = len(shop.history)

    shop.work()

    assert len(shop.history) > before + 5


def test_what_becomes_of_a_write_may_remain_unknown() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=0, thinking_us=5 * MS))
    for _ in range(10):
        host = shop.cluster.host_of(elect(shop.cluster).node_id)
        assert host is not None
        shop.work(20 * MS)
        shop.cluster.crash(host)
        shop.cluster.start(host)

    assert any(operation.returned is None for operation in shop.history)
    RegisterWorkload().judge(shop.history)


def test_patience_ends_when_nobody_answers() -> None:
    shop = Shop(BUSY)
    for host in shop.cluster.hosts:
        shop.cluster.crash(host)

    shop.work(3 * QUIET.habits.patience_us)

    assert shop.history
    assert all(operation.returned is None for operation in shop.history)


def test_an_answer_after_the_end_of_patience_is_not_heard() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=0, patience_us=50 * MS))
    leader = elect(shop.cluster)
    wait(shop.cluster, lambda: len(shop.history) > 3)
    for process in shop.cluster.alive:
        process.pause()
    shop.work(200 * MS)

    for process in shop.cluster.alive:
        process.resume()
    shop.work()

    assert leader.machine.snapshot()
    RegisterWorkload().judge(shop.history)


def test_a_stopped_client_finishes_what_it_began() -> None:
    shop = Shop(BUSY)
    elect(shop.cluster)
    shop.client.is_stopped = True
    wait(shop.cluster, lambda: shop.client.is_idle)
    operations = len(shop.history)

    shop.work()

    assert operations == len(shop.history)


def test_the_last_look_reads_every_register() -> None:
    shop = Shop(attrs.evolve(BUSY, keys=7))
    elect(shop.cluster)
    shop.client.is_stopped = True
    wait(shop.cluster, lambda: shop.client.is_idle)
    before = len(shop.history)

    shop.client.take_last_look()
    wait(shop.cluster, lambda: shop.client.is_idle)

    keys = [operation.request.key for operation in shop.history[before:]]
    assert [0, 1, 2, 3, 4, 5, 6] == sorted(keys, key=str)


@pytest.mark.parametrize("number", [0, 1])
def test_each_client_has_its_own_mind(number: int) -> None:
    cluster = Cluster(attrs.evolve(QUIET, habits=Habits(thinking_us=10 * MS)))
    histories: list[list[Seen]] = [[], []]
    for client in range(2):
        Client(cluster, client, histories[client])

    pass_time(cluster, 2_000 * MS)

    assert len(histories[number]) > 5
    assert histories[0] != histories[1]


@pytest.mark.parametrize(
    "habits,breaks_clock_bound",
    [
        (attrs.evolve(BUSY, reads=1.0, stale_reads=1.0), False),
        (attrs.evolve(BUSY, reads=1.0, lease_reads=1.0), True),
    ],
)
def test_what_may_be_old_proves_nothing(
    habits: Habits,
    breaks_clock_bound: bool,  # noqa: FBT001
) -> None:
    scenario = attrs.evolve(QUIET, lease_us=100 * MS, breaks_clock_bound=breaks_clock_bound)
    shop = Shop(habits, scenario)

    shop.work()

    assert len([seen for seen in shop.history if seen.returned is None]) > 20


def test_in_the_end_a_client_asks_only_the_core() -> None:
    shop = Shop(attrs.evolve(BUSY, reads=1.0))
    leader = elect(shop.cluster)
    (down, *_) = (host for host in shop.cluster.hosts if host.node_id != leader.node_id)
    shop.cluster.core = frozenset({down.node_id})
    shop.cluster.crash(down)

    shop.work()

    assert [None] == list({seen.returned for seen in shop.history})
