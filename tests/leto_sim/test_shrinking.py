"""Making failures small, with a property that is easy to violate."""

from collections.abc import Callable

import attrs
import pytest

from leto_sim.course import AnyScenario
from leto_sim.faults import Crash, Pause
from leto_sim.levels import level_named
from leto_sim.node_level.level import NodeLevel
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import Scenario, draw_scenario
from leto_sim.result import PropertyViolated
from leto_sim.shrinking import Shrunk, shrink

SUNSHINE = "the sun shines"


class Cloudy(NodeLevel):
    """The node level, with a property that some scenarios violate."""

    def __init__(self, violates: Callable[[Scenario], bool]) -> None:
        super().__init__()
        self._violates = violates

    def begin(self, scenario: AnyScenario, *, traced: bool = False) -> NodeLevelRun:
        assert isinstance(scenario, Scenario)
        is_cloudy = self._violates(scenario)

        class CloudyRun(NodeLevelRun):
            def _storm(self) -> None:
                """Nothing but the judgement matters here."""

            def _calm(self) -> None:
                """The same."""

            def _judge(self) -> None:
                if is_cloudy:
                    raise PropertyViolated(SUNSHINE, "it does not")

        return CloudyRun(scenario, traced=traced)


def busy(seed: int = 77) -> Scenario:
    scenario = draw_scenario(seed, nodes=5)
    kinds = [type(planned.fault) for planned in scenario.plan]
    assert len(set(kinds)) > 1, "a plan worth shrinking"
    return scenario


def shrunk(
    violates: Callable[[Scenario], bool],
    scenario: Scenario,
    is_over: Callable[[int], bool] = lambda _: False,
) -> Shrunk:
    return shrink(Cloudy(violates), scenario, SUNSHINE, is_over=is_over)


def test_what_does_not_matter_goes() -> None:
    small = shrunk(lambda _: True, busy())

    assert small.is_done
    assert isinstance(small.scenario, Scenario)
    assert (1, (), 1, 1) == (
        small.scenario.nodes,
        small.scenario.plan,
        small.scenario.habits.clients,
        small.scenario.events_max,
    )
    assert Scenario(seed=0).config == small.scenario.config
    assert Scenario(seed=0).weather == small.scenario.weather


def test_what_matters_stays() -> None:
    scenario = busy()
    kind = type(scenario.plan[-1].fault)

    def violates(candidate: Scenario) -> bool:
        has_fault = any(isinstance(planned.fault, kind) for planned in candidate.plan)
        has_size = candidate.nodes >= 3 and candidate.habits.clients >= 2
        return has_fault and has_size and candidate.events_max > 100

    small = shrunk(violates, scenario).scenario

    assert isinstance(small, Scenario)
    assert (3, 2, 1) == (small.nodes, small.habits.clients, len(small.plan))
    assert 100 < small.events_max < 120
    assert isinstance(small.plan[0].fault, kind)
    assert 0 == small.plan[0].at_us % 1_000_000


def test_other_luck_may_be_needed() -> None:
    scenario = attrs.evolve(busy(), plan=())

    small = shrunk(lambda candidate: candidate.seed == 2 or candidate == scenario, scenario)

    assert 2 == small.scenario.seed


def test_the_same_failure_becomes_the_same_small_one() -> None:
    def violates(candidate: Scenario) -> bool:
        return any(isinstance(planned.fault, Crash | Pause) for planned in candidate.plan)

    scenario = next(scenario for scenario in map(draw_scenario, range(100)) if violates(scenario))
    one, other = (shrunk(violates, scenario) for _ in range(2))

    assert one == other


def test_a_search_may_be_ended() -> None:
    small = shrunk(lambda _: True, busy(), is_over=lambda attempts: attempts >= 2)

    assert (2, False) == (small.attempts, small.is_done)
    assert small.scenario.events_max < busy().events_max or small.scenario.plan != busy().plan


def test_another_property_does_not_count() -> None:
    with pytest.raises(ValueError, match="does not violate 'log matching'"):
        shrink(Cloudy(lambda _: True), busy(), "log matching")


def test_what_a_level_refuses_is_left_out() -> None:
    level = level_named("node")
    with pytest.raises(ValueError, match="does not violate"):
        shrink(level, level.draw(3, nodes=1, events_max=100), "log matching")
