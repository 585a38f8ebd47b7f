"""The levels at which Leto is simulated, by name.

Responsible for finding a level without importing the other: the one must run even
where the other's code does not import.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from leto_sim.result import RunResult

RunLevel: TypeAlias = Callable[[int, int, int], RunResult]
"""Seed, nodes and events at most, to the outcome."""

LEVELS = {
    "node": ("leto_sim.node_level.run", "run_node_level"),
    "server": ("leto_sim.server_level.run", "run_server_level"),
}


def level_named(name: str) -> RunLevel:
    """What runs a seed at that level."""
    module, function = LEVELS[name]
    return cast("RunLevel", getattr(import_module(module), function))
