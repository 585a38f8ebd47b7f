import pytest

from leto.kv import errors, keys
from leto.kv.keyspace import Keyspace
from leto.resp import OK, ErrorReply, Reply, Simple

NOW_MS = 1_000_000
DUE_MS = NOW_MS + 10_000
MAX = 2**63 - 1
MIN = -(2**63)


@pytest.fixture
def keyspace() -> Keyspace:
    keyspace = Keyspace()
    keyspace.advance_time(NOW_MS)
    keyspace.put(b"stays", b"v")
    keyspace.put(b"soon", b"v")
    keyspace.expire_at(b"soon", DUE_MS)
    return keyspace


def expire(keyspace: Keyspace, *arguments: bytes) -> Reply:
    return keys.expire(keyspace, (b"EXPIRE", *arguments), NOW_MS)


def test_del_counts_what_was_there(keyspace: Keyspace) -> None:
    assert 2 == keys.del_(keyspace, (b"DEL", b"soon", b"none", b"stays", b"soon"), NOW_MS)

    assert 0 == keyspace.key_count


def test_exists_counts_a_key_as_often_as_it_is_named(keyspace: Keyspace) -> None:
    assert 3 == keys.exists(keyspace, (b"EXISTS", b"soon", b"none", b"stays", b"soon"), NOW_MS)


def test_expire_takes_seconds_and_pexpire_milliseconds(keyspace: Keyspace) -> None:
    assert 1 == expire(keyspace, b"stays", b"7")
    assert 1 == keys.pexpire(keyspace, (b"PEXPIRE", b"soon", b"7"), NOW_MS)

    assert NOW_MS + 7_000 == keyspace.due_ms(b"stays")
    assert NOW_MS + 7 == keyspace.due_ms(b"soon")


def test_expireat_takes_seconds_and_pexpireat_milliseconds_since_1970(keyspace: Keyspace) -> None:
    assert 1 == keys.expireat(keyspace, (b"EXPIREAT", b"stays", b"1007"), NOW_MS)
    assert 1 == keys.pexpireat(keyspace, (b"PEXPIREAT", b"soon", b"1000007"), NOW_MS)

    assert NOW_MS + 7_000 == keyspace.due_ms(b"stays")
    assert NOW_MS + 7 == keyspace.due_ms(b"soon")


def test_expireat_in_the_past_deletes(keyspace: Keyspace) -> None:
    assert 1 == keys.expireat(keyspace, (b"EXPIREAT", b"stays", b"1000"), NOW_MS)

    assert keyspace.get(b"stays") is None


def test_expire_of_no_key_answers_zero(keyspace: Keyspace) -> None:
    assert 0 == expire(keyspace, b"none", b"7")


@pytest.mark.parametrize("seconds", [b"0", b"-1", b"%d" % -(MAX // 1000)])
def test_expire_in_the_past_deletes(keyspace: Keyspace, seconds: bytes) -> None:
    assert 1 == expire(keyspace, b"stays", seconds)

    assert keyspace.get(b"stays") is None


@pytest.mark.parametrize(
    "key, seconds, options, reply",
    [
        (b"stays", b"5", [b"NX"], 1),
        (b"soon", b"5", [b"nx"], 0),
        (b"stays", b"5", [b"XX"], 0),
        (b"soon", b"5", [b"XX"], 1),
        (b"stays", b"5", [b"GT"], 0),
        (b"soon", b"5", [b"GT"], 0),
        (b"soon", b"10", [b"GT"], 0),
        (b"soon", b"11", [b"GT"], 1),
        (b"stays", b"5", [b"LT"], 1),
        (b"soon", b"5", [b"LT"], 1),
        (b"soon", b"10", [b"LT"], 0),
        (b"soon", b"11", [b"XX", b"GT"], 1),
        (b"stays", b"5", [b"LT", b"XX"], 0),
        (b"stays", b"5", [b"NX", b"NX"], 1),
    ],
)
def test_expire_obeys_its_conditions(
    keyspace: Keyspace, key: bytes, seconds: bytes, options: list[bytes], reply: int
) -> None:
    before = keyspace.due_ms(key)

    assert reply == expire(keyspace, key, seconds, *options)

    assert (NOW_MS + 1000 * int(seconds) if reply else before) == keyspace.due_ms(key)


@pytest.mark.parametrize(
    "options, error",
    [
        ([b"nope"], ErrorReply("ERR Unsupported option nope")),
        ([b"NX", b"XX"], errors.NX_WITH_OTHERS),
        ([b"GT", b"NX"], errors.NX_WITH_OTHERS),
        ([b"GT", b"LT"], errors.GT_WITH_LT),
    ],
)
def test_expire_refuses_conditions_that_make_no_sense(
    keyspace: Keyspace, options: list[bytes], error: ErrorReply
) -> None:
    assert error == expire(keyspace, b"soon", b"bad", *options)
    assert DUE_MS == keyspace.due_ms(b"soon")


def test_expire_refuses_what_is_no_integer(keyspace: Keyspace) -> None:
    assert errors.NOT_AN_INTEGER == expire(keyspace, b"soon", b"bad")


@pytest.mark.parametrize("seconds", [MAX, MAX // 1000, MIN, MIN // 1000])
def test_expire_refuses_a_time_beyond_64_bits(keyspace: Keyspace, seconds: int) -> None:
    error = ErrorReply("ERR invalid expire time in 'expire' command")

    assert error == expire(keyspace, b"soon", b"%d" % seconds)
    assert DUE_MS == keyspace.due_ms(b"soon")


def test_persist_tells_if_the_key_would_have_expired(keyspace: Keyspace) -> None:
    assert 1 == keys.persist(keyspace, (b"PERSIST", b"soon"), NOW_MS)
    assert 0 == keys.persist(keyspace, (b"PERSIST", b"soon"), NOW_MS)
    assert 0 == keys.persist(keyspace, (b"PERSIST", b"none"), NOW_MS)


@pytest.mark.parametrize(
    "key, stamp_ms, seconds, milliseconds",
    [
        (b"none", NOW_MS, -2, -2),
        (b"stays", NOW_MS, -1, -1),
        (b"soon", NOW_MS, 10, 10_000),
        (b"soon", NOW_MS + 501, 9, 9_499),
        (b"soon", NOW_MS + 9_500, 1, 500),
        (b"soon", DUE_MS + 7, 0, 0),
    ],
)
def test_ttl_is_what_is_left_at_the_readers_stamp(
    keyspace: Keyspace, key: bytes, stamp_ms: int, seconds: int, milliseconds: int
) -> None:
    assert seconds == keys.ttl(keyspace, (b"TTL", key), stamp_ms)
    assert milliseconds == keys.pttl(keyspace, (b"PTTL", key), stamp_ms)


@pytest.mark.parametrize("key, name", [(b"stays", "string"), (b"none", "none")])
def test_every_value_is_a_string(keyspace: Keyspace, key: bytes, name: str) -> None:
    assert Simple(name) == keys.type_(keyspace, (b"TYPE", key), NOW_MS)


def test_dbsize_counts_the_keys(keyspace: Keyspace) -> None:
    assert 2 == keys.dbsize(keyspace, (b"DBSIZE",), NOW_MS)


@pytest.mark.parametrize(
    "pattern, found", [(b"*", {b"stays", b"soon"}), (b"s*n", {b"soon"}), (b"x", set[bytes]())]
)
def test_keys_lists_what_fits(keyspace: Keyspace, pattern: bytes, found: set[bytes]) -> None:
    reply = keys.keys(keyspace, (b"KEYS", pattern), NOW_MS)

    assert isinstance(reply, tuple)
    assert found == set(reply)


@pytest.mark.parametrize("how", [(), (b"ASYNC",), (b"sync",)])
def test_flushall_deletes_every_key(keyspace: Keyspace, how: tuple[bytes, ...]) -> None:
    assert OK == keys.flushall(keyspace, (b"FLUSHALL", *how), NOW_MS)

    assert 0 == keyspace.key_count


@pytest.mark.parametrize("how", [(b"now",), (b"ASYNC", b"SYNC")])
def test_flushall_refuses_other_ways(keyspace: Keyspace, how: tuple[bytes, ...]) -> None:
    assert errors.SYNTAX == keys.flushall(keyspace, (b"FLUSHALL", *how), NOW_MS)

    assert 2 == keyspace.key_count
