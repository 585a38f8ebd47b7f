"""What a user says must hold, and when it is looked at."""

from itertools import pairwise

import attrs
import pytest

from leto_sim.cluster_view import ClusterView
from leto_sim.invariants import Invariant, check_invariant
from leto_sim.node_level.run import NodeLevelRun, run_scenario
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from tests.support.sims import QUIET

BRIEF = attrs.evolve(QUIET, events_max=300)
VIEW = NodeLevelRun(BRIEF).view


def fails(_: ClusterView) -> None:
    assert 1 + 1 == 3, "sums are wrong"


@pytest.mark.parametrize("verdict", [None, True, ""])
def test_it_holds(*, verdict: bool | str | None) -> None:
    check_invariant(Invariant("it holds", lambda _: verdict), VIEW)


@pytest.mark.parametrize(
    "invariant,explanation",
    [
        (Invariant("sums", fails), "sums: sums are wrong"),
        (Invariant("sums", lambda _: False), "sums: it does not hold"),
        (Invariant("sums", lambda _: "2 != 3"), "sums: 2 != 3"),
    ],
)
def test_it_does_not_hold(invariant: Invariant, explanation: str) -> None:
    with pytest.raises(PropertyViolated) as violated:
        check_invariant(invariant, VIEW)

    assert str(violated.value).startswith(explanation)


def test_it_is_looked_at_whenever_something_changes() -> None:
    seen: list[tuple[int, ...]] = []

    def look(cluster: ClusterView) -> None:
        seen.append(tuple(node.last_applied for node in cluster.running))

    run_scenario(BRIEF, Parts(invariants=(Invariant("looks", look),)))

    assert {0, 1, 2, 3} <= {applied for states in seen for applied in states}
    assert len(seen) > 50


def test_what_takes_long_is_looked_at_less_often() -> None:
    looks: list[int] = []

    def look(cluster: ClusterView) -> None:
        looks.append(cluster.events)

    run_scenario(BRIEF, Parts(invariants=(Invariant("looks", look, every=100),)))

    gaps = [after - before for before, after in pairwise(looks)]
    assert min(gaps[:-1]) >= 100


def test_all_is_looked_at_once_more_at_the_end() -> None:
    looks: list[int] = []

    def look(cluster: ClusterView) -> None:
        looks.append(cluster.events)

    result = run_scenario(BRIEF, Parts(invariants=(Invariant("looks", look, every=10**9),)))

    assert [result.events] == looks[1:]


def test_a_violation_names_the_invariant_and_its_moment() -> None:
    few = Invariant("few commits", lambda cluster: cluster.commits < 5)

    violation = run_scenario(BRIEF, Parts(invariants=(few,))).violation

    assert violation is not None
    assert "few commits" == violation.property_name
    assert 10 < violation.event < 300
