"""A node that keeps what it needs no more is noticed, at work and at rest."""

from typing import TYPE_CHECKING, cast

import pytest

from leto_sim.node_level.bounds import check_at_work, rest_of
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.process import Process
from leto_sim.node_level.scenario import Scenario
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from collections import deque


@pytest.fixture
def process() -> Process:
    return Cluster(Scenario(seed=1, nodes=3)).alive[0]


def leak(process: Process, count: int) -> None:
    proposals = cast("deque[int]", process.node._state.proposals)  # pyright: ignore[reportPrivateUsage]
    proposals.extend(range(count))


def test_a_node_at_work_holds_less_than_anybody_could_ask_for(process: Process) -> None:
    check_at_work(process)
    leak(process, 1_001)

    with pytest.raises(PropertyViolated, match=r"holds 1001 in node\._state\.proposals"):
        check_at_work(process)


def test_a_node_at_rest_holds_no_request(process: Process) -> None:
    rest = rest_of(lambda: [process])
    leak(process, 1)
    rest.look()

    with pytest.raises(PropertyViolated, match=r"holds 1 in node\._state\.proposals while"):
        rest.complain()


def test_a_node_that_has_nothing_to_do_is_at_rest(process: Process) -> None:
    rest = rest_of(lambda: [process])
    rest.look()

    assert rest.is_reached
