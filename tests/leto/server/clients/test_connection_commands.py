"""The commands that a connection answers by itself."""

from typing import TYPE_CHECKING

import pytest

from leto.resp import OK, ErrorReply, MapReply, Reply, Simple

if TYPE_CHECKING:
    from tests.leto.server.conftest import Client, World


@pytest.fixture
def client(world: "World") -> "Client":
    return world.client(world.founded())


@pytest.mark.parametrize(
    "command,reply",
    [
        ("PING", Simple("PONG")),
        ("PING hello", b"hello"),
        ("PING a b", ErrorReply("ERR wrong number of arguments for 'ping' command")),
        ("ECHO x", b"x"),
        ("SELECT 0", OK),
        ("SELECT 1", ErrorReply("ERR DB index is out of range")),
        ("SELECT -1", ErrorReply("ERR DB index is out of range")),
        ("SELECT x", ErrorReply("ERR value is not an integer or out of range")),
        ("CLIENT GETNAME", None),
        ("CLIENT SETNAME x\ny", ErrorReply(
            "ERR Client names cannot contain spaces, newlines or special characters."
        )),
        ("CLIENT SETINFO lib-name redis-py", OK),
        ("CLIENT SETINFO LIB-VER 1.2.3", OK),
        ("CLIENT SETINFO lib-name a\nb", ErrorReply(
            "ERR lib-name cannot contain spaces, newlines or special characters."
        )),
        ("CLIENT SETINFO lib-colour red", ErrorReply("ERR Unrecognized option 'lib-colour'")),
        ("CLIENT ID x", ErrorReply("ERR wrong number of arguments for 'client|id' command")),
        ("CLIENT HELP x", ErrorReply("ERR wrong number of arguments for 'client|help' command")),
        ("CLIENT NOPE", ErrorReply("ERR unknown subcommand 'NOPE'. Try CLIENT HELP.")),
        ("COMMAND COUNT x", ErrorReply(
            "ERR wrong number of arguments for 'command|count' command"
        )),
        ("READONLY", OK),
        ("READWRITE", OK),
        ("RESET", Simple("RESET")),
        ("HELLO 4", ErrorReply("NOPROTO unsupported protocol version")),
        ("HELLO x", ErrorReply("ERR Protocol version is not an integer or out of range")),
        ("HELLO 3 AUTH a b", ErrorReply("ERR Syntax error in HELLO option 'AUTH'")),
        ("HELLO 3 SETNAME", ErrorReply("ERR Syntax error in HELLO option 'SETNAME'")),
        ("HELLO 3 SETNAME \n", ErrorReply(
            "ERR Client names cannot contain spaces, newlines or special characters."
        )),
    ],
)  # fmt: skip
def test_replies_are_those_of_redis(client: "Client", command: str, reply: Reply) -> None:
    assert reply == client.ask(command)


def test_a_client_has_an_id_of_its_own(world: "World", client: "Client") -> None:
    other = world.client(world.machines[0])

    assert client.ask("CLIENT ID") == client.ask("CLIENT ID")
    assert client.ask("CLIENT ID") != other.ask("CLIENT ID")


def test_client_help_is_what_the_errors_lead_to(client: "Client") -> None:
    help_lines = client.ask("CLIENT HELP")

    assert isinstance(help_lines, tuple)
    assert Simple("CLIENT <subcommand> [<arg> ...]. Subcommands are:") == help_lines[0]
    assert Simple("SETNAME <name>") in help_lines


def test_a_client_keeps_its_name_until_it_is_reset(client: "Client") -> None:
    assert OK == client.ask("CLIENT SETNAME worker")
    assert b"worker" == client.ask("CLIENT GETNAME")

    client.ask("RESET")

    assert client.ask("CLIENT GETNAME") is None


def test_hello_answers_in_the_protocol_that_it_chooses(client: "Client") -> None:
    flat = client.ask("HELLO")
    assert isinstance(flat, tuple)
    assert (b"server", b"redis") == flat[:2]

    reply = client.ask("HELLO 3 SETNAME worker")

    assert isinstance(reply, MapReply)
    assert 3 == dict(reply.pairs)[b"proto"]
    assert b"worker" == client.ask("CLIENT GETNAME")


def test_replies_in_a_pipeline_are_in_the_protocol_of_their_time(client: "Client") -> None:
    client.send("CLIENT GETNAME", "HELLO 3", "CLIENT GETNAME", "HELLO 2")

    first, hello, second, back = client.received()
    assert first is None
    assert second is None
    assert isinstance(hello, MapReply)
    assert isinstance(back, tuple)


def test_quit_is_answered_behind_everything_before_it_and_closes(
    world: "World", client: "Client"
) -> None:
    world.machines[0].holds_disk = True
    client.send("SET a b", "QUIT", "SET c d")
    assert not client.is_closed

    world.machines[0].release_disk()

    assert [OK, OK] == client.received()
    assert client.is_closed


def test_command_describes_the_table(client: "Client") -> None:
    everything = client.ask("COMMAND")

    assert isinstance(everything, tuple)
    assert len(everything) == client.ask("COMMAND COUNT")
