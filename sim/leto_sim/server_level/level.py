"""The server level, to whoever does not care which level it is (`leto_sim.levels`)."""

from typing import Final

from leto_sim.course import AnyScenario
from leto_sim.parts import Parts
from leto_sim.server_level.machine_run import MachineRun
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
        if self._parts is None:
            return ServerLevelRun(scenario, traced=traced)
        return MachineRun(scenario, self._parts, traced=traced)

    def with_parts(self, parts: Parts) -> "ServerLevel":
        """The same level, with somebody's parts."""
        return ServerLevel(parts)


LEVEL: Final = ServerLevel()
