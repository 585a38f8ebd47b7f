"""What runs a seed of each of Leto's levels in a hunt.

Responsible for running it once: who hunts wants the property that is violated, not the last
events before, nor the part of a history that shows it, which may take longer than the hunt.
"""

from leto_sim.levels import level_named
from leto_sim.result import RunResult


def run_node_seed(seed: int, nodes: int, events: int) -> RunResult:
    """At node level."""
    return _run("node", seed, nodes, events)


def run_server_seed(seed: int, nodes: int, events: int) -> RunResult:
    """At server level."""
    return _run("server", seed, nodes, events)


def _run(name: str, seed: int, nodes: int, events: int) -> RunResult:
    level = level_named(name)
    return level.begin(level.draw(seed, nodes=nodes, events_max=events)).run()
