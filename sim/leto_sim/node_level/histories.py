"""What clients saw, where the cluster's history was cut short by an operator.

Responsible for telling apart what is judged together. Before a quorum is given up there
is one history; after it there is another, which begins with as much of the first one as
the survivor had. Each has an order of its own, from the very beginning.
"""

from collections.abc import Iterator, Sequence

import attrs

from leto_sim.checkers.forcings import Forcing
from leto_sim.workloads import Propose, Seen


def histories(seen: Sequence[Seen], forcings: Sequence[Forcing]) -> Iterator[Sequence[Seen]]:
    """What was seen up to each forcing, and at last all that has not been void since."""
    for forcing in forcings:
        yield [_as_of(forcing, one) for one in seen if one.invoked <= forcing.at_us]
        seen = [left for one in seen if (left := _left(forcing, one)) is not None]
    yield seen


def _as_of(forcing: Forcing, seen: Seen) -> Seen:
    """As it stood at that moment: what was not answered by then never was."""
    return seen if _was_answered(forcing, seen) else _without_answer(forcing, seen)


def _left(forcing: Forcing, seen: Seen) -> Seen | None:
    """What remains of it: of a void command, that it may be performed again if it is repeated."""
    if seen.index is None or not forcing.is_void(seen.index) or not _was_answered(forcing, seen):
        return seen
    return _without_answer(forcing, seen) if isinstance(seen.request, Propose) else None


def _was_answered(forcing: Forcing, seen: Seen) -> bool:
    return seen.returned is not None and seen.returned <= forcing.at_us


def _without_answer(forcing: Forcing, seen: Seen) -> Seen:
    given_up = seen.given_up if seen.given_up is not None else forcing.at_us
    return attrs.evolve(seen, returned=None, result=None, given_up=given_up, index=None)
