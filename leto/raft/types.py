"""The vocabulary of consensus: terms, indexes, time, and who a node is.

Responsible for the few scalar types that every other module of `leto.raft`
shares. It holds no rule, with one exception: how two log positions compare
(§3.6.1), because that *is* what an `EntryId` means.
"""

from typing import Final, NewType, Protocol, TypeAlias

import attrs

Term: TypeAlias = int
"""A term of office (§3.3). Counts from 1; 0 is "before any election"."""

Index: TypeAlias = int
"""A position in the log. Counts from 1; 0 is "before the log"."""

Micros: TypeAlias = int
"""Microseconds of a monotonic clock whose zero means nothing."""

NodeId = NewType("NodeId", int)
"""64 bits, born with a node's data and gone with it: a wiped node is a stranger."""

Seq: TypeAlias = int
"""The number of a write in a node's one ordered write lane. Counts from 1."""

RequestId: TypeAlias = int
"""What a caller names its request by; comes back in the request's one answer."""


@attrs.define(order=False, unsafe_hash=True)
class EntryId:
    """Where an entry stands: the term that created it and its index.

    The order is the one of §3.6.1: the later term is more up to date, and in
    the same term the longer log. Never mutated; `define`, not `frozen`: constructed
    for every entry.
    """

    term: Term
    index: Index

    # Written out: what attrs generates looks the fields up by name, at three times the cost.
    def __lt__(self, other: "EntryId") -> bool:
        return (self.term, self.index) < (other.term, other.index)

    def __le__(self, other: "EntryId") -> bool:
        return (self.term, self.index) <= (other.term, other.index)

    def __gt__(self, other: "EntryId") -> bool:
        return (self.term, self.index) > (other.term, other.index)

    def __ge__(self, other: "EntryId") -> bool:
        return (self.term, self.index) >= (other.term, other.index)

    def __str__(self) -> str:
        return f"{self.index}@{self.term}"


BEFORE_LOG: Final = EntryId(term=0, index=0)


class Dice(Protocol):
    """The seeded generator that a caller passes in; `random.Random` is one."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def getrandbits(self, k: int, /) -> int:
        """`k` random bits."""
        ...
