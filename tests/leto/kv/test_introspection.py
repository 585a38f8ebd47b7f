import pytest

from leto.kv import errors
from leto.kv.commands import COMMANDS
from leto.kv.introspection import command_reply
from leto.resp import MapReply, Reply, SetReply, Simple

GET = (b"get", 2, SetReply((Simple("readonly"), Simple("fast"))), 1, 1, 1, SetReply(()), (), (), ())


def names_of(reply: Reply) -> list[Reply]:
    assert isinstance(reply, tuple)
    return [detail[0] if isinstance(detail, tuple) else detail for detail in reply]


@pytest.mark.parametrize("request_", [(b"COMMAND",), (b"command", b"info")])
def test_command_describes_the_whole_table(request_: tuple[bytes, ...]) -> None:
    reply = command_reply(request_)

    assert [command.name.encode() for command in COMMANDS] == names_of(reply)


def test_command_info_describes_those_named_and_marks_the_unknown() -> None:
    assert (None, GET) == command_reply((b"COMMAND", b"INFO", b"nosuch", b"Get"))


def test_command_count_counts() -> None:
    assert len(COMMANDS) == command_reply((b"COMMAND", b"count"))


def test_command_list_names_every_command() -> None:
    expected = tuple(command.name.encode() for command in COMMANDS)

    assert expected == command_reply((b"COMMAND", b"LIST"))


def test_command_docs_documents_those_named_and_leaves_the_unknown_out() -> None:
    doc = MapReply.of(
        {b"summary": b"Return the value of a key.", b"since": b"1.0.0", b"group": b"string"}
    )

    reply = command_reply((b"COMMAND", b"DOCS", b"get", b"nosuch"))

    assert MapReply.of({b"get": doc}) == reply


def test_command_docs_documents_everything() -> None:
    reply = command_reply((b"COMMAND", b"DOCS"))

    assert isinstance(reply, MapReply)
    assert [command.name.encode() for command in COMMANDS] == [name for name, _ in reply.pairs]


def test_command_help_is_lines_of_text() -> None:
    reply = command_reply((b"COMMAND", b"HELP"))

    assert isinstance(reply, tuple)
    assert all(isinstance(line, Simple) for line in reply)


@pytest.mark.parametrize("subcommand", ["count", "list", "help"])
def test_subcommands_without_arguments_refuse_them(subcommand: str) -> None:
    reply = command_reply((b"COMMAND", subcommand.upper().encode(), b"x"))

    assert errors.wrong_arity(f"command|{subcommand}") == reply


@pytest.mark.parametrize("subcommand", [b"nosuch", b"", b"\xff"])
def test_an_unknown_subcommand_is_told_so(subcommand: bytes) -> None:
    reply = command_reply((b"COMMAND", subcommand))

    assert errors.unknown_subcommand("command", subcommand) == reply
