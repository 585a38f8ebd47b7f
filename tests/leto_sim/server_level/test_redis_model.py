"""What Redis answers, by its documentation."""

import pytest

from leto.resp import ErrorReply, Simple
from leto_sim.server_level.redis_model import (
    NOT_AN_INTEGER,
    NOW_LATEST_MS,
    OVERFLOW,
    SYNTAX,
    YEAR_MS,
    AnyOrder,
    Between,
    Expected,
    Held,
    Keys,
    fits,
    outcomes,
)

MOST = b"9223372036854775807"
LEAST = b"-9223372036854775808"
CENTURY = str(100 * YEAR_MS).encode()
HALF_A_CENTURY = str(50 * YEAR_MS).encode()


def after(*lines: bytes) -> tuple[Expected, Keys]:
    """The only outcome of the last of these commands."""
    keys: Keys = {}
    said: Expected = None
    for line in lines:
        ((said, keys),) = outcomes(keys, line.split(b" "))
    return said, keys


@pytest.mark.parametrize(
    "lines, said",
    [
        ((b"GET k",), None),
        ((b"SET k v", b"GET k"), b"v"),
        ((b"SET k v NX GET",), None),
        ((b"SET k v", b"SET k w NX"), None),
        ((b"SET k v", b"SET k w NX GET"), b"v"),
        ((b"SET k v", b"SET k w GET"), b"v"),
        ((b"SET k v XX",), None),
        ((b"SET k v", b"SET k w xx", b"GET k"), b"w"),
        ((b"SET k v NX XX",), SYNTAX),
        ((b"SET k v EX 9 KEEPTTL",), SYNTAX),
        ((b"SET k v EX 9 PX 9",), SYNTAX),
        ((b"SET k v EX",), SYNTAX),
        ((b"SET k v EX x",), NOT_AN_INTEGER),
        ((b"SET k v EX 0",), ErrorReply("ERR invalid expire time in 'set' command")),
        ((b"SETEX k 0 v",), ErrorReply("ERR invalid expire time in 'setex' command")),
        ((b"SET k v EXAT 1", b"EXISTS k"), 0),
        ((b"SETNX k v",), 1),
        ((b"SET k v", b"SETNX k w"), 0),
        ((b"SET k v", b"GETSET k w"), b"v"),
        ((b"SET k v", b"GETDEL k", b"EXISTS k"), 0),
        ((b"SET k v", b"APPEND k w"), 2),
        ((b"SET k vw", b"STRLEN k"), 2),
        ((b"INCR k",), 1),
        ((b"DECRBY k 5",), -5),
        ((b"SET k 01", b"INCR k"), NOT_AN_INTEGER),
        ((b"SET k -", b"INCR k"), NOT_AN_INTEGER),
        ((b"INCRBY k x",), NOT_AN_INTEGER),
        ((b"SET k " + MOST, b"INCR k"), OVERFLOW),
        ((b"SET k " + LEAST, b"DECR k"), OVERFLOW),
        ((b"DECRBY k " + LEAST,), ErrorReply("ERR decrement would overflow")),
        ((b"MSET a 1 b 2", b"MGET b a c"), (b"2", b"1", None)),
        ((b"MSET a 1 b",), ErrorReply("ERR wrong number of arguments for 'mset' command")),
        ((b"MSET a 1 b 2", b"DEL a a b c"), 2),
        ((b"SET a 1", b"EXISTS a a c"), 2),
        ((b"EXPIRE k 9",), 0),
        ((b"SET k v", b"PEXPIRE k " + CENTURY), 1),
        ((b"SET k v", b"PEXPIRE k " + CENTURY + b" GT"), 0),
        ((b"SET k v", b"PEXPIRE k " + CENTURY + b" XX"), 0),
        ((b"SET k v", b"PEXPIRE k " + CENTURY + b" LT"), 1),
        ((b"PSETEX k " + CENTURY + b" v", b"PEXPIRE k " + HALF_A_CENTURY + b" GT"), 0),
        ((b"PSETEX k " + HALF_A_CENTURY + b" v", b"PEXPIRE k " + CENTURY + b" GT"), 1),
        ((b"PSETEX k " + HALF_A_CENTURY + b" v", b"PEXPIRE k " + CENTURY + b" NX"), 0),
        ((b"SET k v", b"EXPIRE k -1", b"GET k"), None),
        ((b"EXPIRE k 9 ZZ",), ErrorReply("ERR Unsupported option ZZ")),
        (
            (b"EXPIRE k 9 nx gt",),
            ErrorReply("ERR NX and XX, GT or LT options at the same time are not compatible"),
        ),
        (
            (b"EXPIRE k 9 LT GT",),
            ErrorReply("ERR GT and LT options at the same time are not compatible"),
        ),
        ((b"EXPIRE k x",), NOT_AN_INTEGER),
        ((b"EXPIRE k " + MOST,), ErrorReply("ERR invalid expire time in 'expire' command")),
        ((b"SET k v", b"PERSIST k"), 0),
        ((b"PSETEX k " + CENTURY + b" v", b"PERSIST k"), 1),
        ((b"TTL k",), -2),
        ((b"SET k v", b"TTL k"), -1),
        ((b"PSETEX k " + CENTURY + b" v", b"PTTL k"), Between(98 * YEAR_MS, 100 * YEAR_MS)),
        ((b"PSETEX k " + CENTURY + b" v", b"APPEND k w", b"INCR n", b"TTL n"), -1),
        ((b"PSETEX k " + CENTURY + b" v", b"SET k w", b"TTL k"), -1),
        ((b"TYPE k",), Simple("none")),
        ((b"SET k v", b"TYPE k"), Simple("string")),
        ((b"SET k v", b"KEYS *"), AnyOrder((b"k",), has_cursor=False)),
        ((b"SET k v", b"SCAN 0"), AnyOrder((b"k",), has_cursor=True)),
        ((b"GET",), ErrorReply("ERR wrong number of arguments for 'get' command")),
        (
            (b"FROB this that",),
            ErrorReply("ERR unknown command 'FROB', with args beginning with: 'this' 'that' "),
        ),
    ],
)
def test_a_command_is_answered_as_documented(lines: tuple[bytes, ...], said: Expected) -> None:
    assert said == after(*lines)[0]


@pytest.mark.parametrize("command", [b"APPEND k 1", b"INCR k", b"SET k 2 KEEPTTL"])
def test_who_changes_a_value_in_place_lets_it_expire_when_it_would_have(command: bytes) -> None:
    _, before = after(b"PSETEX k " + CENTURY + b" 1")

    _, keys = after(b"PSETEX k " + CENTURY + b" 1", command)

    assert before[b"k"].due == keys[b"k"].due


def test_a_key_that_may_have_expired_has_and_has_not() -> None:
    _, keys = after(b"SET k v PX 100")

    said = [said for said, _ in outcomes(keys, (b"GET", b"k"))]

    assert [b"v", None] == said


def test_which_of_two_times_is_later_is_not_known_within_a_year() -> None:
    _, keys = after(b"PSETEX k " + CENTURY + b" v")

    said = [said for said, _ in outcomes(keys, (b"PEXPIRE", b"k", CENTURY, b"GT"))]

    assert [1, 0] == said


def test_a_time_that_is_far_away_is_certain() -> None:
    (certain, (said, keys)) = NOW_LATEST_MS + YEAR_MS, after(b"SET k v")

    ((said, keys),) = outcomes(keys, (b"PEXPIREAT", b"k", b"%d" % certain))

    assert said == 1
    assert isinstance(keys[b"k"], Held)
    assert not keys[b"k"].may_be_gone


def test_a_number_fits_between_its_bounds_alone() -> None:
    assert fits(Between(1, 2), 2)
    assert not fits(Between(1, 2), 3)
    assert not fits(Between(1, 2), b"2")


def test_keys_fit_in_any_order() -> None:
    both = (b"a", b"b")

    assert fits(AnyOrder(both, has_cursor=False), (b"b", b"a"))
    assert fits(AnyOrder(both, has_cursor=True), (b"0", (b"b", b"a")))
    assert not fits(AnyOrder(both, has_cursor=True), (b"7", (b"b", b"a")))
    assert not fits(AnyOrder(both, has_cursor=False), (b"b",))
    assert not fits(AnyOrder(both, has_cursor=True), 0)
