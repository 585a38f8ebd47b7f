"""The server level, to whoever does not care which level it is (`leto_sim.levels`)."""

from typing import Final

from leto_sim.course import AnyScenario
from leto_sim.server_level.run import SERVER_LEVEL, ServerLevelRun
from leto_sim.server_level.scenario import ServerScenario, draw_server_scenario


class ServerLevel:
    """Draws and runs `ServerScenario`s."""

    name: Final = SERVER_LEVEL
    scenario_type: Final = ServerScenario

    def draw(self, seed: int, *, nodes: int | None, events_max: int) -> ServerScenario:
        """The scenario of that seed."""
        return draw_server_scenario(seed, nodes=nodes, events_max=events_max)

    def begin(self, scenario: AnyScenario, *, traced: bool = False) -> ServerLevelRun:
        """A run, not begun yet."""
        assert isinstance(scenario, ServerScenario), f"not a scenario of this level: {scenario}"
        return ServerLevelRun(scenario, traced=traced)


LEVEL: Final = ServerLevel()
