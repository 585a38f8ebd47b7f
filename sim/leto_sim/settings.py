"""The settings of simulated nodes, drawn from a seed, at whichever level they run.

Responsible for which settings a node may get, from the usual ones to the extremes. What
else is strange about a run is drawn by the scenario of its level.
"""

from random import Random
from typing import TypeVar

from leto.raft import Config
from leto.raft.config import KIB, MIB
from leto_sim.clock import MS

_Knob = TypeVar("_Knob")


def draw_config(rng: Random) -> Config:
    """Settings, some at their extremes: what is rare with the others happens all the time."""
    share_of_extremes = rng.choice((0.15, 0.5, 0.85))

    def knob(usual: _Knob, *extremes: _Knob) -> _Knob:
        return rng.choice(extremes) if rng.random() < share_of_extremes else usual

    heartbeat_us = knob(50, 20, 100) * MS
    election_us = heartbeat_us * knob(5, 2, 3, 10)
    chunk_bytes = knob(256 * KIB, 7, 30)
    return Config(
        election_timeout_min_us=election_us,
        election_timeout_max_us=int(election_us * knob(2.0, 1.3, 3.0)),
        heartbeat_interval_us=heartbeat_us,
        append_bytes_max=knob(MIB, 1, 200),
        appends_in_flight_max=knob(64, 1, 2),
        bytes_in_flight_max=knob(8 * MIB, 1, 500),
        uncommitted_bytes_max=knob(64 * MIB, 300, 2_000),
        apply_bytes_max=knob(64 * KIB, 1, 300),
        snapshot_chunk_bytes=chunk_bytes,
        # Room for one chunk: of several followers in need all but one wait.
        snapshot_bytes_in_flight_max=chunk_bytes * knob(1, 3),
        snapshot_after_entries=knob(100, 1, 3, 20, 100_000),
        snapshot_after_bytes=knob(64 * MIB, 300, 1_000),
        trailing_entries=knob(20, 0, 1, 5, 10_000),
        trailing_bytes=knob(16 * MIB, 0, 300),
    )
