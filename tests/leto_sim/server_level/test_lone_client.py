"""A client alone with its keys."""

from random import Random

import attrs
import pytest

from leto.resp import OK, ErrorReply, MapReply, Reply, Simple, encode_reply
from leto.resp.inline import split_inline
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import LOST
from leto_sim.server_level.lone_client import LoneClient, LoneErrand
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import draw_server_scenario

NOT_LEADER = ErrorReply("not leader there")


@pytest.fixture
def client() -> LoneClient:
    client = LoneClient("q1", 4, Random(0))
    client.connected()
    return client


def tell(client: LoneClient, line: bytes, reply: Reply, page: int = 0, protocol: int = 2) -> None:
    """The client asks, and is answered."""
    errand = LoneErrand(tuple(line.split(b" ")), client, page, is_inline=False)
    client.overheard(encode_reply(reply, 3 if protocol == 3 else 2))
    errand.answered(reply)


def test_answers_that_are_right_are_fine(client: LoneClient) -> None:
    tell(client, b"SET k v", OK)
    tell(client, b"GET k", b"v")
    tell(client, b"INCR k", ErrorReply("ERR value is not an integer or out of range"))


def test_an_answer_that_is_wrong_is_a_violation(client: LoneClient) -> None:
    tell(client, b"SET k v", OK)

    with pytest.raises(PropertyViolated, match="b'GET k' is answered b'w', not b'v'"):
        tell(client, b"GET k", b"w")


def test_what_was_refused_changes_nothing(client: LoneClient) -> None:
    tell(client, b"SET k v", NOT_LEADER)

    with pytest.raises(PropertyViolated, match="does what its words say"):
        tell(client, b"GET k", b"v")


def test_what_may_have_happened_is_left_behind(client: LoneClient) -> None:
    tell(client, b"SET k v", OK)
    tell(client, b"SET k w", LOST)

    tell(client, b"GET k", b"anything")
    tell(client, b"GET k", None, page=1)

    with pytest.raises(PropertyViolated):
        tell(client, b"GET k", b"v", page=1)


def test_a_read_that_is_lost_leaves_all_as_it_was(client: LoneClient) -> None:
    tell(client, b"SET k v", OK)
    LoneErrand((b"GET", b"k"), client, 0, is_inline=False).lost()

    with pytest.raises(PropertyViolated):
        tell(client, b"GET k", None)


def test_a_read_has_a_known_outcome(client: LoneClient) -> None:
    with pytest.raises(PropertyViolated, match="a read is answered"):
        tell(client, b"GET k", LOST)


def test_a_key_that_was_seen_to_be_gone_stays_so(client: LoneClient) -> None:
    tell(client, b"SET k v PX 100", OK)
    tell(client, b"GET k", b"v")
    tell(client, b"GET k", None)

    with pytest.raises(PropertyViolated):
        tell(client, b"GET k", b"v")


def test_a_stale_read_may_see_anything_until_that_is_taken_back(client: LoneClient) -> None:
    tell(client, b"READONLY", OK)
    tell(client, b"GET k", b"v")
    tell(client, b"readwrite", OK)
    tell(client, b"READONLY", OK)
    tell(client, b"RESET", Simple("RESET"))

    with pytest.raises(PropertyViolated):
        tell(client, b"GET k", b"v")


def test_a_new_connection_reads_no_stale_values(client: LoneClient) -> None:
    tell(client, b"READONLY", OK)
    client.connected()

    with pytest.raises(PropertyViolated):
        tell(client, b"GET k", b"v")


def test_replies_are_written_as_was_agreed_on(client: LoneClient) -> None:
    tell(client, b"HELLO 3", MapReply(()), protocol=3)
    tell(client, b"GET k", None, protocol=3)
    tell(client, b"HELLO 2", (), protocol=2)
    tell(client, b"GET k", None, protocol=2)

    with pytest.raises(PropertyViolated, match="answered in RESP3, not 2"):
        tell(client, b"GET k", None, protocol=3)


def test_who_was_greeted_in_the_other_protocol_objects(client: LoneClient) -> None:
    with pytest.raises(PropertyViolated, match="answered in RESP2, not 3"):
        tell(client, b"HELLO 3", (), protocol=2)


def test_commands_of_a_connection_do_not_fail(client: LoneClient) -> None:
    with pytest.raises(PropertyViolated):
        tell(client, b"READONLY", ErrorReply("ERR no"))


def test_lines_say_the_same_as_arrays(client: LoneClient) -> None:
    words = (b"SET", b"k", b"", b"\r\n\0\xff 'a\"")
    errand = LoneErrand(words, client, 0, is_inline=True)

    line = client.encode(errand)

    assert words == split_inline(line.removesuffix(b"\r\n"))


def test_where_a_quorum_is_given_up_it_stops(client: LoneClient) -> None:
    assert client()

    client.forced()

    assert () == client()
    tell(client, b"GET k", b"anything")


def test_lone_clients_work_in_a_run() -> None:
    scenario = draw_server_scenario(4, nodes=3, events_max=2_000)
    workload = attrs.evolve(scenario.workload, loners=2)
    run = ServerLevelRun(attrs.evolve(scenario, workload=workload))

    assert run.run().violation is None
