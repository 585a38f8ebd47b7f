"""The commands on string values: GET, SET and its relatives, counters, APPEND, MGET, MSET.

Responsible for what each does to the keyspace and answers. Arity is checked
before (`commands`). Every function is total: an error is a reply, found before
the first change. A relative time counts from `stamp_ms`, the log's time, so all
nodes compute the same due time.
"""

from typing import Final

import attrs

from leto.kv import errors
from leto.kv.keyspace import Keyspace
from leto.resp import INTEGER_MAX, INTEGER_MIN, OK, ErrorReply, Reply, Request, parse_integer

# proto-max-bulk-len; part of the replicated meaning of APPEND, so no setting.
VALUE_BYTES_MAX: Final = 512 * 1024 * 1024


def get(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """GET key."""
    return keyspace.get(arguments[1])


def set_(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]."""
    if len(arguments) == 3:  # noqa: PLR2004 - the plain SET, by far the most frequent
        keyspace.put(arguments[1], arguments[2])
        return OK
    options = _read_set_options(arguments)
    if isinstance(options, ErrorReply):
        return options
    due_ms = options.read_due(stamp_ms)
    if isinstance(due_ms, ErrorReply):
        return due_ms
    _, key, value, *_ = arguments
    old = keyspace.get(key)
    if options.condition == (b"XX" if old is None else b"NX"):
        return old if options.get else None
    if options.keep_ttl:
        keyspace.replace(key, value)
    else:
        keyspace.put(key, value)
    if due_ms is not None:
        keyspace.expire_at(key, due_ms)
    return old if options.get else OK


_SECOND_MS: Final = 1000
_EXPIRY_UNITS_MS: Final = {b"EX": _SECOND_MS, b"PX": 1, b"EXAT": _SECOND_MS, b"PXAT": 1}
_RELATIVE: Final = (b"EX", b"PX")


@attrs.define
class _SetOptions:
    """What stands behind SET's value, as far as it has been read."""

    condition: bytes | None = None  # NX or XX
    get: bool = False
    keep_ttl: bool = False
    expiry: bytes | None = None  # the option that said when
    expiry_time: bytes = b""

    def read_due(self, stamp_ms: int) -> int | ErrorReply | None:
        """Compute when the key expires; None if it does not."""
        if self.expiry is None:
            return None
        since_ms = stamp_ms if self.expiry in _RELATIVE else 0
        return _read_due(self.expiry_time, since_ms, _EXPIRY_UNITS_MS[self.expiry], "set")


def _read_set_options(arguments: Request) -> _SetOptions | ErrorReply:
    options = _SetOptions()
    words = iter(arguments[3:])
    for word in words:
        match word.upper():
            case b"NX" | b"XX" as condition if options.condition in {None, condition}:
                options.condition = condition
            case b"GET":
                options.get = True
            case b"KEEPTTL" if options.expiry is None:
                options.keep_ttl = True
            case b"EX" | b"PX" | b"EXAT" | b"PXAT" as expiry if (
                not options.keep_ttl
                and options.expiry in {None, expiry}
                and (time := next(words, None)) is not None
            ):
                options.expiry, options.expiry_time = expiry, time
            case _:
                return errors.SYNTAX
    return options


def setnx(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """SETNX key value."""
    _, key, value = arguments
    if keyspace.get(key) is not None:
        return 0
    keyspace.put(key, value)
    return 1


def setex(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """SETEX key seconds value."""
    return _set_for(keyspace, arguments, stamp_ms, "setex", _SECOND_MS)


def psetex(keyspace: Keyspace, arguments: Request, stamp_ms: int) -> Reply:
    """PSETEX key milliseconds value."""
    return _set_for(keyspace, arguments, stamp_ms, "psetex", 1)


def _set_for(
    keyspace: Keyspace, arguments: Request, stamp_ms: int, command: str, unit_ms: int
) -> Reply:
    _, key, time_text, value = arguments
    due_ms = _read_due(time_text, stamp_ms, unit_ms, command)
    if isinstance(due_ms, ErrorReply):
        return due_ms
    keyspace.put(key, value)
    keyspace.expire_at(key, due_ms)
    return OK


def _read_due(text: bytes, since_ms: int, unit_ms: int, command: str) -> int | ErrorReply:
    time = parse_integer(text)
    if time is None:
        return errors.NOT_AN_INTEGER
    due_ms = since_ms + time * unit_ms
    return errors.invalid_expire_time(command) if time <= 0 or due_ms > INTEGER_MAX else due_ms


def getset(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """GETSET key value."""
    _, key, value = arguments
    old = keyspace.get(key)
    keyspace.put(key, value)
    return old


def getdel(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """GETDEL key."""
    old = keyspace.get(arguments[1])
    keyspace.remove(arguments[1])
    return old


def strlen(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """STRLEN key."""
    return len(keyspace.get(arguments[1]) or b"")


def append(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """APPEND key value."""
    _, key, suffix = arguments
    old = keyspace.get(key) or b""
    if len(old) + len(suffix) > VALUE_BYTES_MAX:
        return errors.STRING_TOO_BIG
    keyspace.replace(key, old + suffix)
    return len(old) + len(suffix)


def incr(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """INCR key."""
    return _add(keyspace, arguments[1], 1)


def decr(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """DECR key."""
    return _add(keyspace, arguments[1], -1)


def incrby(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """INCRBY key increment."""
    increment = parse_integer(arguments[2])
    return errors.NOT_AN_INTEGER if increment is None else _add(keyspace, arguments[1], increment)


def decrby(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """DECRBY key decrement."""
    decrement = parse_integer(arguments[2])
    if decrement is None:
        return errors.NOT_AN_INTEGER
    if decrement == INTEGER_MIN:  # whose negation is no 64-bit integer
        return errors.DECREMENT_OVERFLOW
    return _add(keyspace, arguments[1], -decrement)


def _add(keyspace: Keyspace, key: bytes, increment: int) -> Reply:
    old = keyspace.get(key)
    number = 0 if old is None else parse_integer(old)
    if number is None:
        return errors.NOT_AN_INTEGER
    number += increment
    if not INTEGER_MIN <= number <= INTEGER_MAX:
        return errors.OVERFLOW
    keyspace.replace(key, b"%d" % number)
    return number


def mget(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """MGET key [key ...]."""
    return tuple([keyspace.get(key) for key in arguments[1:]])


def mset(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """MSET key value [key value ...]."""
    if len(arguments) % 2 == 0:
        return errors.wrong_arity("mset")
    for key, value in zip(arguments[1::2], arguments[2::2], strict=True):
        keyspace.put(key, value)
    return OK
