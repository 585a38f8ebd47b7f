"""Runs seeds at node level until a property is violated; prints one JSON object.

    python hunt.py FIRST_SEED COUNT EVENTS

Started by `test_mutants.py` in a process of its own, with a broken copy of `leto` first
on the path. `seed` is the first one that failed, or null.
"""

import json
import sys

from leto_sim.node_level import NodeLevelRun
from leto_sim.scenario import draw_scenario


def main(first_seed: int, count: int, events_max: int) -> None:
    for seed in range(first_seed, first_seed + count):
        result = NodeLevelRun(draw_scenario(seed, events_max=events_max)).run()
        if result.violation is not None:
            violation = result.violation
            found = {"property": violation.property_name, "explanation": violation.explanation}
            json.dump({"seed": seed} | found, sys.stdout)
            return
    json.dump({"seed": None}, sys.stdout)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
