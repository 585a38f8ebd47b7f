"""The judge of `make bench` finds what it looks for, and nothing else."""

import pytest

from benchmarks.ledger import Fate, Found, Ledger, merged, value_of, violations

LEDGER = Ledger({"a": Fate.ACKNOWLEDGED, "r": Fate.REFUSED, "u": Fate.UNKNOWN})


def found(node: str, *names: str, keys: int | None = None) -> Found:
    values = {name: value_of(name) for name in names}
    return Found(node=node, values=values, keys=len(names) if keys is None else keys)


@pytest.mark.parametrize("names", [("a",), ("a", "u")])
def test_a_write_of_unknown_fate_may_be_there_or_not(names: tuple[str, ...]) -> None:
    sentences = violations(LEDGER, [found("id1", *names), found("id2", *names)])

    assert [] == sentences


@pytest.mark.parametrize(
    "founds, sentence",
    [
        ([found("id1", "u")], "id1 lacks what was acknowledged: 1 keys, such as a"),
        ([found("id1", "a", "r")], "id1 holds what was certainly refused: 1 keys, such as r"),
        (
            [found("id1", "a", keys=2)],
            "id1 counts 2 keys, but 1 of those that were written",
        ),
        (
            [found("id1", "a"), found("id2", "a", "u")],
            "id1 and id2 differ about: 1 keys, such as u",
        ),
        (
            [Found(node="id1", values={"a": "another"}, keys=1)],
            "id1 holds a value that nobody wrote: 1 keys, such as a",
        ),
    ],
)
def test_each_broken_rule_is_found(founds: list[Found], sentence: str) -> None:
    sentences = violations(LEDGER, founds)

    assert [sentence] == sentences


def test_every_node_is_judged_not_only_the_first() -> None:
    sentences = violations(LEDGER, [found("id1", "a"), found("id2")])

    assert "id2 lacks what was acknowledged: 1 keys, such as a" in sentences


def test_ledgers_of_several_writers_add_up() -> None:
    together = merged([Ledger({"x": Fate.ACKNOWLEDGED}), Ledger({"y": Fate.ACKNOWLEDGED})])

    assert 2 == together.count(Fate.ACKNOWLEDGED)
