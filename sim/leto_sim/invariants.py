"""What a user says must always hold, as a value, and who looks.

Responsible for asking each invariant when something has changed that it could see: a
role, a term, a commit index, what was applied.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto_sim.cluster_view import ClusterView


@attrs.frozen
class Invariant:
    """Something that must hold whenever anybody looks.

    Args:
        name: what is reported when it does not.
        holds: looks at the cluster. It may `assert`, return False, or return a text
            that says what is wrong; None and True mean that it holds.
        every: look at most once in so many events: for what takes long.
    """

    name: str
    holds: "Callable[[ClusterView], bool | str | None]"
    every: int = 1


class Watch:
    """Looks."""

    def __init__(self, invariants: Sequence[Invariant], cluster: "ClusterView") -> None:
        self._cluster = cluster
        self._due = dict.fromkeys(invariants, 0)  # the event from which on to look again

    def look(self) -> None:
        """Something has changed."""
        events = self._cluster.events
        for invariant, due in self._due.items():
            if events >= due:
                self._due[invariant] = events + invariant.every
                check_invariant(invariant, self._cluster)

    def look_at_last(self) -> None:
        """All is over: everything is looked at once more."""
        for invariant in self._due:
            check_invariant(invariant, self._cluster)


def check_invariant(invariant: Invariant, cluster: "ClusterView") -> None:
    """Raises `PropertyViolated` if it does not hold."""
    try:
        verdict = invariant.holds(cluster)
    except AssertionError as failed:
        raise PropertyViolated(invariant.name, str(failed) or "it does not hold") from failed
    if isinstance(verdict, str) and verdict:
        raise PropertyViolated(invariant.name, verdict)
    if verdict is False:
        raise PropertyViolated(invariant.name, "it does not hold")
