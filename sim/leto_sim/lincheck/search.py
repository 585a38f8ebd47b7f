"""Whether a history of operations is linearizable.

Responsible for the search of Wing and Gong, with Lowe's memory of what was tried:
is there an order of the operations, each taking effect at one moment between its
invocation and its return, in which every one returned what the model says? What an
operation is and what it means: `leto_sim.lincheck.model`.

A history is partitioned by key, since a history is linearizable exactly if each
key's is (Herlihy and Wing's locality); the keys are searched in turns, a few
thousand steps each, so that one hopeless key does not hide an easy violation.

What keeps it fast in Python: the set of operations that have taken effect is one
integer, what was tried is a set of (integer, state), the operations still to be
placed are a linked list in two lists of integers. A model that knows a quicker way to
the verdict spares the search altogether.

Two things are never tried in two ways, since the one is always as good:

    1. an operation that changes no state and fits this one comes at once: in whatever
       order there is, it could be moved to the front;
    2. an operation that never returned and would change nothing now does not come now.
"""

from collections.abc import Generator, Hashable, Iterable, Sequence
from math import inf
from typing import Generic

import attrs

from leto_sim.lincheck.model import IMPOSSIBLE, CommandT, Model, Operation, ResultT, Verdict
from leto_sim.lincheck.precedence import predecessors

STEPS_PER_TURN = 2_000
DEFAULT_STEP_BUDGET = 2_000_000  # about a second, and 400 MB at worst


@attrs.frozen
class Finding(Generic[CommandT, ResultT]):
    """The verdict, and unless it is good, the key and its operations."""

    verdict: Verdict
    key: Hashable = None
    operations: tuple[Operation[CommandT, ResultT], ...] = ()
    steps: int = 0  # that the models made


def check_history(
    history: Iterable[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
    step_budget: int = DEFAULT_STEP_BUDGET,
) -> Finding[CommandT, ResultT]:
    """Judges a history: illegal as soon as one key is, unknown if the budget is spent."""
    partitions = _partitioned(history)
    searches = {key: Search(model, operations) for key, operations in partitions.items()}
    steps = 0
    while searches:
        for key, search in tuple(searches.items()):
            steps -= search.steps
            verdict = search.take_turn()
            steps += search.steps
            if verdict is Verdict.LINEARIZABLE:
                del searches[key]
            elif verdict is Verdict.ILLEGAL:
                return Finding(verdict, key, tuple(partitions[key]), steps)
        if searches and steps >= step_budget:
            key = next(iter(searches))
            return Finding(Verdict.UNKNOWN, key, tuple(partitions[key]), steps)
    return Finding(Verdict.LINEARIZABLE, steps=steps)


def _partitioned(
    history: Iterable[Operation[CommandT, ResultT]],
) -> dict[Hashable, list[Operation[CommandT, ResultT]]]:
    partitions: dict[Hashable, list[Operation[CommandT, ResultT]]] = {}
    for operation in history:
        partitions.setdefault(operation.key, []).append(operation)
    return partitions


class Search(Generic[CommandT, ResultT]):
    """The search for an order of one key's operations; without the model's short cut, if so wished."""

    def __init__(
        self,
        model: Model[CommandT, ResultT],
        history: Sequence[Operation[CommandT, ResultT]],
        *,
        may_decide: bool = True,
    ) -> None:
        self.steps = 0
        self.operations = model.relevant(history)
        self._model = model
        self._longest: list[int] = []
        self._decided = model.decide(self.operations) if may_decide else None
        self._turns = self._search()

    @property
    def longest_order(self) -> Sequence[Operation[CommandT, ResultT]]:
        """The order that explained the most returns, so far."""
        return [self.operations[number] for number in self._longest]

    def take_turn(self) -> Verdict:
        """Searches on for a few thousand steps: unknown, as long as it has not ended."""
        return next(self._turns) if self._decided is None else self._decided

    def run(self, step_budget: int) -> Verdict:
        """Searches until it ends, or the budget is spent."""
        verdict = Verdict.UNKNOWN
        while verdict is Verdict.UNKNOWN and self.steps < step_budget:
            verdict = self.take_turn()
        return verdict

    def _search(self) -> Generator[Verdict, None, None]:
        """Yields `UNKNOWN` after each turn, and at last the verdict, for ever.

        Most histories need no more than a turn. The others are worth some thought first.
        """
        verdict = yield from self._try_orders([0] * len(self.operations), turns_max=1)
        if verdict is Verdict.UNKNOWN:
            required = predecessors(self._model, self.operations)
            if required is None:
                verdict = Verdict.ILLEGAL
            else:
                verdict = yield from self._try_orders(required)
        while True:
            yield verdict

    def _try_orders(  # noqa: PLR0915 - calls are what is slow here
        self, required: Sequence[int], turns_max: float = inf
    ) -> Generator[Verdict, None, Verdict]:
        """Yields `UNKNOWN` after each turn; returns the verdict. `required`: who must come before.

        A *frame* is a point where
        one of several operations had to be chosen: the choices that are left, and what
        it takes to come back there.
        """
        timeline, operations = Timeline(self.operations), self.operations
        following, is_return = timeline.following, timeline.is_return
        operation_at, take_out = timeline.operation_at, timeline.take_out
        steps_of = [self._model.prepare(operation) for operation in operations]
        may_change = [self._model.may_change(operation) for operation in operations]
        has_returned = [operation.returned is not None for operation in operations]
        to_place = fewest = sum(has_returned)
        state = self._model.initial()
        placed = 0  # bit n: operation n has taken effect
        order: list[int] = []  # the positions of those, as they took effect
        tried: set[tuple[int, Hashable]] = set()
        frames: list[tuple[list[tuple[int, Hashable]], int, int, int]] = []
        turn_ends = self.steps + STEPS_PER_TURN
        while True:
            choices: list[tuple[int, Hashable]] = []
            has_skipped = False
            position = following[0]
            while position and not is_return[position]:
                number = operation_at[position]
                if required[number] & ~placed:
                    has_skipped = True
                    position = following[position]
                    continue
                after = steps_of[number](state)
                self.steps += 1
                if after is IMPOSSIBLE:
                    pass
                elif may_change[number]:
                    if has_returned[number] or after != state:  # else rule 2
                        choices.append((position, after))
                else:  # rule 1
                    take_out(position)
                    order.append(position)
                    placed |= 1 << number
                    to_place -= 1
                    if has_skipped:  # perhaps somebody who had to wait for this one
                        has_skipped = False
                        choices.clear()
                        position = 0
                position = following[position]
            if not to_place:
                self._longest = [operation_at[position] for position in order]
                return Verdict.LINEARIZABLE
            here = (placed, state)
            if here in tried:
                choices.clear()
            tried.add(here)
            frames.append((choices, len(order), placed, to_place))
            if self.steps >= turn_ends:
                turns_max -= 1
                if not turns_max:
                    return Verdict.UNKNOWN
                turn_ends = self.steps + STEPS_PER_TURN
                yield Verdict.UNKNOWN
            if not choices and to_place < fewest:
                fewest = to_place
                self._longest = [operation_at[position] for position in order]
            while frames and not frames[-1][0]:
                frames.pop()
            if not frames:
                return Verdict.ILLEGAL
            choices, depth, placed, to_place = frames[-1]
            while len(order) > depth:
                timeline.put_back(order.pop())
            position, state = choices.pop()
            number = operation_at[position]
            take_out(position)
            order.append(position)
            placed |= 1 << number
            to_place -= has_returned[number]


class Timeline(Generic[CommandT, ResultT]):
    """The invocations and returns still to be placed, as a doubly linked list.

    Position 0 is the head; a return that never came has no position.
    """

    def __init__(self, operations: Sequence[Operation[CommandT, ResultT]]) -> None:
        moments: list[tuple[int, bool, int]] = []  # at equal positions invocations come first
        for number, operation in enumerate(operations):
            moments.append((operation.invoked, False, number))
            if operation.returned is not None:
                moments.append((operation.returned, True, number))
        moments.sort()
        self.operation_at = [-1] + [number for _, _, number in moments]
        self.is_return = [False] + [is_return for _, is_return, _ in moments]
        self.return_of = [0] * len(operations)
        for position in range(1, len(self.operation_at)):
            if self.is_return[position]:
                self.return_of[self.operation_at[position]] = position
        self.following = [*range(1, len(self.operation_at)), 0]  # 0 again: the end
        self.previous = [0, *range(len(self.operation_at) - 1)]

    def take_out(self, position: int) -> None:
        """Unlinks an invocation and its return. What follows the invocation is right still."""
        previous, following = self.previous, self.following
        if returned := self.return_of[self.operation_at[position]]:
            before, after = previous[returned], following[returned]
            following[before] = after
            previous[after] = before
        before, after = previous[position], following[position]
        following[before] = after
        previous[after] = before

    def put_back(self, position: int) -> None:
        """Undoes the latest `take_out`, which must have been of that position."""
        previous, following = self.previous, self.following
        following[previous[position]] = position
        previous[following[position]] = position
        if returned := self.return_of[self.operation_at[position]]:
            following[previous[returned]] = returned
            previous[following[returned]] = returned
