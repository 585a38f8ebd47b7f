"""Runs seeds of a level until a property is violated; prints one JSON object.

    python hunt.py LEVEL FIRST_SEED COUNT EVENTS

Started by `test_mutants.py` in a process of its own, with a broken copy of `leto` first
on the path. `seed` is the first one that failed, or null.
"""

import json
import sys

from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import draw_server_scenario


def main(level: str, first_seed: int, count: int, events_max: int) -> None:
    for seed in range(first_seed, first_seed + count):
        if level == "node":
            result = NodeLevelRun(draw_scenario(seed, events_max=events_max)).run()
        else:
            result = ServerLevelRun(draw_server_scenario(seed, events_max=events_max)).run()
        if result.violation is not None:
            violation = result.violation
            found = {"property": violation.property_name, "explanation": violation.explanation}
            json.dump({"seed": seed} | found, sys.stdout)
            return
    json.dump({"seed": None}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:]))
