import pytest

from leto.kv import errors, strings
from leto.kv.keyspace import Keyspace
from leto.resp import OK, ErrorReply, Reply

NOW_MS = 1_000_000
MAX = 2**63 - 1
MIN = -(2**63)


@pytest.fixture
def keyspace() -> Keyspace:
    keyspace = Keyspace()
    keyspace.advance_time(NOW_MS)
    keyspace.put(b"number", b"10")
    keyspace.put(b"text", b"hello")
    keyspace.put(b"soon", b"1")
    keyspace.expire_at(b"soon", NOW_MS + 500)
    return keyspace


def set_(keyspace: Keyspace, *arguments: bytes) -> Reply:
    return strings.set_(keyspace, (b"SET", *arguments), NOW_MS)


def test_get_returns_the_value_or_null(keyspace: Keyspace) -> None:
    assert b"hello" == strings.get(keyspace, (b"GET", b"text"), NOW_MS)
    assert strings.get(keyspace, (b"GET", b"none"), NOW_MS) is None


def test_set_gives_a_value_that_stays(keyspace: Keyspace) -> None:
    assert OK == set_(keyspace, b"soon", b"v")

    assert b"v" == keyspace.get(b"soon")
    assert keyspace.due_ms(b"soon") is None


@pytest.mark.parametrize(
    "key, option, value",
    [
        (b"text", b"NX", b"hello"),
        (b"none", b"nx", b"new"),
        (b"text", b"XX", b"new"),
        (b"none", b"Xx", None),
    ],
)
def test_set_obeys_its_condition(
    keyspace: Keyspace, key: bytes, option: bytes, value: bytes | None
) -> None:
    reply = set_(keyspace, key, b"new", option)

    assert (OK if value == b"new" else None) == reply
    assert value == keyspace.get(key)


@pytest.mark.parametrize(
    "key, options, reply, value",
    [
        (b"text", [b"GET"], b"hello", b"new"),
        (b"none", [b"GET"], None, b"new"),
        (b"text", [b"GET", b"NX"], b"hello", b"hello"),
        (b"none", [b"GET", b"NX"], None, b"new"),
        (b"none", [b"XX", b"GET"], None, None),
    ],
)
def test_set_with_get_returns_the_old_value(
    keyspace: Keyspace, key: bytes, options: list[bytes], reply: Reply, value: bytes | None
) -> None:
    assert reply == set_(keyspace, key, b"new", *options)
    assert value == keyspace.get(key)


@pytest.mark.parametrize(
    "options, due_ms",
    [
        ([b"EX", b"10"], NOW_MS + 10_000),
        ([b"px", b"10"], NOW_MS + 10),
        ([b"EXAT", b"2000"], 2_000_000),
        ([b"PXAT", b"2000000"], 2_000_000),
        ([b"EX", b"10", b"EX", b"20"], NOW_MS + 20_000),
        ([b"PXAT", b"%d" % MAX], MAX),
        ([b"KEEPTTL"], NOW_MS + 500),
        ([b"KEEPTTL", b"XX"], NOW_MS + 500),
        ([], None),
    ],
)
def test_set_decides_when_the_key_expires(
    keyspace: Keyspace, options: list[bytes], due_ms: int | None
) -> None:
    assert OK == set_(keyspace, b"soon", b"v", *options)

    assert b"v" == keyspace.get(b"soon")
    assert due_ms == keyspace.due_ms(b"soon")


def test_set_with_a_time_that_has_passed_deletes_the_key(keyspace: Keyspace) -> None:
    assert OK == set_(keyspace, b"text", b"v", b"PXAT", b"%d" % NOW_MS)

    assert keyspace.get(b"text") is None


@pytest.mark.parametrize(
    "options",
    [
        [b"nonsense"],
        [b""],
        [b"NX", b"XX"],
        [b"XX", b"NX"],
        [b"EX"],
        [b"EX", b"1", b"PX", b"1"],
        [b"EX", b"1", b"KEEPTTL"],
        [b"KEEPTTL", b"EX", b"1"],
        [b"EX", b"bad", b"nonsense"],
    ],
)
def test_set_refuses_options_that_make_no_sense(keyspace: Keyspace, options: list[bytes]) -> None:
    assert errors.SYNTAX == set_(keyspace, b"text", b"new", *options)
    assert b"hello" == keyspace.get(b"text")


@pytest.mark.parametrize("text", [b"", b"x", b"1.5", b"%d" % (MAX + 1)])
def test_set_refuses_a_time_that_is_no_integer(keyspace: Keyspace, text: bytes) -> None:
    assert errors.NOT_AN_INTEGER == set_(keyspace, b"text", b"new", b"EX", text)
    assert b"hello" == keyspace.get(b"text")


@pytest.mark.parametrize(
    "options",
    [
        [b"EX", b"0"],
        [b"PX", b"-1"],
        [b"EXAT", b"0"],
        [b"PX", b"%d" % MAX],
        [b"EX", b"%d" % (MAX // 1000)],
        [b"EXAT", b"%d" % (MAX // 1000 + 1)],
    ],
)
def test_set_refuses_a_time_that_is_none(keyspace: Keyspace, options: list[bytes]) -> None:
    error = ErrorReply("ERR invalid expire time in 'set' command")

    assert error == set_(keyspace, b"text", b"new", *options)
    assert b"hello" == keyspace.get(b"text")


def test_setnx_gives_a_value_to_a_key_that_has_none(keyspace: Keyspace) -> None:
    assert 1 == strings.setnx(keyspace, (b"SETNX", b"new", b"v"), NOW_MS)
    assert 0 == strings.setnx(keyspace, (b"SETNX", b"soon", b"v"), NOW_MS)

    assert b"v" == keyspace.get(b"new")
    assert b"1" == keyspace.get(b"soon")
    assert NOW_MS + 500 == keyspace.due_ms(b"soon")


def test_setex_takes_seconds_and_psetex_milliseconds(keyspace: Keyspace) -> None:
    assert OK == strings.setex(keyspace, (b"SETEX", b"text", b"7", b"v"), NOW_MS)
    assert OK == strings.psetex(keyspace, (b"PSETEX", b"soon", b"7", b"w"), NOW_MS)

    assert (b"v", NOW_MS + 7_000) == (keyspace.get(b"text"), keyspace.due_ms(b"text"))
    assert (b"w", NOW_MS + 7) == (keyspace.get(b"soon"), keyspace.due_ms(b"soon"))


@pytest.mark.parametrize(
    "time, error",
    [
        (b"soon", errors.NOT_AN_INTEGER),
        (b"0", errors.invalid_expire_time("setex")),
        (b"-1", errors.invalid_expire_time("setex")),
        (b"%d" % (MAX // 1_000), errors.invalid_expire_time("setex")),
    ],
)
def test_setex_refuses_a_time_that_is_none(
    keyspace: Keyspace, time: bytes, error: ErrorReply
) -> None:
    assert error == strings.setex(keyspace, (b"SETEX", b"text", time, b"v"), NOW_MS)

    assert b"hello" == keyspace.get(b"text")


def test_getset_returns_the_old_value_and_the_new_one_stays(keyspace: Keyspace) -> None:
    assert b"1" == strings.getset(keyspace, (b"GETSET", b"soon", b"2"), NOW_MS)
    assert strings.getset(keyspace, (b"GETSET", b"new", b"3"), NOW_MS) is None

    assert (b"2", None) == (keyspace.get(b"soon"), keyspace.due_ms(b"soon"))
    assert b"3" == keyspace.get(b"new")


def test_getdel_returns_what_it_deletes(keyspace: Keyspace) -> None:
    assert b"hello" == strings.getdel(keyspace, (b"GETDEL", b"text"), NOW_MS)
    assert strings.getdel(keyspace, (b"GETDEL", b"text"), NOW_MS) is None

    assert keyspace.get(b"text") is None


def test_strlen_is_the_length_of_the_value(keyspace: Keyspace) -> None:
    assert 5 == strings.strlen(keyspace, (b"STRLEN", b"text"), NOW_MS)
    assert 0 == strings.strlen(keyspace, (b"STRLEN", b"none"), NOW_MS)


def test_append_lengthens_the_value_and_keeps_its_due_time(keyspace: Keyspace) -> None:
    assert 3 == strings.append(keyspace, (b"APPEND", b"soon", b"23"), NOW_MS)
    assert 0 == strings.append(keyspace, (b"APPEND", b"none", b""), NOW_MS)

    assert b"123" == keyspace.get(b"soon")
    assert NOW_MS + 500 == keyspace.due_ms(b"soon")
    assert b"" == keyspace.get(b"none")


def test_append_refuses_a_value_that_would_be_too_big(
    keyspace: Keyspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strings, "VALUE_BYTES_MAX", 6)

    assert 6 == strings.append(keyspace, (b"APPEND", b"text", b"!"), NOW_MS)
    assert errors.STRING_TOO_BIG == strings.append(keyspace, (b"APPEND", b"text", b"!"), NOW_MS)
    assert b"hello!" == keyspace.get(b"text")


def test_counters_count(keyspace: Keyspace) -> None:
    assert 11 == strings.incr(keyspace, (b"INCR", b"number"), NOW_MS)
    assert 10 == strings.decr(keyspace, (b"DECR", b"number"), NOW_MS)
    assert 15 == strings.incrby(keyspace, (b"INCRBY", b"number", b"5"), NOW_MS)
    assert -5 == strings.decrby(keyspace, (b"DECRBY", b"number", b"20"), NOW_MS)
    assert -1 == strings.decr(keyspace, (b"DECR", b"none"), NOW_MS)

    assert b"-5" == keyspace.get(b"number")


def test_counting_keeps_the_due_time(keyspace: Keyspace) -> None:
    assert 2 == strings.incr(keyspace, (b"INCR", b"soon"), NOW_MS)

    assert NOW_MS + 500 == keyspace.due_ms(b"soon")


def test_a_counter_is_an_integer(keyspace: Keyspace) -> None:
    assert errors.NOT_AN_INTEGER == strings.incr(keyspace, (b"INCR", b"text"), NOW_MS)
    assert errors.NOT_AN_INTEGER == strings.incrby(keyspace, (b"INCRBY", b"number", b"x"), NOW_MS)
    assert errors.NOT_AN_INTEGER == strings.decrby(keyspace, (b"DECRBY", b"number", b"x"), NOW_MS)

    assert b"hello" == keyspace.get(b"text")
    assert b"10" == keyspace.get(b"number")


def test_a_counter_does_not_overflow(keyspace: Keyspace) -> None:
    keyspace.put(b"number", b"%d" % MAX)
    keyspace.put(b"text", b"%d" % MIN)

    assert errors.OVERFLOW == strings.incr(keyspace, (b"INCR", b"number"), NOW_MS)
    assert errors.OVERFLOW == strings.decr(keyspace, (b"DECR", b"text"), NOW_MS)
    smallest = (b"DECRBY", b"number", b"%d" % MIN)
    assert errors.DECREMENT_OVERFLOW == strings.decrby(keyspace, smallest, NOW_MS)

    assert b"%d" % MAX == keyspace.get(b"number")


def test_mget_returns_the_values_in_order(keyspace: Keyspace) -> None:
    reply = strings.mget(keyspace, (b"MGET", b"text", b"none", b"number", b"text"), NOW_MS)

    assert (b"hello", None, b"10", b"hello") == reply


def test_mset_sets_all_and_the_last_of_a_key_wins(keyspace: Keyspace) -> None:
    reply = strings.mset(keyspace, (b"MSET", b"a", b"1", b"soon", b"2", b"a", b"3"), NOW_MS)

    assert OK == reply
    assert (b"3", b"2") == (keyspace.get(b"a"), keyspace.get(b"soon"))
    assert keyspace.due_ms(b"soon") is None


def test_mset_refuses_a_key_without_a_value(keyspace: Keyspace) -> None:
    reply = strings.mset(keyspace, (b"MSET", b"a", b"1", b"b"), NOW_MS)

    assert errors.wrong_arity("mset") == reply
    assert keyspace.get(b"a") is None
