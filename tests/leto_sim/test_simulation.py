"""One call, from what a user brings to how it went."""

import attrs
import pytest

from leto_sim import (
    ClusterView,
    CommandWorkload,
    Invariant,
    Query,
    SimulationFailed,
    Strike,
    draw_scenario,
    simulate,
)
from leto_sim.node_level.run import run_node_level
from tests.support.machines import Adder
from tests.support.sims import QUIET


class Forgetful(Adder):
    """Starts over when it is restored."""

    def restore(self, content: bytes) -> None:
        self.total = 0


TOTAL = Query.of(Adder, lambda adder: adder.total)
WORKLOAD = CommandWorkload(commands=[b"1", b"2"], query=lambda _: TOTAL)


def test_without_a_machine_registers_are_simulated() -> None:
    assert run_node_level(5, 3, 500).digest == simulate(seed=5, events=500).digest


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_machine_survives_whatever_the_seed(seed: int) -> None:
    result = simulate(Adder, seed=seed, nodes=5, events=1_500, workload=WORKLOAD)

    result.raise_if_violated()
    assert seed == result.seed


def test_a_machine_that_forgets_is_found_out() -> None:
    results = [simulate(Forgetful, seed=seed, workload=WORKLOAD) for seed in range(5)]

    assert any(result.violation is not None for result in results)


def test_a_scenario_takes_the_place_of_a_seed() -> None:
    scenario = attrs.evolve(draw_scenario(3), seed=77, events_max=300)

    assert 77 == simulate(scenario=scenario).seed


def test_a_violation_is_told_and_raised_if_wanted() -> None:
    def grows(cluster: ClusterView) -> str | None:
        totals = [node.machine_as(Adder).total for node in cluster.running]
        return f"totals are {totals}" if max(totals) > 10 else None

    result = simulate(
        Adder,
        scenario=attrs.evolve(QUIET, events_max=1_000),
        workload=WORKLOAD,
        invariants=[Invariant("totals stay small", grows)],
    )

    assert result.violation is not None
    with pytest.raises(SimulationFailed, match="totals stay small: totals are") as failed:
        result.raise_if_violated()
    assert result is failed.value.result
    assert result.violation is failed.value.violation


def test_invariants_and_faults_of_users_reach_keys_and_values() -> None:
    struck: list[str] = []

    class Outage:
        def strike(self, cluster: ClusterView) -> None:
            struck.append("down")
            cluster.crash("id1")

        def mend(self, cluster: ClusterView) -> None:
            struck.append("up")
            cluster.start("id1")

    few = Invariant("few commits", lambda cluster: cluster.commits < 5)
    outage = Strike(fault=Outage(), at_us=200_000, for_us=300_000)

    alone = simulate(level="server", seed=3, events=1_500)
    troubled = simulate(level="server", seed=3, events=1_500, faults=[outage])
    bounded = simulate(level="server", seed=3, events=1_500, invariants=[few])

    assert None is troubled.violation
    assert ["down", "up"] == struck
    assert alone.digest != troubled.digest
    assert bounded.violation is not None
    assert "few commits" == bounded.violation.property_name


def test_a_machine_needs_commands() -> None:
    with pytest.raises(ValueError, match="which commands do clients send"):
        simulate(Adder)
