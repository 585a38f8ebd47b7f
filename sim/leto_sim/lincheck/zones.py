"""Whether a register's history is linearizable, if no two writes wrote the same value.

Responsible for the quick decision that unique values allow (Gibbons and Korach,
*Testing Shared Memories*, 1997): O(n log n), where the search of `leto_sim.lincheck.search`
may take exponential time.

All operations on one value, its write and the reads that saw it, form a *cluster*.
Let `first_return` be the earliest return in it, and `last_invocation` the latest
invocation. If the one lies before the other the register must hold the value all the
time between them: a *forward zone*. Otherwise the cluster may take effect at any one
moment between them: a *backward zone*. The history is linearizable exactly if

    1. nobody read a value that was never written, or before its write was invoked;
    2. no two forward zones overlap;
    3. no backward zone lies within a forward zone.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import inf

import attrs


@attrs.define
class Cluster:
    """The operations on one value. Times are positions in the history."""

    written: float = inf  # when its write was invoked
    first_return: float = inf
    last_invocation: float = -inf

    @classmethod
    def of_nothing(cls) -> "Cluster":
        """The cluster of the reads that found nothing: its write came before everything."""
        return cls(written=-inf, first_return=-inf)

    @property
    def is_written(self) -> bool:
        """Whether its write is known already."""
        return self.written != inf

    @property
    def is_forward(self) -> bool:
        """Whether the value must be held for a while."""
        return self.first_return < self.last_invocation

    def add(self, *, invoked: int, returned: int | None) -> None:
        """One more operation on the value."""
        if returned is not None:
            self.first_return = min(self.first_return, returned)
        self.last_invocation = max(self.last_invocation, invoked)


def zones_are_linearizable(clusters: Sequence[Cluster]) -> bool:
    """Whether rules 1 to 3 hold. `first_return >= written` is rule 1."""
    if any(cluster.first_return < cluster.written for cluster in clusters):
        return False
    forward = sorted(
        (cluster.first_return, cluster.last_invocation)
        for cluster in clusters
        if cluster.is_forward
    )
    for (_, end), (start, _) in pairwise(forward):
        if start < end:
            return False
    return not any(_lies_within(cluster, forward) for cluster in clusters if not cluster.is_forward)


def _lies_within(cluster: Cluster, forward: Sequence[tuple[float, float]]) -> bool:
    """Whether the register holds something else all the time that is open to the cluster."""
    position = bisect_left(forward, (cluster.last_invocation, -inf)) - 1
    if position < 0:
        return False
    start, end = forward[position]
    return start < cluster.last_invocation and cluster.first_return < end
