"""Clients whose leader dies before they hear of their write, and who ask again."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import redis

from leto.resp import Reply
from leto_adapters.processes import NodeProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

Nodes = tuple[NodeProcess, NodeProcess, NodeProcess]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "repeat-writes-safely.md"


class Session(Protocol):
    """What the page defines."""

    session: int

    def __call__(self, ports: "Sequence[int]") -> "Session": ...

    def write(self, *command: str) -> Reply: ...

    def send(self, *command: str | int) -> Reply: ...


@pytest.fixture
def session_class() -> Session:
    """The class that the page tells its readers to use."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    page: dict[str, Session] = {}
    exec(code, page)
    return page["Session"]


def leader_of(nodes: "Sequence[NodeProcess]") -> NodeProcess:
    """Whoever leads, once somebody does."""
    assert wait_until(lambda: any(node.is_leading() for node in nodes), within_s=20)
    return next(node for node in nodes if node.is_leading())


def test_a_repeated_increment_is_counted_once_though_the_leader_died(
    cluster_of_three: Nodes, session_class: Session
) -> None:
    leader = leader_of(cluster_of_three)
    session = session_class([leader.port])
    increment = ("SESSION", "PERFORM", session.session, 1, 1, "INCR", "once")
    first = session.send(*increment)
    leader.kill()
    others = [node for node in cluster_of_three if node is not leader]

    successor = leader_of(others)
    other = session_class([successor.port])  # another process: what counts is in the command
    again = [other.send(*increment) for _ in range(2)]
    leader.start()
    assert wait_until(leader.is_ready, within_s=20)

    assert [1, 1, 1] == [first, *again]
    assert b"1" == redis.Redis(port=leader.port).get("once")


def test_the_class_of_the_page_counts_right_while_leaders_die(
    cluster_of_three: Nodes, session_class: Session
) -> None:
    session = session_class([node.port for node in cluster_of_three])
    counted: list[Reply] = []

    for _ in range(2):
        counted += [session.write("INCR", "visits") for _ in range(5)]
        leader = leader_of(cluster_of_three)
        leader.kill()
        counted += [session.write("INCR", "visits") for _ in range(5)]
        leader.start()
        assert wait_until(leader.is_ready, within_s=20)

    assert list(range(1, 21)) == counted


def test_a_session_that_has_ended_is_told_clearly(
    cluster_of_three: Nodes, session_class: Session
) -> None:
    session = session_class([node.port for node in cluster_of_three])
    session.send("SESSION", "CLOSE", session.session)

    with pytest.raises(redis.ResponseError, match=r"^NOSESSION \d+ is no session"):
        session.write("INCR", "never")

    assert redis.Redis(port=leader_of(cluster_of_three).port).get("never") is None
