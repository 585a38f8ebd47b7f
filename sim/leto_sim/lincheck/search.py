"""Whether a history of operations is linearizable.

Responsible for the search of Wing and Gong, with Lowe's memory of what was tried:
is there an order of the operations, each taking effect at one moment between its
invocation and its return, in which every one returned what the model says? What a
key's operations mean is a `Model` (`leto_sim.lincheck.models`).

A history is partitioned by key, since a history is linearizable exactly if each
key's is (Herlihy and Wing's locality); the keys are searched in turns, a few
thousand steps each, so that one hopeless key does not hide an easy violation.

What keeps it fast in Python: the set of operations that have taken effect is one
integer, what was tried is a set of (integer, state), the operations still to be
placed are a linked list in two lists of integers. A model that knows a quicker way to
the verdict spares the search altogether.
"""

from collections.abc import Generator, Hashable, Iterable, Sequence
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar

import attrs

STEPS_PER_TURN = 2_000
DEFAULT_STEP_BUDGET = 2_000_000  # about a second, and 200 MB at worst

CommandT = TypeVar("CommandT")
ResultT = TypeVar("ResultT")


@attrs.frozen(kw_only=True)
class Operation(Generic[CommandT, ResultT]):
    """What a client asked for and was told.

    `invoked` and `returned` are positions in one total order of the history; at
    equal positions the operations overlap. A `returned` of None means that the
    client never learnt the outcome: it may take effect at any time, or never.
    """

    key: Hashable
    command: CommandT
    invoked: int
    returned: int | None = None
    result: ResultT | None = None


class Impossible(Enum):
    """A model's verdict that a command cannot have had that result."""

    HERE = "impossible here"


IMPOSSIBLE: Final = Impossible.HERE


class Model(Protocol[CommandT, ResultT]):
    """What the operations of one key mean, one after the other. States are hashable."""

    def initial(self) -> Hashable:
        """The state of a key before any operation."""
        ...

    def step(
        self, state: Hashable, operation: Operation[CommandT, ResultT]
    ) -> Hashable | Impossible:
        """The state after the operation, or `IMPOSSIBLE` if its result is not the model's.

        An operation without return may have had any result.
        """
        ...

    def relevant(
        self, operations: Sequence[Operation[CommandT, ResultT]]
    ) -> Sequence[Operation[CommandT, ResultT]]:
        """The operations without those whose absence changes nothing: what blows up the search."""
        ...

    def decide(self, operations: Sequence[Operation[CommandT, ResultT]]) -> "Verdict | None":
        """The verdict, if the model knows a quicker way to it than the search."""
        del operations
        return None


class Verdict(Enum):
    """What is known of a history."""

    LINEARIZABLE = "linearizable"
    ILLEGAL = "not linearizable"
    UNKNOWN = "unknown: the search was given up"


@attrs.frozen
class Finding(Generic[CommandT, ResultT]):
    """The verdict, and unless it is good, the key and its operations."""

    verdict: Verdict
    key: Hashable = None
    operations: tuple[Operation[CommandT, ResultT], ...] = ()


def check_history(
    history: Iterable[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
    step_budget: int = DEFAULT_STEP_BUDGET,
) -> Finding[CommandT, ResultT]:
    """Judges a history: illegal as soon as one key is, unknown if the budget is spent."""
    partitions = _partitioned(history)
    searches = {key: _judge(model, operations) for key, operations in partitions.items()}
    while searches:
        for key in tuple(searches):
            verdict = next(searches[key])
            if verdict is Verdict.LINEARIZABLE:
                del searches[key]
            elif verdict is Verdict.ILLEGAL:
                return Finding(verdict, key, tuple(partitions[key]))
            else:
                step_budget -= STEPS_PER_TURN
        if searches and step_budget <= 0:
            key = next(iter(searches))
            return Finding(Verdict.UNKNOWN, key, tuple(partitions[key]))
    return Finding(Verdict.LINEARIZABLE)


def _partitioned(
    history: Iterable[Operation[CommandT, ResultT]],
) -> dict[Hashable, list[Operation[CommandT, ResultT]]]:
    partitions: dict[Hashable, list[Operation[CommandT, ResultT]]] = {}
    for operation in history:
        partitions.setdefault(operation.key, []).append(operation)
    return partitions


class _Timeline(Generic[CommandT, ResultT]):
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
        self.next = [*range(1, len(self.operation_at)), 0]  # 0 again: the end
        self.previous = [0, *range(len(self.operation_at) - 1)]

    def take_out(self, position: int) -> None:
        """Unlinks an invocation and its return."""
        self._unlink(position)
        if returned := self.return_of[self.operation_at[position]]:
            self._unlink(returned)

    def put_back(self, position: int) -> None:
        """Undoes the latest `take_out`, which must have been of that position."""
        if returned := self.return_of[self.operation_at[position]]:
            self._link(returned)
        self._link(position)

    def _unlink(self, position: int) -> None:
        before, after = self.previous[position], self.next[position]
        self.next[before] = after
        self.previous[after] = before

    def _link(self, position: int) -> None:
        self.next[self.previous[position]] = position
        self.previous[self.next[position]] = position


def _judge(
    model: Model[CommandT, ResultT], history: Sequence[Operation[CommandT, ResultT]]
) -> Generator[Verdict, None, None]:
    """Yields `UNKNOWN` after each turn of a search, and at last the verdict."""
    operations = model.relevant(history)
    verdict = model.decide(operations)
    if verdict is None:
        yield from _search(model, operations)
    else:
        yield verdict


def _search(
    model: Model[CommandT, ResultT], operations: Sequence[Operation[CommandT, ResultT]]
) -> Generator[Verdict, None, None]:
    timeline = _Timeline(operations)
    to_place = sum(operation.returned is not None for operation in operations)
    state = model.initial()
    placed = 0  # bit n: operation n has taken effect
    tried: set[tuple[int, Hashable]] = set()
    undo: list[tuple[int, Hashable, int]] = []  # position, state and placed before it
    steps = 0
    position = timeline.next[0]
    while to_place:
        steps += 1
        if steps % STEPS_PER_TURN == 0:
            yield Verdict.UNKNOWN
        if position and not timeline.is_return[position]:
            number = timeline.operation_at[position]
            after = model.step(state, operations[number])
            if after is not IMPOSSIBLE:
                progress = (placed | 1 << number, after)
                if progress not in tried:
                    tried.add(progress)
                    undo.append((position, state, placed))
                    placed, state = progress
                    timeline.take_out(position)
                    to_place -= operations[number].returned is not None
                    position = timeline.next[0]
                    continue
            position = timeline.next[position]
            continue
        # A return is reached whose operation has not taken effect, or the end: turn back.
        if not undo:
            yield Verdict.ILLEGAL
            return
        position, state, placed = undo.pop()
        timeline.put_back(position)
        to_place += operations[timeline.operation_at[position]].returned is not None
        position = timeline.next[position]
    yield Verdict.LINEARIZABLE
