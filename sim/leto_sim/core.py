"""The core: a random quorum that alone is healed in the end, at either level.

Responsible for drawing one. Who may be in it, of which configurations it must be a quorum,
and what may be expected of it then, each level knows itself.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TypeVar

from leto.raft.configuration import Configuration
from leto.raft.types import NodeId

Machine = TypeVar("Machine")


def draw_core(
    machines: Iterable[Machine],
    node_id_of: Callable[[Machine], NodeId | None],
    configurations: Sequence[Configuration],
    rng: Random,
    *,
    guests: float = 0.0,
) -> list[Machine] | None:
    """Some of these machines that are a quorum of each configuration; None if not even all are.

    `guests` is the share that stays of those who are not needed.
    """

    def is_quorum(some: Iterable[Machine]) -> bool:
        ids = {node_id_of(machine) for machine in some}
        return all(configuration.has_quorum(ids.__contains__) for configuration in configurations)

    core = list(machines)
    rng.shuffle(core)
    if not is_quorum(core):
        return None
    for machine in list(core):
        others = [other for other in core if other is not machine]
        if is_quorum(others) and not (guests and rng.random() < guests):
            core = others
    return core
