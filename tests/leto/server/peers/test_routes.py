"""When members are dialled."""

from random import Random

import pytest

from leto.raft.configuration import Member
from leto.raft.types import NodeId
from leto.server.peers.link import Link
from leto.server.peers.routes import Route, Routes
from leto.server.settings import Limits
from leto.server.turn import Turn
from leto.server.world import ConnectionId, DialFailed, DialId, Log

LIMITS = Limits()
US = NodeId(2)
ABOVE, BELOW = (
    Member(node_id=NodeId(number), name=f"id{number}", address=f"10.0.0.{number}:15379")
    for number in (3, 1)
)


class Bench:
    """Routes of node 2, and which of its links are up."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.up = set[NodeId]()
        self.routes = Routes(self.turn, LIMITS, Random(1), self.up.__contains__)

    def pass_time(self, by_us: int) -> None:
        self.turn.begin(self.turn.now + by_us, 0)

    def due(self) -> list[str]:
        return [route.name for route in self.routes.due()]

    def complaints(self) -> list[str]:
        logged = [dict(order.fields) for order in self.turn.take() if isinstance(order, Log)]
        return [str(fields["reason"]) for fields in logged]

    def to_above(self) -> Route:
        self.routes.follow([ABOVE], US)
        (route,) = self.routes.due()
        return route

    def fail(self, route: Route, *, refused: bool = False, reason: str = "timed out") -> bool:
        return self.routes.dial_failed(route, DialFailed(DialId(1), reason, refused))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_node_with_the_smaller_id_dials_at_once_and_the_other_one_later(bench: Bench) -> None:
    bench.routes.follow([ABOVE, BELOW], US)

    assert ["id3"] == bench.due()
    bench.pass_time(LIMITS.dial_backoff_max_us // 2)
    assert ["id1"] == bench.due()


def test_nobody_dials_itself_or_a_member_without_an_address(bench: Bench) -> None:
    nowhere = Member(node_id=NodeId(4), name="id4", address="")
    ourselves = Member(node_id=US, name="id2", address="10.0.0.2:15379")

    bench.routes.follow([nowhere, ourselves], US)

    assert [] == bench.routes.times()


def test_a_member_is_dialled_once_at_a_time_and_not_while_its_link_is_up(bench: Bench) -> None:
    bench.routes.follow([ABOVE], US)

    assert ["id3"] == bench.due()
    assert [] == bench.due()
    bench.fail(bench.routes.to(ABOVE.node_id) or pytest.fail("no route"))
    bench.up.add(ABOVE.node_id)
    bench.pass_time(LIMITS.dial_backoff_max_us)
    assert [] == bench.due()


def test_a_member_that_stays_keeps_its_route_and_one_that_has_left_loses_it(bench: Bench) -> None:
    route = bench.to_above()

    bench.routes.follow([ABOVE, BELOW], US)
    assert route is bench.routes.to(ABOVE.node_id)
    bench.routes.follow([BELOW], US)
    assert bench.routes.to(ABOVE.node_id) is None


def test_a_member_that_has_moved_is_dialled_where_it_is_now(bench: Bench) -> None:
    bench.to_above()
    moved = Member(node_id=ABOVE.node_id, name="id3", address="10.0.0.30:15379")

    bench.routes.follow([moved], US)

    assert [moved.address] == [route.address for route in bench.routes.due()]


def test_each_attempt_comes_a_little_later_and_repeats_no_complaint(bench: Bench) -> None:
    route = bench.to_above()
    pauses = list[int]()

    for _ in range(8):
        assert not bench.fail(route)
        pauses.append(route.retry_at - bench.turn.now)

    assert LIMITS.dial_backoff_min_us // 2 <= pauses[0] <= LIMITS.dial_backoff_min_us
    assert LIMITS.dial_backoff_max_us // 2 <= pauses[-1] <= LIMITS.dial_backoff_max_us
    assert ["timed out"] == bench.complaints()


def test_whoever_was_reached_has_a_clean_slate(bench: Bench) -> None:
    route = bench.to_above()
    bench.fail(route)
    bench.routes.suspect(route)

    bench.routes.reached(ABOVE.node_id)

    assert ("", None, None) == (route.complaint, route.suspect_until, route.shaking)
    assert LIMITS.dial_backoff_min_us == route.backoff_us


def test_a_stranger_that_was_reached_has_no_route(bench: Bench) -> None:
    bench.routes.reached(ABOVE.node_id)

    assert bench.routes.to(ABOVE.node_id) is None


def test_nobody_is_dialled_whose_handshake_is_not_over(bench: Bench) -> None:
    route = bench.to_above()
    route.is_dialled = False
    route.shaking = Link(
        Nobody(bench.turn),
        ConnectionId(1),
        route.address,
        dialled=True,
        expected=route.node_id,
        introduced=None,
    )

    assert [] == bench.due()


def test_a_peer_that_hung_up_is_dialled_at_once_and_dead_if_that_is_refused(bench: Bench) -> None:
    route = bench.to_above()
    bench.routes.suspect(route)

    assert not bench.fail(route, reason="reset")
    assert bench.turn.now < route.retry_at <= bench.turn.now + 5_000
    assert bench.fail(route, refused=True, reason="refused")
    assert ["refused"] == bench.complaints()


@pytest.mark.parametrize("is_back", [True, False])
def test_nobody_is_dead_who_is_back_or_was_suspected_long_ago(
    bench: Bench, *, is_back: bool
) -> None:
    route = bench.to_above()
    bench.routes.suspect(route)

    if is_back:
        bench.up.add(ABOVE.node_id)
    else:
        bench.pass_time(500_000)

    assert not bench.fail(route, refused=True)


def test_a_refusal_by_somebody_never_suspected_means_nothing(bench: Bench) -> None:
    assert not bench.fail(bench.to_above(), refused=True)


class Nobody:
    """A keeper of links that is never told anything."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def take_in(self, link: Link, word: object) -> bool:
        raise AssertionError((link, word))

    def drop(self, link: Link, reason: str) -> None:
        raise AssertionError((link, reason))

    def hung_up(self, link: Link, reason: str) -> None:
        raise AssertionError((link, reason))
