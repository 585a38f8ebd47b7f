"""The same commands in the same order: the same results, the same content."""

import pytest

from leto.raft.types import NodeId
from leto_sim.checkers.determinism import DETERMINISM, Determinism, shown
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, forcing


def perform(
    determinism: Determinism, node: int, result: bytes, content: bytes | None = None, index: int = 1
) -> None:
    determinism.performed(StandingNode(NodeId(node)), index, b"add 1", result, content)


def test_equal_results_and_contents_are_fine() -> None:
    determinism = Determinism()

    for node in (1, 2, 3):
        perform(determinism, node, b"1", b"content")
    perform(determinism, 1, b"2", b"other", index=2)


def test_another_result_is_a_violation() -> None:
    determinism = Determinism()
    perform(determinism, 1, b"1")

    with pytest.raises(PropertyViolated) as violated:
        perform(determinism, 2, b"2")

    assert DETERMINISM == violated.value.property_name
    assert "entry 1, b'add 1', returned b'2' on id2, and b'1' on id1" == violated.value.explanation


def test_another_content_is_a_violation() -> None:
    determinism = Determinism()
    perform(determinism, 1, b"1", b"a")

    with pytest.raises(PropertyViolated, match=r"led to b'b' on id1, and b'a' earlier"):
        perform(determinism, 1, b"1", b"b")


def test_a_content_that_nobody_looked_at_is_not_compared() -> None:
    determinism = Determinism()
    perform(determinism, 1, b"1", None)

    perform(determinism, 2, b"1", b"a")


def test_of_long_contents_the_difference_is_shown() -> None:
    content, other = bytes(1_000) + b"here" + bytes(1_000), bytes(2_000)

    assert "b'short'" == shown(b"short")
    assert "2004 bytes, from 960 on " in shown(content, other)
    assert "here" in shown(content, other)
    assert "2000 bytes, from 0 on " in shown(other, other[:10])


def test_where_an_entry_is_void_another_may_do_something_else() -> None:
    determinism = Determinism()
    perform(determinism, 1, b"1")
    perform(determinism, 1, b"2", index=2)

    determinism.forced(forcing(agreed=1))

    perform(determinism, 1, b"3", index=2)
    with pytest.raises(PropertyViolated, match=DETERMINISM):
        perform(determinism, 1, b"3", index=1)
