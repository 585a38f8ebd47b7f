"""How much a node may hold, container by container, and that it does not hold more.

Responsible for looking at the cores of the node level (`leto_sim.core_bounds`); what drives
them here is the simulator's own.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from leto_sim import core_bounds
from leto_sim.holdings import Holding, Rest, Walk, check, empty, too_full
from leto_sim.node_level.process import Process

_WALK: Final = Walk("leto.", core_bounds.CLOSED)


def check_at_work(process: Process) -> None:
    """Nothing exceeds its bound now."""
    check(process.name, _holdings(process), core_bounds.BUSY, core_bounds.at_work)


def rest_of(processes: Callable[[], Sequence[Process]]) -> Rest:
    """To be awaited once nobody asks these for anything more."""

    def find() -> Iterator[tuple[str, Holding]]:
        for process in processes():
            bounds = core_bounds.core_at_rest(process.status, process.memory.entries)
            for holding in too_full(_holdings(process), bounds, empty):
                yield process.name, holding

    return Rest(find)


def _holdings(process: Process) -> Iterator[Holding]:
    return _WALK.holdings(process.node, "node")
