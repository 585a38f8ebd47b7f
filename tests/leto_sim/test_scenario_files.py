"""Scenarios as files."""

import tomllib

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto_sim.faults import Crash, TakeSnapshotNow
from leto_sim.levels import LEVELS, level_named
from leto_sim.node_level.faults import Ambush, Direction, Isolate, PlannedFault
from leto_sim.node_level.scenario import Scenario
from leto_sim.scenario_files import (
    SavedScenario,
    WrongScenarioFile,
    read_scenario,
    write_scenario,
)

HEAD = 'format = 1\nlevel = "node"\n\n[scenario]\n'


@given(seed=st.integers(0, 10**6), level=st.sampled_from(sorted(LEVELS)), nodes=st.integers(1, 7))
def test_what_is_written_is_read(seed: int, level: str, nodes: int) -> None:
    scenario = level_named(level).draw(seed, nodes=nodes, events_max=5_000)
    saved = SavedScenario(level=level, scenario=scenario, violates="log matching")

    assert saved == read_scenario(write_scenario(saved))


def test_only_what_is_unusual_is_written_a_fault_a_line() -> None:
    plan = (
        PlannedFault(500_000, Isolate(1, Direction.TO_IT, 90_000)),
        PlannedFault(1_000_000, Ambush(leaders=4, delay_us=121_880, down_us=1_895_469)),
        PlannedFault(2_000_000, Ambush(leaders=4, delay_us=1, down_us=1_895_469, unheard=True)),
    )
    scenario = Scenario(seed=7, nodes=5, plan=plan)
    habits = attrs.evolve(scenario.habits, clients=1)
    saved = SavedScenario(level="node", scenario=attrs.evolve(scenario, habits=habits))

    text = write_scenario(saved)

    assert [
        "format = 1",
        'level = "node"',
        "",
        "[scenario]",
        "seed = 7",
        "nodes = 5",
        "plan = [",
        '    { at_us = 500000, fault = "Isolate", victim = 1, direction = "to it", for_us = 90000 },',
        '    { at_us = 1000000, fault = "Ambush", leaders = 4, delay_us = 121880, down_us = 1895469 },',
        '    { at_us = 2000000, fault = "Ambush", leaders = 4, delay_us = 1, down_us = 1895469, unheard = true },',
        "]",
        "",
        "[scenario.habits]",
        "clients = 1",
    ] == text.splitlines()


def test_the_property_that_is_violated_may_stand_in_it() -> None:
    saved = SavedScenario(level="node", scenario=Scenario(seed=1), violates="linearizability")

    assert "linearizability" == tomllib.loads(write_scenario(saved))["violates"]


def test_a_fault_is_a_flat_table() -> None:
    text = HEAD + (
        'seed = 1\nplan = [{ fault = "Crash", victim = -1, at_us = 5, down_us = 6 },'
        ' { at_us = 7, fault = "TakeSnapshotNow", victim = 0 }]\n'
    )

    scenario = read_scenario(text).scenario

    assert (
        PlannedFault(5, Crash(-1, 6)),
        PlannedFault(7, TakeSnapshotNow(0)),
    ) == scenario.plan


def test_a_whole_number_will_do_for_a_fraction() -> None:
    scenario = read_scenario(HEAD + "seed = 1\nclock_drift = 1\n").scenario

    assert isinstance(scenario, Scenario)
    assert 1.0 == scenario.clock_drift
    assert isinstance(scenario.clock_drift, float)


@pytest.mark.parametrize(
    "text,complaint",
    [
        ("x", "not TOML: "),
        ("form = 1", "form: no such key; there are format, level, violates, scenario"),
        ("format = 2", "format: must be 1, not 2"),
        ("format = 1", "level: must be one of node, server, not None"),
        ('format = 1\nlevel = "node"', "scenario: must be a table that begins with [scenario]"),
        ("violates = 3\n" + HEAD, "violates: must be a property's name, not 3"),
        (HEAD, "scenario.seed: seed is missing"),
        (HEAD + "seed = 1.5", "scenario.seed: must be a whole number, not 1.5"),
        (HEAD + "seed = 1\nnods = 3", "scenario: no such key: nods; there are seed, nodes, "),
        (
            HEAD + 'seed = 1\ntells_deaths = "no"',
            "scenario.tells_deaths: must be true or false, not 'no'",
        ),
        (
            HEAD + "seed = 1\ndisk = 3",
            "scenario.disk: must be a table of sync_least_us, sync_tail_us",
        ),
        (
            HEAD + "seed = 1\nclock_drift = true",
            "scenario.clock_drift: must be a number, not True",
        ),
        (
            HEAD + "seed = 1\n[scenario.config]\nelection_timeout_min_us = 1",
            "scenario.config: election_timeout_min_us (1) must be at least twice",
        ),
        (HEAD + "seed = 1\nplan = [3]", "scenario.plan[0]: must be a table with at_us and fault"),
        (
            HEAD + 'seed = 1\nplan = [{ fault = "Crash" }]',
            "scenario.plan[0]: at_us must be a whole number, not None",
        ),
        (
            HEAD + 'seed = 1\nplan = [{ at_us = 1, fault = "Crush" }]',
            "scenario.plan[0]: fault must be one of Crash, ",
        ),
        (
            HEAD + 'seed = 1\nplan = [{ at_us = 1, fault = "Crash", victim = 1 }]',
            "scenario.plan[0].down_us: down_us is missing",
        ),
        (
            HEAD + 'seed = 1\nplan = [{ at_us = 1, fault = "AddNode", victim = 1 }]',
            "scenario.plan[0]: no such key: victim; there are none",
        ),
        (
            HEAD + 'seed = 1\nplan = [{ at_us = 1, fault = "Isolate", victim = 1, direction = "up",'
            " for_us = 1 }]",
            "scenario.plan[0].direction: must be one of 'both', 'to it', 'from it', not 'up'",
        ),
    ],
)
def test_who_gets_a_file_wrong_is_told_where_and_what_is_allowed(text: str, complaint: str) -> None:
    with pytest.raises(WrongScenarioFile) as refused:
        read_scenario(text)

    assert complaint in str(refused.value)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(WrongScenarioFile) as refused:
        read_scenario(HEAD + "seed = true\nnodes = 0.5\n")

    assert [
        "scenario.seed: must be a whole number, not True",
        "scenario.nodes: must be a whole number, not 0.5",
    ] == str(refused.value).splitlines()
