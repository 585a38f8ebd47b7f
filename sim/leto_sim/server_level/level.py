"""The server level, to whoever does not care which level it is (`leto_sim.levels`)."""

from typing import Final

from leto_sim.course import AnyScenario
from leto_sim.parts import KEYS_AND_VALUES, Parts, keys_and_values
from leto_sim.server_level.by_hand import ServerHand
from leto_sim.server_level.machine_run import MachineRun
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.run import SERVER_LEVEL, ServerLevelRun
from leto_sim.server_level.scenario import ServerScenario, draw_server_scenario


class ServerLevel:
    """Draws and runs `ServerScenario`s, of somebody's parts or of keys and values."""

    def __init__(self, parts: Parts | None = None) -> None:
        self.name = SERVER_LEVEL
        self.scenario_type = ServerScenario
        self._parts = parts

    def draw(self, seed: int, *, nodes: int | None, events_max: int) -> ServerScenario:
        """The scenario of that seed."""
        return draw_server_scenario(seed, nodes=nodes, events_max=events_max)

    def begin(self, scenario: AnyScenario, *, traced: bool = False) -> ServerLevelRun:
        """A run, not begun yet."""
        assert isinstance(scenario, ServerScenario), f"not a scenario of this level: {scenario}"
        parts = self._parts or KEYS_AND_VALUES
        if parts.machine is keys_and_values:
            return ServerLevelRun(scenario, parts, traced=traced)
        return MachineRun(scenario, parts, traced=traced)

    def with_parts(self, parts: Parts) -> "ServerLevel":
        """The same level, with somebody's parts."""
        return ServerLevel(parts)

    def usual_parts(self, scenario: AnyScenario) -> Parts:
        """Keys and values."""
        del scenario
        return KEYS_AND_VALUES

    def calm(self, seed: int, *, nodes: int) -> ServerScenario:
        """Nothing goes wrong, and nobody asks for anything."""
        return ServerScenario(seed=seed, nodes=nodes, workload=Workload(clients=0))

    def by_hand(self, scenario: AnyScenario, parts: Parts) -> ServerHand:
        """A run for somebody to drive."""
        assert isinstance(scenario, ServerScenario), f"not a scenario of this level: {scenario}"
        return ServerHand(scenario, parts)


LEVEL: Final = ServerLevel()
