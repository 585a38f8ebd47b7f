"""Levels, to whoever does not care which."""

from typing import TYPE_CHECKING, cast

import pytest

from leto_sim.invariants import Invariant
from leto_sim.levels import LEVELS, UnknownLevel, level_named, level_of, run_scenario, run_seed
from leto_sim.parts import Parts

if TYPE_CHECKING:
    from leto_sim.node_level.scenario import Scenario


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_draws_and_runs_its_scenarios(name: str) -> None:
    level = level_named(name)

    scenario = level.draw(7, nodes=2, events_max=300)
    result = run_scenario(level, scenario)

    assert name == level.name == result.level
    assert level.scenario_type is type(scenario)
    assert (7, 2, 300) == (scenario.seed, scenario.nodes, scenario.events_max)
    assert (7, None) == (result.seed, result.violation)
    assert result == run_seed(level, 7, nodes=2, events_max=300)


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_takes_somebodys_parts(name: str) -> None:
    level = level_named(name)
    scenario = level.draw(7, nodes=3, events_max=500)
    never = Invariant("nothing ever happens", lambda cluster: cluster.commits == 0)

    result = run_scenario(level.with_parts(Parts(invariants=(never,))), scenario)

    assert level is level_of(scenario)
    assert result.violation is not None
    assert "nothing ever happens" == result.violation.property_name


def test_a_level_does_not_run_what_is_not_its_own() -> None:
    scenario = level_named("server").draw(7, nodes=2, events_max=300)

    with pytest.raises(AssertionError, match="not a scenario of this level"):
        level_named("node").begin(scenario)


@pytest.mark.parametrize("name", LEVELS)
def test_a_run_tells_all_about_its_nodes(name: str) -> None:
    level = level_named(name)
    course = level.begin(level.draw(3, nodes=3, events_max=2_000))
    course.run()

    told = {name: "\n".join(course.describe_node(name)) for name in course.node_names}

    assert {"id1", "id2", "id3"} <= set(told)
    assert 1 == sum("role           leader" in text for text in told.values())
    assert all("on its disk    term " in text for text in told.values())


@pytest.mark.parametrize("name", LEVELS)
def test_a_run_that_halts_early_tells_about_who_is_not_there_yet(name: str) -> None:
    level = level_named(name)
    course = level.begin(level.draw(3, nodes=3, events_max=2_000), traced=True)
    course.journal.halt_at = 1
    course.run()

    told = [course.describe_node(name)[0] for name in course.node_names]

    assert told


def test_a_level_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UnknownLevel, match="no such level 'moon'; there are \"node\" and"):
        level_named("moon")


def test_what_is_no_scenario_has_no_level() -> None:
    with pytest.raises(TypeError, match="not a scenario"):
        level_of(cast("Scenario", 7))


@pytest.mark.parametrize("name", LEVELS)
def test_a_calm_scenario_has_no_faults(name: str) -> None:
    level = level_named(name)

    calm = level.calm(7, nodes=2)

    assert (7, 2, 0) == (calm.seed, calm.nodes, len(calm.plan))
    assert level is level_of(calm)
