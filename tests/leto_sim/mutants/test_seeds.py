"""What runs a seed of each level in a hunt."""

from leto_sim.mutants.seeds import run_node_seed, run_server_seed
from leto_sim.node_level.run import run_node_level
from leto_sim.server_level.run import run_server_level


def test_a_node_level_seed_is_the_run_of_that_seed() -> None:
    assert run_node_level(7, nodes=4, events_max=50) == run_node_seed(7, 4, 50)


def test_a_server_level_seed_is_the_run_of_that_seed() -> None:
    assert run_server_level(7, nodes=3, events_max=50) == run_server_seed(7, 3, 50)
