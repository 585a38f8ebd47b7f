"""Where each request of a client goes."""

from typing import TYPE_CHECKING

import pytest

from leto.kv import KeyValueMachine
from leto.resp import OK, ErrorReply, Reply, Simple
from leto.server import Limits
from leto.server.clients import errors
from leto.server.world import Transmit

if TYPE_CHECKING:
    from tests.leto.server.conftest import World


def test_runs_of_one_kind_are_cut_where_the_kind_changes(world: "World") -> None:
    client = world.client(world.founded())

    client.send("SET a 1", "SET b 2", "GET a", "MGET a b", "PING", "INCR a", "GET", "DBSIZE")

    assert [
        OK, OK, b"1", (b"1", b"2"), Simple("PONG"), 2,
        ErrorReply("ERR wrong number of arguments for 'get' command"), 2,
    ] == client.received()  # fmt: skip


def test_the_same_command_with_other_arguments_is_looked_at_again(world: "World") -> None:
    client = world.client(world.founded())

    client.send("SET a 1", "SET a", "SET a 2", "set a 3", "GET a")

    arity = ErrorReply("ERR wrong number of arguments for 'set' command")
    assert [OK, arity, OK, OK, b"3"] == client.received()


@pytest.mark.parametrize("command", ["SET a 1", "GET a"])
def test_each_request_of_a_run_is_refused_by_itself(world: "World", command: str) -> None:
    machine = world.machine()
    machine.start_with_held_disk()
    client = world.client(machine)

    client.send(*[command] * 3)

    loading: Reply = ErrorReply("LOADING Leto is loading the dataset in memory")
    assert [loading] * 3 == client.received()


def test_nothing_behind_quit_is_served(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)

    client.send("SET a 1", "QUIT", "SET a 2")

    assert b"1" == world.client(machine).ask("GET a")
    sent = [o.data for o in machine.orders if isinstance(o, Transmit)]
    assert b"+OK\r\n+OK\r\n" == sent[0]


def test_a_write_that_fits_no_frame_is_refused_and_its_neighbours_are_not(
    world: "World",
) -> None:
    client = world.client(world.founded(limits=Limits(write_bytes_max=100)))

    client.send("SET a 1", "SET b " + "x" * 100, "SET c 3", "MGET a b c")

    refused = ErrorReply("ERR the command has 128 bytes, at most 100 are possible")
    assert [OK, refused, OK, (b"1", None, b"3")] == client.received()


def test_a_local_read_asks_nobody_for_leave(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[1])
    assert OK == client.ask("READONLY")
    before = machines[1].node_at_work.replica._last_request

    assert client.ask("GET a") is None

    assert before == machines[1].node_at_work.replica._last_request


def test_a_machine_without_keys_is_asked_for_none(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyValueMachine, "serves_keys", False)
    client = world.client(world.founded())

    client.send("SET a 1", "GET a", "PING")

    assert [errors.NO_KEYS, errors.NO_KEYS, Simple("PONG")] == client.received()
