"""The core: a random quorum of machines that is healed first, while all else stays broken.

Responsible for choosing it, and for the oracle: whether the servers in it must make
progress without the others. They must if they are a quorum of the committed configuration
and of each one behind it that somebody still holds, and if no change of membership is
under way that could make them less than that.
"""

from collections.abc import Sequence
from random import Random

from leto.raft.configuration import Configuration
from leto_sim.core import draw_core
from leto_sim.server_level.cluster import Machine, ServerCluster


def choose_core(cluster: ServerCluster, rng: Random) -> Sequence[Machine] | None:
    """A random quorum and no more; None if nothing may be expected of any."""
    configurations = _configurations_to_come(cluster)
    if not configurations or any(map(_is_changing, configurations)):
        return None
    machines = [m for m in cluster.machines if not (m.is_stranger or m.is_damaged)]
    return draw_core(machines, lambda machine: machine.node_id, configurations, rng)


def _is_changing(configuration: Configuration) -> bool:
    """Whether it is on its way to another one: joint, or with members that will be promoted."""
    return configuration.is_joint or len(configuration.voters) < len(configuration.members)


def _configurations_to_come(cluster: ServerCluster) -> Sequence[Configuration]:
    logs = [machine.disk.platter.log for machine in cluster.machines]
    lives = [machine.life for machine in cluster.machines]
    logs += [life.memory for life in lives if life is not None and life.has_begun]
    return cluster.panel.configurations_to_come(logs)
