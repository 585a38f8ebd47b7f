"""What a program holds: every container that can be reached from an object, and how full it is.

Responsible for the walk, and for holding what it finds against bounds. A container is a list, a
deque, a dict, a set or a bytearray; tuples and bytes are values, which others hold. Whoever
adds a container need not say so here: it is found, and must be empty when its owner is at rest
unless a bound of its own is stated (`leto_sim.core_bounds`, `server_level.bounds`).

Containers are told apart by the way that leads to them, the shortest one: nothing here depends
on where objects lie in memory.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import Final, TypeAlias, cast

import attrs

from leto_sim.result import PropertyViolated

BOUNDED_MEMORY: Final = "what is held is bounded"

_CONTAINERS: Final = (dict, list, deque, set, bytearray)
_LEAVES: Final = frozenset({int, str, bytes, bool, float, type(None), tuple, frozenset})


@attrs.frozen
class Holding:
    """A container, and who has it."""

    path: str  # from the object where the walk began
    place: str  # `Class.attribute`; `[]` behind it for what is in another container
    owner: object
    count: int


Bound: TypeAlias = Callable[[Holding], int]
"""How much a container may hold."""

Bounds: TypeAlias = Mapping[str, Bound]
"""Those of containers, by their places."""


class Walk:
    """The way through the objects of some packages.

    Args:
        package: the prefix of the modules whose objects are walked through; others are leaves.
        closed: places that are not looked into: what is there is bounded by another rule.
    """

    def __init__(self, package: str, closed: frozenset[str]) -> None:
        self._package = package
        self._closed = closed
        self._fields: dict[type, Sequence[tuple[str, str]]] = {}

    def holdings(self, root: object, name: str) -> Iterator[Holding]:
        """Every container that can be reached, nearest first, each once."""
        seen = {id(root)}
        ahead: deque[tuple[object, str, str, object]] = deque([(root, name, name, root)])
        while ahead:
            thing, path, place, owner = ahead.popleft()
            if isinstance(thing, _CONTAINERS):
                yield Holding(path, place, owner, len(cast("Sized", thing)))
                inside, behind = _content(cast("object", thing)), "[]"
                ahead.extend(
                    (one, path + behind, place + behind, owner)
                    for one in inside
                    if type(one) not in _LEAVES and not _is_known(seen, one)
                )
            else:
                for attribute, where in self._fields_of(thing):
                    one = getattr(thing, attribute, None)
                    if type(one) not in _LEAVES and not _is_known(seen, one):
                        ahead.append((one, f"{path}.{attribute}", where, thing))

    def _fields_of(self, thing: object) -> Sequence[tuple[str, str]]:
        """The attributes of an object that are to be looked into, with their places."""
        kind = type(thing)
        fields = self._fields.get(kind)
        if fields is None:
            fields = self._fields[kind] = self._find_fields(thing)
        return fields

    def _find_fields(self, thing: object) -> Sequence[tuple[str, str]]:
        kind = type(thing)
        if not kind.__module__.startswith(self._package) or _is_value(kind):
            return ()
        names = [*dict.fromkeys((*_slots(kind), *getattr(thing, "__dict__", ())))]
        fields = [(name, f"{kind.__name__}.{name}") for name in names]
        return [field for field in fields if field[1] not in self._closed]


def too_full(holdings: Iterator[Holding], bounds: Bounds, otherwise: Bound) -> Iterator[Holding]:
    """The containers that hold more than their bounds say."""
    for holding in holdings:
        if holding.count and holding.count > bounds.get(holding.place, otherwise)(holding):
            yield holding


class Rest:
    """Waits until everybody has been seen to hold nothing more.

    There is always something under way: a heartbeat, an answer to it. So a container need not
    be empty at the same time as another.

    Args:
        find: what holds too much now, with the name of whoever has it.
    """

    def __init__(self, find: Callable[[], Iterator[tuple[str, Holding]]]) -> None:
        self._find = find
        self._overfull: dict[tuple[str, str], int] | None = None  # whose, and where

    def look(self) -> None:
        """See who still holds something."""
        found = {(name, holding.path): holding.count for name, holding in self._find()}
        if self._overfull is not None:
            found = {place: count for place, count in found.items() if place in self._overfull}
        self._overfull = found

    @property
    def is_reached(self) -> bool:
        """Whether all have been seen to hold no more than they may."""
        return self._overfull is not None and not self._overfull

    def complain(self) -> None:
        """There was time enough: whoever holds something still will keep it."""
        for (name, path), count in (self._overfull or {}).items():
            raise violation(name, f"{count} in {path} while nothing is to be done")


def violation(name: str, what: str) -> PropertyViolated:
    """That somebody holds too much."""
    return PropertyViolated(BOUNDED_MEMORY, f"{name} holds {what}", node=name)


def check(name: str, holdings: Iterator[Holding], bounds: Bounds, otherwise: Bound) -> None:
    """Nothing that somebody holds exceeds its bound."""
    for holding in too_full(holdings, bounds, otherwise):
        raise violation(name, f"{holding.count} in {holding.path}")


def empty(_: Holding) -> int:
    """Nothing may be in it."""
    return 0


def at_most(count: int) -> Bound:
    """So much may be in it."""
    return lambda _: count


def _is_known(seen: set[int], thing: object) -> bool:
    """Whether the walk has been there; from now on it has."""
    known = len(seen)
    seen.add(id(thing))
    return len(seen) == known


def _content(container: object) -> Sequence[object]:
    if isinstance(container, dict):
        return [*cast("dict[object, object]", container).values()]
    if isinstance(container, list | deque):
        return [*cast("list[object]", container)]
    return ()  # of sets and bytearrays nothing is reached that could hold anything


def _slots(kind: type) -> list[str]:
    """The slots of a class and its bases."""
    declared: list[str | Sequence[str]] = [
        vars(base).get("__slots__", ()) for base in reversed(kind.__mro__)
    ]
    names = [name for one in declared for name in ([one] if isinstance(one, str) else one)]
    return [name for name in names if name != "__weakref__"]


def _is_value(kind: type) -> bool:
    """Whether its objects never change: who holds them is asked how many."""
    return attrs.has(kind) and kind.__setattr__.__name__ == "_frozen_setattrs"
