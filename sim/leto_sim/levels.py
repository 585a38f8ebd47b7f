"""The levels at which Leto is simulated, by name.

Responsible for what a level is to whoever does not care which: scenarios of a type of
its own that are drawn from seeds, and runs of them. Levels are found without importing
the others: the one must run even where another's code does not import.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from leto_sim.by_hand import Hand
from leto_sim.course import AnyScenario, Course, run_then_trace
from leto_sim.parts import Parts
from leto_sim.result import RunResult

LEVELS: Final[Mapping[str, str]] = {
    "node": "leto_sim.node_level.level",
    "server": "leto_sim.server_level.level",
}
"""Each level's name, and the module whose `LEVEL` it is."""


class UnknownLevel(ValueError):
    """There is no level of that name."""

    def __init__(self, name: object) -> None:
        known = " and ".join(f'"{level}"' for level in LEVELS)
        super().__init__(f"no such level {name!r}; there are {known}")


class Level(Protocol):
    """A way to simulate Leto."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def scenario_type(self) -> type[AnyScenario]:
        """The class of its scenarios, a frozen attrs class."""
        ...

    def draw(self, seed: int, *, nodes: int | None, events_max: int) -> AnyScenario:
        """The scenario of that seed, of that many nodes or of as many as it draws."""
        ...

    def begin(self, scenario: AnyScenario, *, traced: bool = False) -> Course:
        """A run of a scenario of its own type, not begun yet."""
        ...

    def with_parts(self, parts: Parts) -> "Level":
        """The same level, with somebody's machine, clients, invariants and faults."""
        ...

    def usual_parts(self, scenario: AnyScenario) -> Parts:
        """What it runs in such a scenario unless somebody brings parts."""
        ...

    def calm(self, seed: int, *, nodes: int) -> AnyScenario:
        """A scenario in which nothing goes wrong, and nobody asks for anything."""
        ...

    def by_hand(self, scenario: AnyScenario, parts: Parts) -> Hand:
        """A run of a scenario of its own type for somebody to drive; clients stay away."""
        ...


def level_named(name: str) -> Level:
    """The level of that name.

    Raises:
        UnknownLevel: there is none.
    """
    if name not in LEVELS:
        raise UnknownLevel(name)
    return cast("Level", import_module(LEVELS[name]).LEVEL)


def level_of(scenario: AnyScenario) -> Level:
    """The level whose scenario it is.

    Raises:
        TypeError: it is no level's.
    """
    for level in map(level_named, LEVELS):
        if isinstance(scenario, level.scenario_type):
            return level
    raise TypeError(f"not a scenario: {scenario!r}; draw_scenario(seed) draws one")


def run_scenario(level: Level, scenario: AnyScenario) -> RunResult:
    """Runs a scenario; if a property is violated, once more to see the last events."""
    return run_then_trace(lambda traced: level.begin(scenario, traced=traced))


def run_seed(level: Level, seed: int, *, nodes: int | None, events_max: int) -> RunResult:
    """Runs the scenario of a seed."""
    return run_scenario(level, level.draw(seed, nodes=nodes, events_max=events_max))
