"""Reads on one connection go forwards."""

import pytest

from leto.resp import ErrorReply, Reply
from leto.server.world import ConnectionId
from leto_sim.result import PropertyViolated
from leto_sim.server_level.sights import Sights

ONE, OTHER = ConnectionId(1), ConnectionId(2)
PLACES = {b"<a.1>": 0, b"<a.2>": 1}


@pytest.fixture
def sights() -> Sights:
    return Sights("id1", PLACES.get)


@pytest.mark.parametrize("earlier", [None, b"<a.1>--"])
def test_what_was_read_before_something_later_must_not_be_read_again(
    sights: Sights, earlier: Reply
) -> None:
    sights.shown(ONE, b"o0", earlier)
    sights.shown(ONE, b"o0", b"<a.2>--")

    with pytest.raises(PropertyViolated, match="behind something later"):
        sights.shown(ONE, b"o0", earlier)


def test_each_connection_and_key_is_seen_by_itself(sights: Sights) -> None:
    sights.shown(ONE, b"o0", b"<a.2>")

    sights.shown(OTHER, b"o0", b"<a.1>")
    sights.shown(ONE, b"o1", None)

    with pytest.raises(PropertyViolated):
        sights.shown(OTHER, b"o0", None)


@pytest.mark.parametrize("reply", [b"<b.9>", ErrorReply("CLUSTERDOWN no leader")])
def test_what_is_no_value_of_the_log_says_nothing(sights: Sights, reply: Reply) -> None:
    sights.shown(ONE, b"o0", b"<a.2>")

    sights.shown(ONE, b"o0", reply)

    sights.shown(ONE, b"o0", b"<a.2>")
