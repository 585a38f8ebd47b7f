"""The format of histories: what is written, read, and refused."""

import json

import pytest
from hypothesis import given

from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.history import HistoryError, read_history, write_history
from leto_sim.lincheck.model import Operation
from leto_sim.lincheck.register import Read, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, Verb
from tests.support.histories import key_histories, register_histories

HEADER = '{"format": "leto-history", "version": 1, "model": "kv"}'
GET = '{"client": "c1", "op": "GET", "key": "x", "invoked": 3, "returned": 5, "result": null}'


def test_a_history_is_written_by_invocation_below_a_header() -> None:
    read = RegisterOperation(key=7, command=Read(), invoked=5, returned=8, result=3, client="c2")
    write = RegisterOperation(key=7, command=WriteValue(3), invoked=1)

    lines = [json.loads(line) for line in write_history([read, write], RegisterDialect())]

    header, first, second = lines
    assert {"format": "leto-history", "version": 1, "model": "register"} == header
    assert {"client": "", "op": "write", "key": 7, "args": [3], "invoked": 1} == first
    assert [5, 8, 3, "c2"] == [second[name] for name in ("invoked", "returned", "result", "client")]


def test_a_line_is_read() -> None:
    history = read_history([HEADER, "\n", GET], KeyDialect())

    expected = Operation[KeyCommand, None](
        key="x", command=KeyCommand(Verb.GET), invoked=3, returned=5, client="c1"
    )
    assert [expected] == history


@given(key_histories())
def test_commands_that_were_written_are_read_again(history: list[KeyOperation]) -> None:
    lines = list(write_history(history, KeyDialect()))

    assert sorted(history, key=lambda one: one.invoked) == read_history(lines, KeyDialect())


@given(register_histories())
def test_registers_that_were_written_are_read_again(history: list[RegisterOperation]) -> None:
    lines = list(write_history(history, RegisterDialect()))

    assert sorted(history, key=lambda one: one.invoked) == read_history(lines, RegisterDialect())


@pytest.mark.parametrize(
    "change,complaint",
    [
        ({"op": 5}, "line 2: field 'op' must be a string, not 5"),
        ({"op": None}, "line 2: field 'op' must be a string, not null"),
        ({"args": "x"}, "line 2: field 'args' must be an array, not \"x\""),
        ({"key": 1.5}, "line 2: field 'key' must be a string or an integer, not 1.5"),
        ({"key": True}, "line 2: field 'key' must be a string or an integer, not true"),
        ({"invoked": "3"}, "line 2: field 'invoked' must be an integer, not \"3\""),
        ({"invoked": True}, "line 2: field 'invoked' must be an integer, not true"),
        ({"returned": 2}, "line 2: field 'returned' is 2, before it was invoked at 3"),
        (
            {"returned": None, "result": "v"},
            "line 2: field 'result' is known, but not when it returned",
        ),
        (
            {"retruned": 5},
            (
                "line 2: field 'retruned' is unknown; there are "
                "args, client, invoked, key, op, result, returned"
            ),
        ),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], complaint: str) -> None:
    line = json.dumps(json.loads(GET) | change)

    with pytest.raises(HistoryError) as error:
        read_history([HEADER, line], KeyDialect())

    assert complaint == str(error.value)


@pytest.mark.parametrize("field", ["op", "key", "invoked", "result"])
def test_a_missing_field_is_named(field: str) -> None:
    record = json.loads(GET)
    del record[field]

    with pytest.raises(HistoryError, match=f"line 1: field '{field}' is missing"):
        read_history([json.dumps(record)], KeyDialect())


@pytest.mark.parametrize(
    "line,complaint",
    [
        ("{", "line 1: is no JSON: Expecting property name .* at column 2"),
        ("[" * 100_000, "line 1: "),
        ("[1]", r"line 1: must be an object, not \[1\]"),
        ('{"format": "csv"}', "line 1: field 'format' must be 'leto-history', not \"csv\""),
        ('{"format": "leto-history"}', "line 1: field 'version' must be 1, not null"),
        (
            '{"format": "leto-history", "version": 1, "model": "register"}',
            "line 1: field 'model' is \"register\", but 'kv' was asked for",
        ),
    ],
)
def test_a_wrong_line_is_named(line: str, complaint: str) -> None:
    with pytest.raises(HistoryError, match=complaint):
        read_history([line], KeyDialect())


def test_a_header_stands_first() -> None:
    with pytest.raises(HistoryError, match="line 2: field 'format' belongs to the first line only"):
        read_history([GET, HEADER], KeyDialect())
