"""How commands and results are written."""

import pytest

from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.history import FieldError, Json
from leto_sim.lincheck.register import CompareAndSet, Read, RegisterCommand, WriteValue
from leto_sim.lincheck.strings import ErrorReply, KeyCommand, KeyReply, SetOption, Verb


@pytest.mark.parametrize(
    "name,arguments,command",
    [
        ("get", [], KeyCommand(Verb.GET)),
        (
            "SET",
            ["v", "nx", "GET"],
            KeyCommand(Verb.SET, b"v", frozenset({SetOption.NX, SetOption.GET})),
        ),
        ("APPEND", [{"base64": "/w=="}], KeyCommand(Verb.APPEND, b"\xff")),
        ("INCRBY", ["5"], KeyCommand(Verb.INCRBY, b"5")),
    ],
)
def test_commands_are_written_as_they_are_sent(
    name: str, arguments: list[Json], command: KeyCommand
) -> None:
    assert command == KeyDialect().decode(name, arguments)


@pytest.mark.parametrize(
    "name,arguments,complaint",
    [
        ("EXPIRE", ["5"], "field 'op' must be one of GET, SET, .*EXISTS, not \"EXPIRE\""),
        ("GET", ["v"], "field 'args' must be 0 for GET, not 1"),
        ("SET", [], "field 'args' must be 1 for SET, not 0"),
        ("SET", ["v", "EX"], "field 'args' after SET's value must be NX, XX or GET, not \"EX\""),
        ("SET", ["v", "NX", "XX"], "field 'args' cannot be both NX and XX"),
        ("SET", [5], r"field 'args' must be a string or \{'base64': …\}, not 5"),
        ("SET", [{"base64": "?"}], "field 'args' is no base64: "),
    ],
)
def test_a_wrong_command_is_named(name: str, arguments: list[Json], complaint: str) -> None:
    with pytest.raises(FieldError, match=complaint):
        KeyDialect().decode(name, arguments)


@pytest.mark.parametrize(
    "written,reply",
    [
        (None, None),
        (5, 5),
        ("v", b"v"),
        ({"base64": "/w=="}, b"\xff"),
        ({"error": "ERR no"}, ErrorReply("ERR no")),
    ],
)
def test_replies_are_written_in_their_types(written: Json, reply: KeyReply) -> None:
    assert reply == KeyDialect().decode_result(KeyCommand(Verb.GET), written)
    assert written == KeyDialect().encode_result(reply)


@pytest.mark.parametrize("written", [True, 1.5, [], {"value": 5}])
def test_anything_else_is_no_reply(written: Json) -> None:
    with pytest.raises(FieldError, match="field 'result' "):
        KeyDialect().decode_result(KeyCommand(Verb.GET), written)


@pytest.mark.parametrize(
    "name,arguments,command",
    [
        ("read", [], Read()),
        ("write", [5], WriteValue(5)),
        ("cas", [None, "new"], CompareAndSet(None, "new")),
    ],
)
def test_a_register_knows_three_commands(
    name: str, arguments: list[Json], command: RegisterCommand
) -> None:
    assert command == RegisterDialect().decode(name, arguments)
    assert (name, tuple(arguments)) == RegisterDialect().encode(command)


@pytest.mark.parametrize(
    "name,arguments,complaint",
    [
        ("swap", [], "field 'op' must be one of read, write, cas"),
        ("cas", [5], "field 'args' must be 2 for cas, not 1"),
        ("write", [1.5], "field 'args' must be integers, strings or null, not 1.5"),
        ("write", [True], "field 'args' must be integers, strings or null, not true"),
    ],
)
def test_a_wrong_register_command_is_named(
    name: str, arguments: list[Json], complaint: str
) -> None:
    with pytest.raises(FieldError, match=complaint):
        RegisterDialect().decode(name, arguments)


def test_who_writes_is_told_nothing_and_who_compares_yes_or_no() -> None:
    dialect = RegisterDialect()

    assert dialect.decode_result(WriteValue(5), "OK") is None
    assert True is dialect.decode_result(CompareAndSet(1, 2), True)  # noqa: FBT003 - a result
    assert 5 == dialect.decode_result(Read(), 5)
    assert not dialect.result_is_needed(WriteValue(5))
    with pytest.raises(FieldError, match="field 'result' must be true or false, not 1"):
        dialect.decode_result(CompareAndSet(1, 2), 1)
