"""Every container is found that can be reached, and what exceeds its bound is named."""

from collections import deque
from collections.abc import Iterator

import attrs
import pytest

from leto_sim.holdings import Bounds, Holding, Rest, Walk, at_most, check, empty, too_full
from leto_sim.result import PropertyViolated


@attrs.frozen
class Value:
    """Never changes, so it is not looked into."""

    cached: dict[int, int] = attrs.field(factory=lambda: {1: 1})


class Part:
    """Has a slot, and knows its owner."""

    __slots__ = ("bytes_", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.bytes_ = bytearray(b"abc")


class Whole:
    """Has containers, one of them of parts."""

    def __init__(self) -> None:
        self.parts = deque([Part(self), Part(self)])
        self.names = {"a": ["b"]}
        self.ids = {1, 2, 3}
        self.value = Value()
        self.pair = ([1], 2)
        self.secret = [1, 2, 3, 4]


def holdings(closed: frozenset[str] = frozenset()) -> dict[str, int]:
    walk = Walk(__name__.partition(".")[0], closed)
    return {one.path: one.count for one in walk.holdings(Whole(), "whole")}


def test_every_container_is_found_by_the_way_that_leads_to_it() -> None:
    expected = {
        "whole.parts": 2,
        "whole.names": 1,
        "whole.ids": 3,
        "whole.secret": 4,
        "whole.names[]": 1,
        "whole.parts[].bytes_": 3,
    }

    assert expected == holdings()


def test_a_closed_place_is_not_looked_into() -> None:
    assert "whole.secret" not in holdings(frozenset({"Whole.secret"}))


def test_what_belongs_to_another_package_is_a_leaf() -> None:
    walk = Walk("elsewhere.", frozenset())

    assert [] == list(walk.holdings(Whole(), "whole"))


def test_a_container_knows_its_owner_and_place() -> None:
    walk, whole = Walk(__name__.partition(".")[0], frozenset()), Whole()

    (inner,) = [one for one in walk.holdings(whole, "whole") if one.path == "whole.names[]"]

    assert ("Whole.names[]", whole) == (inner.place, inner.owner)


def some(**counts: int) -> Iterator[Holding]:
    return (Holding(f"it.{name}", f"It.{name}", None, count) for name, count in counts.items())


def test_whoever_holds_more_than_its_bound_is_named() -> None:
    bounds: Bounds = {"It.a": at_most(2)}

    assert ["it.b"] == [one.path for one in too_full(some(a=2, b=1, c=0), bounds, empty)]


def test_more_than_the_bound_is_a_violation() -> None:
    with pytest.raises(PropertyViolated, match=r"id1 holds 3 in it\.a"):
        check("id1", some(a=3), {}, at_most(2))


def test_rest_is_reached_when_each_has_been_seen_empty_once() -> None:
    looks = [some(a=1, b=1), some(b=1), some(a=1)]
    rest = Rest(lambda: (("id1", one) for one in filled(looks.pop(0))))

    reached: list[bool] = []
    for _ in range(3):
        rest.look()
        reached.append(rest.is_reached)

    assert [False, False, True] == reached


def filled(found: Iterator[Holding]) -> Iterator[Holding]:
    return too_full(found, {}, empty)


def test_who_never_comes_to_rest_is_told_of() -> None:
    rest = Rest(lambda: (("id1", one) for one in some(a=1)))
    rest.look()
    rest.look()

    with pytest.raises(PropertyViolated, match=r"id1 holds 1 in it\.a while nothing is to be done"):
        rest.complain()


def test_rest_is_not_reached_before_anybody_looks() -> None:
    rest = Rest(lambda: iter(()))
    rest.complain()

    assert not rest.is_reached
