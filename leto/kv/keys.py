"""The commands on keys of whatever value: DEL, EXISTS, expiry, TYPE, DBSIZE, KEYS, FLUSHALL.

Responsible for what each does to the keyspace and answers. Arity is checked
before (`commands`). Every function is total: an error is a reply, found before
the first change. Writes count relative times from `stamp_ms`, the log's time;
reads tell how much time is left at the reader's stamp, which may be later.
"""

from collections.abc import Callable
from typing import Final

from leto.kv import errors
from leto.kv.glob import fitting
from leto.kv.keyspace import Keyspace
from leto.resp import (
    INTEGER_MAX,
    INTEGER_MIN,
    OK,
    ErrorReply,
    Reply,
    Request,
    Simple,
    parse_integer,
)

_SECOND_MS: Final = 1000
_NO_KEY: Final = -2
_NO_EXPIRY: Final = -1
_STRING: Final = Simple("string")
_NONE: Final = Simple("none")


def del_(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """DEL key [key ...]."""
    return sum([keyspace.remove(key) for key in arguments[1:]])


def exists(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """EXISTS key [key ...]; a key named twice counts twice."""
    return sum([keyspace.get(key) is not None for key in arguments[1:]])


def expire(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """EXPIRE key seconds [NX | XX | GT | LT]."""
    return _expire(keyspace, arguments, stamp_ms, "expire", _SECOND_MS)


def pexpire(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """PEXPIRE key milliseconds [NX | XX | GT | LT]."""
    return _expire(keyspace, arguments, stamp_ms, "pexpire", 1)


def expireat(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """EXPIREAT key unix-time-in-seconds [NX | XX | GT | LT]."""
    return _expire(keyspace, arguments, 0, "expireat", _SECOND_MS)


def pexpireat(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """PEXPIREAT key unix-time-in-milliseconds [NX | XX | GT | LT]."""
    return _expire(keyspace, arguments, 0, "pexpireat", 1)


def _expire(
    keyspace: Keyspace, arguments: Request, since_ms: int, command: str, unit_ms: int
) -> Reply:
    conditions = _read_conditions(arguments[3:])
    if isinstance(conditions, ErrorReply):
        return conditions
    time = parse_integer(arguments[2])
    if time is None:
        return errors.NOT_AN_INTEGER
    due_ms = since_ms + time * unit_ms
    if time * unit_ms < INTEGER_MIN or due_ms > INTEGER_MAX:
        return errors.invalid_expire_time(command)
    key = arguments[1]
    if keyspace.get(key) is None:
        return 0
    old_due_ms = keyspace.due_ms(key)
    if not all(_CONDITIONS[condition](old_due_ms, due_ms) for condition in conditions):
        return 0
    keyspace.expire_at(key, due_ms)
    return 1


# By option: may a key due then (None: never) become due at the new time? A key
# that never expires counts as due later than any other.
_CONDITIONS: Final[dict[bytes, Callable[[int | None, int], bool]]] = {
    b"NX": lambda old_ms, _: old_ms is None,
    b"XX": lambda old_ms, _: old_ms is not None,
    b"GT": lambda old_ms, due_ms: old_ms is not None and due_ms > old_ms,
    b"LT": lambda old_ms, due_ms: old_ms is None or due_ms < old_ms,
}


def _read_conditions(words: Request) -> list[bytes] | ErrorReply:
    conditions = [word.upper() for word in words]
    for word, condition in zip(words, conditions, strict=True):
        if condition not in _CONDITIONS:
            return errors.unsupported_option(word)
    if b"NX" in conditions and any(condition != b"NX" for condition in conditions):
        return errors.NX_WITH_OTHERS
    if b"GT" in conditions and b"LT" in conditions:
        return errors.GT_WITH_LT
    return conditions


def persist(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """PERSIST key."""
    return int(keyspace.persist(arguments[1]))


def ttl(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """TTL key, in seconds, rounded to the nearest."""
    left_ms = _time_left(keyspace, arguments[1], stamp_ms)
    return left_ms if left_ms < 0 else (left_ms + _SECOND_MS // 2) // _SECOND_MS


def pttl(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """PTTL key, in milliseconds."""
    return _time_left(keyspace, arguments[1], stamp_ms)


def _time_left(keyspace: Keyspace, key: bytes, stamp_ms: int) -> int:
    if keyspace.get(key) is None:
        return _NO_KEY
    due_ms = keyspace.due_ms(key)
    return _NO_EXPIRY if due_ms is None else max(due_ms - stamp_ms, 0)


def type_(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """TYPE key: every value is a string."""
    return _NONE if keyspace.get(arguments[1]) is None else _STRING


def dbsize(keyspace: Keyspace, _arguments: Request, _stamp_ms: int) -> Reply:
    """DBSIZE."""
    return keyspace.key_count


def keys(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """KEYS pattern."""
    return fitting(arguments[1], keyspace)


def flushall(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """FLUSHALL [ASYNC | SYNC]; the memory comes back a little later either way."""
    if [word.upper() for word in arguments[1:]] not in ([], [b"ASYNC"], [b"SYNC"]):
        return errors.SYNTAX
    keyspace.clear()
    return OK
