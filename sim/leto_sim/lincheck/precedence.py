"""Which operations must come before which, as far as that follows without a search.

Responsible for what can be inferred in polynomial time from what operations found.
Let *r* have found a state that only *w* can have left (or only the beginning), and *m*
leave another one. Then *m* is not between them:

    1. w comes before r;
    2. what comes before r, as m does, comes before w;
    3. what comes after w, as m does, comes after r.

Together with the order in time these rules are applied until nothing new follows.
A circle is a proof that there is no order. In histories whose writes can be told from
each other little is left to search.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Generic

import attrs

from leto_sim.lincheck.model import UNCERTAIN, CommandT, Found, Model, Operation, ResultT

_Bits = int
"""A set of operations: bit n for operation n."""


@attrs.frozen
class _Debt:
    """Somebody found what only one can have left."""

    reader: int
    writer: int | None  # None: the beginning
    others: _Bits  # those that leave another state, and certainly take effect


def predecessors(
    model: Model[CommandT, ResultT], operations: Sequence[Operation[CommandT, ResultT]]
) -> Sequence[_Bits] | None:
    """For each operation those that must come before it; None if no order is possible."""
    return _Inference(model, operations).run()


class _Inference(Generic[CommandT, ResultT]):
    """The relation as it grows. `_edges` generates it; the sets are its closure."""

    def __init__(
        self,
        model: Model[CommandT, ResultT],
        operations: Sequence[Operation[CommandT, ResultT]],
    ) -> None:
        self._model = model
        self._operations = operations
        self._before: list[_Bits] = [0] * len(operations)
        self._after: list[_Bits] = [0] * len(operations)
        self._edges = _latest_before(operations)  # for each, some of those before it
        self._leaving: dict[Hashable, _Bits] = {}  # who leaves each state, where that is known
        self._uncertain: list[int] = []
        self._returned: _Bits = 0
        self._changing: _Bits = 0
        for number, operation in enumerate(operations):
            self._classify(number, operation)
        self._splits: dict[Found[CommandT, ResultT], tuple[Sequence[int | None], _Bits]] = {}
        self._traced: set[int] = set()  # whose findings follow from somebody else's
        self._debts = list(self._find_debts())
        for debt in self._debts:
            if debt.writer is not None:  # rule 1
                self._edges[debt.reader].append(debt.writer)

    def _classify(self, number: int, operation: Operation[CommandT, ResultT]) -> None:
        bit, left = 1 << number, self._model.left(operation)
        if left is UNCERTAIN:
            self._uncertain.append(number)
        else:
            self._leaving[left] = self._leaving.get(left, 0) | bit
        if operation.returned is not None:
            self._returned |= bit
        if self._model.may_change(operation):
            self._changing |= bit

    def run(self) -> Sequence[_Bits] | None:
        """Applies the rules until nothing new follows."""
        while self._close():
            if not self._apply_rules():
                return self._before
        return None

    def _find_debts(self) -> Iterator[_Debt]:
        """What each operation found and, if only one can have left that, what that one found."""
        for reader, operation in enumerate(self._operations):
            found = None if operation.returned is None else self._model.found(operation)
            yield from self._trace(reader, found)

    def _trace(self, reader: int, found: Found[CommandT, ResultT] | None) -> Iterator[_Debt]:
        while found is not None:
            writers, others = self._split(reader, found)
            if len(writers) != 1:
                return
            writer = writers[0]
            yield _Debt(reader, writer, others)
            if writer is None or writer in self._traced:
                return
            self._traced.add(writer)
            reader, found = writer, found.before(self._operations[writer])

    def _split(
        self, reader: int, found: Found[CommandT, ResultT]
    ) -> tuple[Sequence[int | None], _Bits]:
        """Who may have left what it found, and who certainly left something else."""
        split = self._splits.get(found)
        if split is None:
            split = self._splits[found] = self._split_all(found)
        writers, others = split
        returned = self._operations[reader].returned
        in_time = [
            writer
            for writer in writers
            if writer is None
            or returned is None
            or (self._operations[writer].invoked <= returned and writer != reader)
        ]
        return in_time, others & ~(1 << reader)

    def _split_all(self, found: Found[CommandT, ResultT]) -> tuple[Sequence[int | None], _Bits]:
        states, may_be_left_by = found.states(), found.may_be_left_by
        leaving: _Bits = 0
        for state in states or ():
            leaving |= self._leaving.get(state, 0)
        for number in range(len(self._operations)) if states is None else self._uncertain:
            leaving |= may_be_left_by(self._operations[number]) << number
        writers: list[int | None] = [None] if may_be_left_by(None) else []
        writers += _members(leaving & self._changing)
        return writers, self._returned & ~leaving

    def _close(self) -> bool:
        """Computes both sets of every operation; False if there is a circle."""
        order = self._in_order()
        if order is None:
            return False
        for number in order:
            before = 0
            for earlier in self._edges[number]:
                before |= self._before[earlier] | 1 << earlier
            self._before[number] = before
        self._after = [0] * len(order)
        for number in reversed(order):
            after = self._after[number] | 1 << number
            for earlier in self._edges[number]:
                self._after[earlier] |= after
        return True

    def _in_order(self) -> list[int] | None:
        """All operations, each after those of its edges; None if there is a circle."""
        waits_for = [len(edges) for edges in self._edges]
        followers: list[list[int]] = [[] for _ in self._edges]
        for number, edges in enumerate(self._edges):
            for earlier in edges:
                followers[earlier].append(number)
        order = [number for number, count in enumerate(waits_for) if not count]
        for number in order:  # it grows meanwhile
            for follower in followers[number]:
                waits_for[follower] -= 1
                if not waits_for[follower]:
                    order.append(follower)
        return order if len(order) == len(self._edges) else None

    def _apply_rules(self) -> bool:
        """Rules 2 and 3; whether anything new followed."""
        is_new = False
        for debt in self._debts:
            reader, writer = debt.reader, debt.writer
            if writer is None:  # everything comes after the beginning, and nothing before it
                earlier = self._before[reader] & debt.others
                later = debt.others & ~self._after[reader]
                self._edges[reader] += [reader] if earlier else []
            else:
                earlier = self._before[reader] & debt.others & ~self._before[writer]
                later = self._after[writer] & debt.others & ~self._after[reader]
                self._edges[writer] += _members(earlier)
            for number in _members(later):
                self._edges[number].append(reader)
            is_new = is_new or bool(earlier or later)
        return is_new


def _latest_before(operations: Sequence[Operation[CommandT, ResultT]]) -> list[list[int]]:
    """For each operation those that returned before it was invoked, but for the superseded.

    Whoever returned before one of those was invoked comes before it anyway.
    """
    edges: list[list[int]] = [[] for _ in operations]
    moments = [(one.invoked, False, number) for number, one in enumerate(operations)]
    moments += [
        (one.returned, True, number)
        for number, one in enumerate(operations)
        if one.returned is not None
    ]
    latest: list[int] = []
    for _, is_return, number in sorted(moments):
        if is_return:
            invoked = operations[number].invoked
            latest = [one for one in latest if _returned(operations[one]) >= invoked]
            latest.append(number)
        else:
            edges[number] = list(latest)
    return edges


def _returned(operation: Operation[CommandT, ResultT]) -> int:
    assert operation.returned is not None, "only who has returned comes before others"
    return operation.returned


def _members(bits: _Bits) -> list[int]:
    members: list[int] = []
    while bits:
        lowest = bits & -bits
        members.append(lowest.bit_length() - 1)
        bits ^= lowest
    return members
