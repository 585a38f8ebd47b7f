"""A cluster that a test drives by hand, in virtual time, at either level."""

import attrs
import pytest

from leto.resp import ErrorReply, Simple
from leto_sim.by_hand import MaybeApplied, NotApplied
from leto_sim.clock import MS
from leto_sim.faults import Crash
from leto_sim.invariants import Invariant
from leto_sim.levels import LEVELS, UnknownLevel, level_named
from leto_sim.node_level.faults import CrashWhileWriting
from leto_sim.node_level.scenario import Scenario
from leto_sim.result import SimulationFailed
from leto_sim.server_level.faults import StopServer
from leto_sim.simulated_cluster import DidNotHappen, SimulatedCluster
from tests.support.machines import Adder
from tests.support.sims import QUIET


def total(adder: Adder) -> int:
    return adder.total


def followers(cluster: SimulatedCluster) -> list[str]:
    leader = cluster.wait_for_leader().name
    return [node.name for node in cluster.nodes if node.name != leader]


@pytest.mark.parametrize("level", LEVELS)
def test_commands_are_applied_and_queries_see_them_on_any_node(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)

    assert [b"1", b"3"] == [cluster.propose(b"1"), cluster.propose(b"2")]
    assert 3 == cluster.query(Adder, total)
    assert [3, 3, 3] == [cluster.query(Adder, total, at=node.name) for node in cluster.nodes]


@pytest.mark.parametrize("level", LEVELS)
def test_what_was_acknowledged_survives_the_leader(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level, nodes=5)
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


@pytest.mark.parametrize("level", LEVELS)
def test_a_follower_says_who_leads(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)
    follower = followers(cluster)[0]
    cluster.run_for(200 * MS)

    with pytest.raises(NotApplied) as refused:
        cluster.propose(b"1", to=follower)

    assert cluster.wait_for_leader().name == refused.value.leader


@pytest.mark.parametrize("level", LEVELS)
def test_who_is_down_or_alone_applies_nothing(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)
    one, other = followers(cluster)
    cluster.crash(one)

    with pytest.raises(NotApplied, match=f"{one} does not run"):
        cluster.propose(b"1", to=one)
    cluster.isolate(other)
    with pytest.raises(NotApplied, match=r"no answer within 0\.3 s"):
        cluster.query(Adder, total, at=other, within_us=300 * MS)


def test_cores_lead_nobody_before_time_passes() -> None:
    cluster = SimulatedCluster(Adder)

    with pytest.raises(NotApplied, match="nobody leads"):
        cluster.submit(b"1")


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_quorum_nobody_knows(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)
    leader = cluster.wait_for_leader().name
    cluster.isolate(leader)

    pending = cluster.submit(b"1", to=leader)
    with pytest.raises(MaybeApplied, match=r"no answer within 0\.05 s"):
        cluster.propose(b"2", to=leader, within_us=50 * MS)

    assert None is pending.error
    cluster.crash(leader)
    assert isinstance(pending.error, MaybeApplied)


@pytest.mark.parametrize("level", LEVELS)
def test_a_read_that_nobody_may_answer_is_refused(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)
    leader = cluster.wait_for_leader().name
    cluster.isolate(leader)

    with pytest.raises(NotApplied):
        cluster.query(Adder, total, at=leader, within_us=60_000 * MS)


@pytest.mark.parametrize("level", LEVELS)
def test_what_does_not_happen_in_time_is_an_error(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)

    with pytest.raises(DidNotHappen, match="a miracle has not happened within 1 s"):
        cluster.run_until(lambda: False, within_us=1_000 * MS, what="a miracle")


@pytest.mark.parametrize("level", LEVELS)
def test_faults_of_leto_strike_on_demand(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level)
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


@pytest.mark.parametrize("level", LEVELS)
def test_what_a_call_makes_visible_it_raises(level: str) -> None:
    class Differs(Adder):
        made = 0

        def __init__(self) -> None:
            super().__init__()
            Differs.made += 1
            self.number = Differs.made

        def apply(self, command: bytes) -> bytes:
            return super().apply(command) + b" by %d" % self.number

    cluster = SimulatedCluster(Differs, level=level)

    cluster.propose(b"1")
    with pytest.raises(SimulationFailed, match="the state machine is deterministic") as failed:
        cluster.settle()

    assert failed.value.result.last_events


@pytest.mark.parametrize("level", LEVELS)
def test_contents_that_differ_in_the_end_are_a_failure(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level, compares_every_content=False)
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


def test_keys_and_values_are_asked_in_the_redis_protocol() -> None:
    cluster = SimulatedCluster(level="server")

    assert Simple("OK") == cluster.command("SET", "key", 1)
    assert 1 == cluster.command(b"DEL", "key")
    assert ErrorReply("ERR no such member 'nobody'") == cluster.command("LEAVE", "nobody")
    cluster.settle()


def test_values_that_look_like_the_simulators_own_are_nobodys_promise() -> None:
    cluster = SimulatedCluster(level="server")

    cluster.command("SET", "o1", "<c1.1>")
    cluster.command("SET", "o1", "<c1.1>")

    assert b"<c1.1>" == cluster.command("GET", "o1")
    assert 1 == cluster.command("SESSION", "REGISTER")


def test_one_server_is_asked_by_its_name() -> None:
    cluster = SimulatedCluster(Adder, level="server")
    follower = followers(cluster)[0]

    refused = cluster.command("LEAVE", "nobody", to=follower)
    cluster.crash(follower)

    assert isinstance(refused, ErrorReply)
    with pytest.raises(NotApplied, match=f"{follower} does not run"):
        cluster.command("PING", to=follower)


def test_a_command_without_a_reply_in_time_is_hung_up() -> None:
    cluster = SimulatedCluster(level="server")
    for name in followers(cluster):
        cluster.crash(name)

    with pytest.raises(MaybeApplied, match=r"no answer within 0\.01 s"):
        cluster.command("SET", "key", "lost", within_us=10 * MS)

    cluster.heal()
    assert None is cluster.command("GET", "key")


def test_who_asks_the_wrong_way_is_told_the_right_one() -> None:
    cores, keys = SimulatedCluster(Adder), SimulatedCluster(level="server")

    with pytest.raises(ValueError, match='level="server"'):
        cores.command("PING")
    with pytest.raises(ValueError, match=r"command\(...\)"):
        keys.propose(b"1")
    with pytest.raises(TypeError, match='not a fault of level="node": StopServer'):
        cores.strike(StopServer(0, 1))
    with pytest.raises(TypeError, match='not a fault of level="server": CrashWhileWriting'):
        keys.strike(CrashWhileWriting(0, 1))
    with pytest.raises(UnknownLevel, match="no such level 'moon'; there are \"node\" and"):
        SimulatedCluster(Adder, level="moon")


def test_a_scenario_of_servers_brings_its_level_and_its_faults() -> None:
    scenario = level_named("server").draw(5, nodes=3, events_max=100)

    cluster = SimulatedCluster(Adder, scenario=scenario)

    assert "server" == cluster.result.level
    assert b"1" == cluster.propose(b"1", within_us=60_000 * MS)


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_recorded_is_a_page(level: str) -> None:
    cluster = SimulatedCluster(Adder, level=level, recorded=True)
    cluster.propose(b"1")

    page = cluster.page()

    assert page is not None
    assert "<!doctype html>" in page[:40].lower()
