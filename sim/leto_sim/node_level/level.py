"""The node level, to whoever does not care which level it is (`leto_sim.levels`)."""

from typing import Final

from leto_sim.course import AnyScenario
from leto_sim.habits import Habits
from leto_sim.node_level.by_hand import NodeHand
from leto_sim.node_level.run import NODE_LEVEL, NodeLevelRun, usual_parts
from leto_sim.node_level.scenario import Scenario, draw_scenario
from leto_sim.parts import Parts


class NodeLevel:
    """Draws and runs `Scenario`s, of somebody's parts or of those of Leto's own runs."""

    def __init__(self, parts: Parts | None = None) -> None:
        self.name = NODE_LEVEL
        self.scenario_type = Scenario
        self._parts = parts

    def draw(self, seed: int, *, nodes: int | None, events_max: int) -> Scenario:
        """The scenario of that seed."""
        return draw_scenario(seed, nodes=nodes, events_max=events_max)

    def begin(self, scenario: AnyScenario, *, traced: bool = False) -> NodeLevelRun:
        """A run, not begun yet."""
        assert isinstance(scenario, Scenario), f"not a scenario of this level: {scenario}"
        return NodeLevelRun(scenario, self._parts, traced=traced)

    def with_parts(self, parts: Parts) -> "NodeLevel":
        """The same level, with somebody's parts."""
        return NodeLevel(parts)

    def usual_parts(self, scenario: AnyScenario) -> Parts:
        """Registers, or what is repeated until it is answered."""
        assert isinstance(scenario, Scenario), f"not a scenario of this level: {scenario}"
        return usual_parts(scenario)

    def calm(self, seed: int, *, nodes: int) -> Scenario:
        """Nothing goes wrong, and nobody asks for anything."""
        return Scenario(seed=seed, nodes=nodes, habits=Habits(clients=0))

    def by_hand(self, scenario: AnyScenario, parts: Parts) -> NodeHand:
        """A run for somebody to drive."""
        assert isinstance(scenario, Scenario), f"not a scenario of this level: {scenario}"
        return NodeHand(scenario, parts)


LEVEL: Final = NodeLevel()
