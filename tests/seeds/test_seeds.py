"""Every seed that ever found a bug, again."""

import tomllib
from pathlib import Path

import attrs
import pytest

from leto_sim.levels import level_named, run_seed


@attrs.frozen
class Seed:
    """A run that failed once."""

    level: str
    seed: int
    nodes: int
    events: int
    found: str

    def __str__(self) -> str:
        return f"{self.level}-{self.seed}-{self.nodes}-{self.events}"


SEEDS = [
    Seed(**found)
    for found in tomllib.loads(Path(__file__).with_name("seeds.toml").read_text())["seeds"]
]


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_a_seed_that_found_a_bug_is_green(seed: Seed) -> None:
    result = run_seed(level_named(seed.level), seed.seed, nodes=seed.nodes, events_max=seed.events)

    assert None is result.violation, seed.found
