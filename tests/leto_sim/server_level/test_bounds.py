"""A server that keeps what it needs no more is noticed, at work and at rest."""

from typing import cast

import pytest

from leto.server import Limits
from leto_sim.clock import SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.bounds import check_at_work, rest_of
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.scenario import ServerScenario


@pytest.fixture
def cluster() -> ServerCluster:
    """One server, which leads."""
    cluster = ServerCluster(ServerScenario(seed=1, nodes=1))
    while cluster.scheduler.now < 2 * SECOND:
        cluster.scheduler.step()
    return cluster


def leak(machine: Machine, count: int) -> None:
    assert machine.life is not None
    callers = cast(
        "dict[int, int]",
        machine.life.server._switchboard._callers,  # pyright: ignore[reportPrivateUsage]
    )
    callers.update((-number, number) for number in range(count))


def test_a_server_at_work_holds_less_than_anybody_could_ask_for(cluster: ServerCluster) -> None:
    machine = cluster.machines[0]
    check_at_work(machine, Limits())
    leak(machine, 1_001)

    with pytest.raises(PropertyViolated, match=r"id1 holds 1001 in server\._switchboard\._callers"):
        check_at_work(machine, Limits())


def test_a_server_at_rest_holds_no_dial(cluster: ServerCluster) -> None:
    rest = rest_of(cluster)
    leak(cluster.machines[0], 1)
    rest.look()

    with pytest.raises(PropertyViolated, match=r"_callers while nothing is to be done"):
        rest.complain()


def test_a_server_that_has_nothing_to_do_is_at_rest(cluster: ServerCluster) -> None:
    rest = rest_of(cluster)
    rest.look()

    assert rest.is_reached


def test_who_is_down_holds_nothing(cluster: ServerCluster) -> None:
    machine = cluster.machines[0]
    cluster.kill(machine)
    rest = rest_of(cluster)
    check_at_work(machine, Limits())
    rest.look()

    assert rest.is_reached
