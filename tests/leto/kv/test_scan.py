import pytest

from leto.kv import errors
from leto.kv.keyspace import Keyspace
from leto.kv.scan import scan
from leto.resp import ErrorReply

KEYS = [b"user:%d" % number for number in range(100)] + [b"", b"*"]


@pytest.fixture
def keyspace() -> Keyspace:
    keyspace = Keyspace()
    for key in KEYS:
        keyspace.put(key, b"v")
    return keyspace


def call(keyspace: Keyspace, *arguments: bytes) -> tuple[bytes, list[bytes]]:
    reply = scan(keyspace, (b"SCAN", *arguments), 0)
    assert isinstance(reply, tuple)
    cursor, keys = reply
    assert isinstance(cursor, bytes)
    assert isinstance(keys, tuple)
    return cursor, [key for key in keys if isinstance(key, bytes)]


def test_from_0_to_0_each_key_is_listed_once(keyspace: Keyspace) -> None:
    cursor, found = call(keyspace, b"0")
    calls = 1
    while cursor != b"0":
        cursor, more = call(keyspace, cursor)
        found += more
        calls += 1

    assert sorted(KEYS) == sorted(found)
    assert 5 < calls <= 11


@pytest.mark.parametrize("cursor", [b"16384", b"9223372036854775807"])
def test_there_is_nothing_behind_the_last_key(keyspace: Keyspace, cursor: bytes) -> None:
    assert (b"0", []) == call(keyspace, cursor)


@pytest.mark.parametrize(
    "options, count",
    [
        ((b"MATCH", b"user:1?"), 10),
        ((b"match", b"*"), 102),
        ((b"MATCH", b"nobody"), 0),
        ((b"TYPE", b"string"), 102),
        ((b"type", b"HASH"), 0),
        ((b"MATCH", b"user:*", b"TYPE", b"String"), 100),
        ((b"MATCH", b"nobody", b"MATCH", b"user:7"), 1),
    ],
)
def test_what_does_not_fit_is_not_listed(
    keyspace: Keyspace, options: tuple[bytes, ...], count: int
) -> None:
    cursor, found = call(keyspace, b"0", b"COUNT", b"1000", *options)

    assert b"0" == cursor
    assert count == len(found)


@pytest.mark.parametrize("cursor", [b"", b"-1", b"x", b"0 ", b"1.5"])
def test_what_is_no_cursor_is_refused(keyspace: Keyspace, cursor: bytes) -> None:
    assert errors.INVALID_CURSOR == scan(keyspace, (b"SCAN", cursor, b"nonsense"), 0)


@pytest.mark.parametrize(
    "options, error",
    [
        ((b"MATCH",), errors.SYNTAX),
        ((b"LIMIT", b"7"), errors.SYNTAX),
        ((b"COUNT", b"0"), errors.SYNTAX),
        ((b"COUNT", b"many"), errors.NOT_AN_INTEGER),
    ],
)
def test_options_that_make_no_sense_are_refused(
    keyspace: Keyspace, options: tuple[bytes, ...], error: ErrorReply
) -> None:
    assert error == scan(keyspace, (b"SCAN", b"0", *options), 0)
