"""The system-call boundary is one vocabulary, for worlds and for the log alike."""

from leto.server import world
from leto.wal import steps


def test_the_steps_of_a_disk_job_are_those_of_the_log() -> None:
    assert world.WriteAt is steps.WriteAt
    assert world.Step == steps.Step


def test_everything_it_names_is_there() -> None:
    assert all(hasattr(world, name) for name in world.__all__)
