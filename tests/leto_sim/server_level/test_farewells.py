"""The last words on a connection, and their answer."""

from random import Random

import pytest

from leto.resp import OK, ErrorReply, Reply, RequestParser
from leto_sim.result import PropertyViolated
from leto_sim.server_level.farewells import Farewell, draw_farewell

PROTOCOL_ERROR = ErrorReply("ERR Protocol error: invalid multibulk length")


def farewells() -> list[Farewell]:
    return [draw_farewell(Random(seed), "politeness") for seed in range(60)]


def test_who_is_rude_leaves_the_protocol() -> None:
    for farewell in farewells():
        parser = RequestParser()
        parser.feed(farewell.data)
        requests = parser.take(9)

        assert farewell.is_rude is (parser.error is not None)
        assert farewell.is_rude is ((b"QUIT",) not in requests)


def test_each_has_one_right_answer() -> None:
    for farewell in farewells():
        farewell.answered(PROTOCOL_ERROR if farewell.is_rude else OK)
        farewell.lost()


@pytest.mark.parametrize("reply", [None, b"OK", ErrorReply("ERR unknown command")])
def test_another_answer_is_a_violation(reply: Reply) -> None:
    for farewell in farewells():
        with pytest.raises(PropertyViolated, match="politeness"):
            farewell.answered(reply)
