"""Faults that a user brings, as values, and who lets them strike.

Responsible for when they strike and when they are mended. What they do is written by
their users, on `ClusterView`; the faults that Leto knows itself are in `faults`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import attrs

from leto.raft.types import Micros
from leto_sim.course import AnyScenario
from leto_sim.randomness import stream
from leto_sim.scheduler import Scheduler

if TYPE_CHECKING:
    from leto_sim.cluster_view import ClusterView


class CustomFault(Protocol):
    """Something that goes wrong. Its `repr` is what a trace shows."""

    def strike(self, cluster: "ClusterView") -> None:
        """Goes wrong."""
        ...

    def mend(self, cluster: "ClusterView") -> None:
        """Is right again. Also called when the storm is over, if it has not been before."""
        ...


@attrs.frozen(kw_only=True)
class Strike:
    """A fault of a user's, and when it strikes."""

    fault: CustomFault
    for_us: Micros  # then it is mended
    at_us: Micros | None = None  # None: at a time that the seed decides
    times: int = 1  # at so many times; of a given time only at that


class Storm(Protocol):
    """A run, as far as faults strike in it."""

    @property
    def scenario(self) -> AnyScenario:
        """Its seed decides when, as long as it lasts."""
        ...

    @property
    def scheduler(self) -> Scheduler:
        """What is to come."""
        ...

    def remark(self, text: str, shown: str = "") -> None:
        """Notes what happens."""
        ...


class Mischief:
    """Lets a user's faults strike, and mends them."""

    def __init__(self, strikes: Sequence[Strike], cluster: Storm, view: "ClusterView") -> None:
        self._cluster = cluster
        self._view = view
        self._standing: list[CustomFault] = []
        self._is_over = False
        for number, strike in enumerate(strikes):
            for at_us in _times(strike, number, cluster):
                cluster.scheduler.at(at_us, self._strike, strike)

    def heal(self) -> None:
        """Mends whatever stands, and lets nothing strike any more."""
        self._is_over = True
        while self._standing:
            self._standing.pop().mend(self._view)

    def _strike(self, strike: Strike) -> None:
        if not self._is_over:
            self._cluster.remark(str(strike.fault))
            self._standing.append(strike.fault)
            strike.fault.strike(self._view)
            self._cluster.scheduler.after(strike.for_us, self._mend, strike.fault)

    def _mend(self, fault: CustomFault) -> None:
        if not self._is_over:
            self._standing.remove(fault)
            self._cluster.remark(f"mended: {fault}")
            fault.mend(self._view)


def _times(strike: Strike, number: int, cluster: Storm) -> Sequence[Micros]:
    if strike.at_us is not None:
        return (strike.at_us,)
    rng = stream(cluster.scenario.seed, "custom fault", number)
    return [rng.randrange(cluster.scenario.duration_us) for _ in range(strike.times)]
