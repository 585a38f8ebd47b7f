"""Servers lose their quorum for good, and an operator goes on without it."""

import pytest

from leto.raft.configuration import Configuration
from leto_sim.clock import MS, SECOND
from leto_sim.faults import LEADER, ForceInVain, LoseQuorum
from leto_sim.result import PropertyViolated, RunResult
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.faults import PlannedServerFault
from leto_sim.server_level.operator import ServerOperator
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.resp_client import Manners
from leto_sim.server_level.run import run_server_scenario
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.sometimes import Situation

GIVEN_UP = Situation.QUORUM_GIVEN_UP.title


class Site:
    """A cluster that has formed, and its operator."""

    def __init__(self, nodes: int = 3) -> None:
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes))
        self.operator = ServerOperator(self.cluster)
        self.run_until_whole()

    def run_until_whole(self) -> None:
        give_up_at = self.cluster.scheduler.now + 60 * SECOND
        while not self.operator.is_idle:
            assert self.cluster.scheduler.now < give_up_at
            self.cluster.scheduler.step()

    def run_for(self, duration_us: int) -> None:
        end = self.cluster.scheduler.now + duration_us
        while self.cluster.scheduler.now < end:
            self.cluster.scheduler.step()

    def lose(self, *victims: Machine, best_first: bool = False) -> None:
        self.operator.lose_quorum(victims, best_first=best_first)
        self.run_for(SECOND)

    @property
    def gone(self) -> list[str]:
        return [machine.name for machine in self.cluster.machines if machine.is_gone]

    @property
    def counts(self) -> list[str]:
        return list(self.cluster.panel.lookout.sometimes.counts)


def test_so_many_are_lost_that_nothing_can_be_done() -> None:
    site = Site(nodes=5)

    site.lose(*site.cluster.machines)

    assert ["id1", "id2", "id3"] == site.gone
    assert not site.operator.is_idle
    assert not site.operator.changes_nothing


def test_the_survivors_go_on_and_everybody_comes_back_as_another_node() -> None:
    site = Site()
    before = [machine.node_id for machine in site.cluster.machines]

    site.lose(*site.cluster.machines)
    site.run_until_whole()

    after = [machine.node_id for machine in site.cluster.machines]
    assert [False, False, True] == [a == b for a, b in zip(before, after, strict=True)]
    assert GIVEN_UP in site.counts


def test_nobody_is_lost_where_nobody_would_be_left() -> None:
    site = Site(nodes=1)

    site.lose(*site.cluster.machines)

    assert [] == site.gone


def test_nothing_more_is_lost_once_the_storm_is_over() -> None:
    site = Site()

    site.operator.lose_quorum(site.cluster.machines, best_first=False)
    site.operator.recovery.calm_down()
    site.run_for(SECOND)

    assert [] == site.gone


def test_who_holds_most_is_lost_first_but_not_before_somebody_lacks_something() -> None:
    site = Site()

    site.lose(best_first=True)
    assert site.operator.is_idle
    site.operator.lose_quorum(site.cluster.machines, best_first=True)
    site.run_for(SECOND)
    before = site.gone
    site.run_for(60 * SECOND)

    assert [] == before
    assert GIVEN_UP in site.counts


def test_who_hears_of_a_leader_refuses() -> None:
    site = Site()

    for machine in site.cluster.machines:
        site.operator.recover_in_vain(machine)
    site.run_for(SECOND)

    assert Situation.FORCING_REFUSED.title in site.counts
    assert GIVEN_UP not in site.counts
    assert [] == site.gone


def test_what_nobody_ordered_is_a_violation() -> None:
    site = Site()
    leader = site.cluster.leader
    assert leader is not None
    members = leader.status.configuration.members
    forced = Configuration(members[:1], is_forced=True)

    with pytest.raises(PropertyViolated, match="what is forced is what an operator ordered"):
        site.operator.recovery.check_order(forced)


def run(seed: int, nodes: int, *, best_first: bool) -> RunResult:
    fault = LoseQuorum((LEADER, *range(nodes)), best_first=best_first)
    plan = (PlannedServerFault(SECOND, fault), PlannedServerFault(6 * SECOND, ForceInVain(0)))
    return run_server_scenario(
        ServerScenario(
            seed=seed,
            nodes=nodes,
            events_max=6_000,
            workload=Workload(clients=2, counters=1, ordered=0.1, twins=0.1),
            manners=Manners(think_us=100 * MS),
            plan=plan,
        )
    )


@pytest.mark.parametrize("nodes", [2, 3, 4])
def test_clients_lose_no_more_than_the_survivors_lacked(nodes: int) -> None:
    result = run(nodes, nodes, best_first=False)

    assert result.violation is None
    assert result.sometimes[GIVEN_UP] >= 1


def test_a_run_that_loses_its_quorum_is_the_same_again() -> None:
    assert run(7, 3, best_first=False).digest == run(7, 3, best_first=False).digest


def test_ok_where_nobody_goes_on_is_a_violation() -> None:
    site = Site()

    with pytest.raises(PropertyViolated, match="who is told that the survivors go on"):
        site.operator.recovery.check_told(["id2"])


def test_ok_is_true_once_the_survivors_have_gone_on() -> None:
    site = Site()
    site.lose(*site.cluster.machines)
    site.run_until_whole()

    site.operator.recovery.check_told(["id1", "id2"])


def test_no_quorum_is_lost_while_somebody_is_still_asked_to_leave() -> None:
    """Else the old member's leave would befall the new one of its name."""
    site = Site()
    site.operator.remove_node(site.cluster.machines[0])

    site.operator.lose_quorum(site.cluster.machines, best_first=False)
    site.operator.recovery.strike_if_settled()

    assert [] == site.gone
