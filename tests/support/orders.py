"""What linearizable means, word by word: every order is tried."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from leto_sim.lincheck.model import IMPOSSIBLE, CommandT, Model, Operation, ResultT


def orders(
    history: Sequence[Operation[CommandT, ResultT]], model: Model[CommandT, ResultT]
) -> Iterator[Sequence[int]]:
    """Every order that explains the history, as the operations' numbers.

    Whoever never returned may be missing.
    """
    returned = [number for number, one in enumerate(history) if one.returned is not None]
    unfinished = [number for number, one in enumerate(history) if one.returned is None]
    for count in range(len(unfinished) + 1):
        for happened in combinations(unfinished, count):
            for order in permutations([*returned, *happened]):
                if _respects_time(order, history) and _is_explained(order, history, model):
                    yield order


def has_order(
    history: Sequence[Operation[CommandT, ResultT]], model: Model[CommandT, ResultT]
) -> bool:
    """Whether there is one."""
    return next(orders(history, model), None) is not None


def _respects_time(order: Sequence[int], history: Sequence[Operation[CommandT, ResultT]]) -> bool:
    for place, earlier in enumerate(order):
        for later in order[place + 1 :]:
            returned = history[later].returned
            if returned is not None and returned < history[earlier].invoked:
                return False
    return True


def _is_explained(
    order: Sequence[int],
    history: Sequence[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
) -> bool:
    state = model.initial()
    for number in order:
        after = model.step(state, history[number])
        if after is IMPOSSIBLE:
            return False
        state = after
    return True
