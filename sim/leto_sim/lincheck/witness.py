"""A small part of a history that has no order, and why.

Responsible for making a violation readable: of the operations on one key, those that
no order explains, as few as possible; and the longest order that there is.

Two ways of leaving something out are always right: whatever happened after some
moment (who had not returned then, may never have), and reads. To leave out a write
can make a violation where there was none, so what may have left the state that
somebody found stays as long as that one does (`Model.found`).
"""

from collections.abc import Sequence
from typing import Generic

import attrs

from leto_sim.lincheck.model import CommandT, Model, Operation, ResultT, Verdict
from leto_sim.lincheck.search import Search

STEPS_PER_TRIAL = 50_000
_TRIALS_MAX = 400


@attrs.frozen
class Witness(Generic[CommandT, ResultT]):
    """Operations on one key that no order explains."""

    operations: tuple[Operation[CommandT, ResultT], ...]  # by invocation
    explained: tuple[Operation[CommandT, ResultT], ...]  # the most of them, in an order
    left_out: int  # operations on the key that are not needed to see it


def find_witness(
    operations: Sequence[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
) -> Witness[CommandT, ResultT]:
    """A witness in the operations of one key, which must have no order."""
    trials = _Trials(model)
    prefix = _shortest_prefix(sorted(operations, key=lambda one: one.invoked), trials)
    kept = _fewest(prefix, model, trials)
    search = Search(model, kept, may_decide=False)
    search.run(STEPS_PER_TRIAL)
    return Witness(tuple(kept), tuple(search.longest_order), len(operations) - len(kept))


class _Trials(Generic[CommandT, ResultT]):
    """Searches, a limited number of them."""

    def __init__(self, model: Model[CommandT, ResultT]) -> None:
        self._model = model
        self._count = 0

    @property
    def are_over(self) -> bool:
        """Whether it took too long already."""
        return self._count >= _TRIALS_MAX

    def has_no_order(self, operations: Sequence[Operation[CommandT, ResultT]]) -> bool:
        """Whether that is certain, and found soon."""
        self._count += 1
        return Search(self._model, operations).run(STEPS_PER_TRIAL) is Verdict.ILLEGAL


def _shortest_prefix(
    operations: Sequence[Operation[CommandT, ResultT]], trials: _Trials[CommandT, ResultT]
) -> Sequence[Operation[CommandT, ResultT]]:
    """What had happened when it first was too late: a longer prefix cannot be better."""
    returns = sorted(one.returned for one in operations if one.returned is not None)
    lowest, highest = 0, len(returns) - 1
    while lowest < highest:
        middle = (lowest + highest) // 2
        if trials.has_no_order(_until(operations, returns[middle])):
            highest = middle
        else:
            lowest = middle + 1
    prefix = _until(operations, returns[highest])
    # Searches that were given up may have led astray.
    return prefix if trials.has_no_order(prefix) else operations


def _until(
    operations: Sequence[Operation[CommandT, ResultT]], moment: int
) -> Sequence[Operation[CommandT, ResultT]]:
    return [
        one
        if one.returned is not None and one.returned <= moment
        else attrs.evolve(one, returned=None, result=None)
        for one in operations
        if one.invoked <= moment
    ]


def _fewest(
    operations: Sequence[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
    trials: _Trials[CommandT, ResultT],
) -> Sequence[Operation[CommandT, ResultT]]:
    """Leaves out more and more, in pieces that get smaller and smaller."""
    creditors = _creditors(operations, model)
    kept = _with_creditors(range(len(operations)), creditors)
    size = len(kept)
    while size and not trials.are_over:
        size = size // 2 if size > 1 else 1
        was = len(kept)
        for start in range(len(kept) - size, -size, -size):
            piece = set(kept[max(start, 0) : start + size])
            fewer = _with_creditors([one for one in kept if one not in piece], creditors)
            if len(fewer) < len(kept) and trials.has_no_order([operations[one] for one in fewer]):
                kept = fewer
        if size == 1 and len(kept) == was:
            break
    return [operations[one] for one in kept]


def _creditors(
    operations: Sequence[Operation[CommandT, ResultT]], model: Model[CommandT, ResultT]
) -> Sequence[Sequence[int]]:
    """For each operation those that may have left the state that it found."""
    creditors: list[Sequence[int]] = []
    for operation in operations:
        found = None if operation.returned is None else model.found(operation)
        creditors.append(
            ()
            if found is None
            else [
                number
                for number, other in enumerate(operations)
                if other is not operation
                and model.may_change(other)
                and found.may_be_left_by(other)
            ]
        )
    return creditors


def _with_creditors(numbers: Sequence[int], creditors: Sequence[Sequence[int]]) -> Sequence[int]:
    needed = dict.fromkeys(numbers)
    waiting = list(numbers)
    while waiting:
        for creditor in creditors[waiting.pop()]:
            if creditor not in needed:
                needed[creditor] = None
                waiting.append(creditor)
    return sorted(needed)
