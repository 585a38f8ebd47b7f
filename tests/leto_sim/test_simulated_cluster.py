"""A cluster that a test drives by hand, in virtual time."""

import attrs
import pytest

from leto_sim.by_hand import MaybeApplied, NotApplied
from leto_sim.clock import MS
from leto_sim.faults import Crash
from leto_sim.invariants import Invariant
from leto_sim.node_level.scenario import Scenario
from leto_sim.result import SimulationFailed
from leto_sim.simulated_cluster import DidNotHappen, SimulatedCluster
from tests.support.machines import Adder
from tests.support.sims import QUIET


def total(adder: Adder) -> int:
    return adder.total


def followers(cluster: SimulatedCluster) -> list[str]:
    leader = cluster.wait_for_leader().name
    return [node.name for node in cluster.nodes if node.name != leader]


def test_commands_are_applied_and_queries_see_them_on_any_node() -> None:
    cluster = SimulatedCluster(Adder)

    assert [b"1", b"3"] == [cluster.propose(b"1"), cluster.propose(b"2")]
    assert 3 == cluster.query(Adder, total)
    assert [3, 3, 3] == [cluster.query(Adder, total, at=node.name) for node in cluster.nodes]


def test_what_was_acknowledged_survives_the_leader() -> None:
    cluster = SimulatedCluster(Adder, nodes=5)
    cluster.propose(b"7")
    first = cluster.wait_for_leader().name

    cluster.crash(first)

    assert b"8" == cluster.propose(b"1")
    assert first != cluster.wait_for_leader().name
    cluster.start(first)
    cluster.settle()
    assert 8 == cluster.node(first).machine_as(Adder).total


def test_time_is_virtual() -> None:
    cluster = SimulatedCluster(Adder)

    cluster.run_for(3_600_000 * MS // 100)

    assert 36_000 * MS == cluster.now_us


def test_a_follower_says_who_leads() -> None:
    cluster = SimulatedCluster(Adder)
    follower = followers(cluster)[0]
    cluster.run_for(200 * MS)

    with pytest.raises(NotApplied) as refused:
        cluster.propose(b"1", to=follower)

    assert cluster.wait_for_leader().name == refused.value.leader


def test_who_is_down_or_alone_applies_nothing() -> None:
    cluster = SimulatedCluster(Adder)
    with pytest.raises(NotApplied, match="nobody leads"):
        cluster.submit(b"1")
    one, other = followers(cluster)
    cluster.crash(one)

    with pytest.raises(NotApplied, match=f"{one} does not run"):
        cluster.propose(b"1", to=one)
    cluster.isolate(other)
    with pytest.raises(NotApplied, match=r"no answer within 0\.3 s"):
        cluster.query(Adder, total, at=other, within_us=300 * MS)


def test_without_a_quorum_nobody_knows() -> None:
    cluster = SimulatedCluster(Adder)
    leader = cluster.wait_for_leader().name
    cluster.isolate(leader)

    pending = cluster.submit(b"1", to=leader)
    with pytest.raises(MaybeApplied, match=r"no answer within 0\.05 s"):
        cluster.propose(b"2", to=leader, within_us=50 * MS)

    assert None is pending.error
    cluster.crash(leader)
    assert isinstance(pending.error, MaybeApplied)


def test_a_read_that_nobody_may_answer_is_refused() -> None:
    cluster = SimulatedCluster(Adder)
    leader = cluster.wait_for_leader().name
    cluster.isolate(leader)

    with pytest.raises(NotApplied):
        cluster.query(Adder, total, at=leader, within_us=60_000 * MS)


def test_what_does_not_happen_in_time_is_an_error() -> None:
    cluster = SimulatedCluster(Adder)

    with pytest.raises(DidNotHappen, match="a miracle has not happened within 1 s"):
        cluster.run_until(lambda: False, within_us=1_000 * MS, what="a miracle")


def test_faults_of_leto_strike_on_demand() -> None:
    cluster = SimulatedCluster(Adder)
    cluster.wait_for_leader()

    cluster.strike(Crash(0, 500 * MS))

    assert 2 == len(cluster.running)
    cluster.run_for(600 * MS)
    assert 3 == len(cluster.running)


def test_a_scenario_brings_its_own_settings() -> None:
    cluster = SimulatedCluster(Adder, scenario=attrs.evolve(QUIET, nodes=5, seed=9))

    assert 5 == len(cluster.nodes)
    assert isinstance(cluster.scenario, Scenario)
    assert (9, 0) == (cluster.result.seed, cluster.scenario.habits.clients)


def test_what_a_call_makes_visible_it_raises() -> None:
    class Differs(Adder):
        made = 0

        def __init__(self) -> None:
            super().__init__()
            Differs.made += 1
            self.number = Differs.made

        def apply(self, command: bytes) -> bytes:
            return super().apply(command) + b" by %d" % self.number

    cluster = SimulatedCluster(Differs)

    cluster.propose(b"1")
    with pytest.raises(SimulationFailed, match="the state machine is deterministic") as failed:
        cluster.settle()

    assert failed.value.result.last_events


def test_contents_that_differ_in_the_end_are_a_failure() -> None:
    cluster = SimulatedCluster(Adder, compares_every_content=False)
    cluster.propose(b"1")
    cluster.settle()
    cluster.node("id1").machine_as(Adder).total = 77

    with pytest.raises(SimulationFailed, match="there are 2 contents"):
        cluster.settle()


def test_invariants_are_checked_all_the_while() -> None:
    small = Invariant("small totals", lambda cluster: cluster.commits < 3)
    cluster = SimulatedCluster(Adder, invariants=[small])

    cluster.propose(b"1")
    with pytest.raises(SimulationFailed, match="small totals"):
        cluster.propose(b"1")
