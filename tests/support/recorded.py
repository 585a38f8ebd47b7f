"""A recorded run of the simulator in which something is violated, on purpose."""

import attrs

from leto_sim.invariants import Invariant
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.parts import REGISTERS
from leto_sim.result import RunResult
from leto_sim.view.document import Json, document
from leto_sim.view.recording import Recording

SUNSET = Invariant("the sun shines", lambda cluster: cluster.events < 900 or "it has set")


@attrs.frozen
class Recorded:
    """The run, and what was written down of it."""

    run: NodeLevelRun
    recording: Recording
    result: RunResult

    def document(self) -> dict[str, Json]:
        """What its page would show."""
        return dict(document(self.recording, self.result, self.run, "leto-sim replay 3"))


def recorded_violation() -> Recorded:
    """Seed 3, until the sun sets."""
    scenario = draw_scenario(3, nodes=3, events_max=3_000)
    run = NodeLevelRun(scenario, attrs.evolve(REGISTERS, invariants=(SUNSET,)), traced=True)
    recording = run.record()
    return Recorded(run, recording, run.run())
