"""What Redis' documentation says of its commands on strings, in plain dictionaries.

Responsible for the answers that a client may get who is alone with its keys, and for what
its keys hold then. Written from the documentation of Redis and with nothing of `leto.kv`, so
that a mistake there is not repeated here.

What time it is for the server is known to a year: its log's time follows wall clocks that
jump. So a key expires for certain, certainly not, or perhaps; and where the answer depends on
that there are several outcomes. All that is certain is exact.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

import attrs

from leto.resp import OK, ErrorReply, Reply, Simple
from leto_sim.server_level.process import FIRST_UNIX_MS

Words: TypeAlias = Sequence[bytes]

SECOND_MS: Final = 1000
YEAR_MS: Final = 365 * 86_400 * SECOND_MS
NOW_EARLIEST_MS: Final = FIRST_UNIX_MS - YEAR_MS
NOW_LATEST_MS: Final = FIRST_UNIX_MS + YEAR_MS
SYNTAX: Final = ErrorReply("ERR syntax error")
NOT_AN_INTEGER: Final = ErrorReply("ERR value is not an integer or out of range")
OVERFLOW: Final = ErrorReply("ERR increment or decrement would overflow")
_HALF_SECOND_MS: Final = 500
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1


@attrs.frozen
class Due:
    """When a key expires, as far as that is known."""

    earliest_ms: int
    latest_ms: int
    least_left_ms: int  # of its life, from now on
    most_left_ms: int


@attrs.frozen
class Held:
    """What a key holds, and for how long."""

    value: bytes
    due: Due | None = None

    @property
    def may_be_gone(self) -> bool:
        """Whether it is perhaps later than that."""
        return self.due is not None and self.due.earliest_ms <= NOW_LATEST_MS


@attrs.frozen
class Between:
    """A number from here to there."""

    least: int
    most: int


@attrs.frozen
class AnyOrder:
    """These, in whatever order, behind a cursor or alone."""

    keys: tuple[bytes, ...]
    has_cursor: bool


Expected: TypeAlias = Reply | Between | AnyOrder
Keys: TypeAlias = Mapping[bytes, Held]
Outcome: TypeAlias = tuple[Expected, Keys]


def outcomes(keys: Keys, words: Words) -> Iterator[Outcome]:
    """What a command may be answered, and what the keys hold then."""
    name = words[0].upper().decode()
    command = _COMMANDS.get(name)
    if command is None:
        shown = "".join(f"'{word.decode()}' " for word in words[1:])
        named = words[0].decode()
        yield ErrorReply(f"ERR unknown command '{named}', with args beginning with: {shown}"), keys
        return
    least, most, does = command
    if not least <= len(words) - 1 <= most:
        yield _wrong_number(name.lower()), keys
        return
    for world in _perhaps_expired(keys, words):
        yield from does(world, words)


def fits(expected: Expected, reply: Reply) -> bool:
    """Whether that is a reply as expected."""
    match expected:
        case Between(least=least, most=most):
            return isinstance(reply, int) and least <= reply <= most
        case AnyOrder(keys=keys, has_cursor=has_cursor):
            if has_cursor:
                is_last = isinstance(reply, tuple) and reply[:1] == (b"0",)
                reply = reply[1] if is_last and isinstance(reply, tuple) else None
            return isinstance(reply, tuple) and sorted(map(repr, reply)) == sorted(map(repr, keys))
        case _:
            return expected == reply


def _perhaps_expired(keys: Keys, words: Words) -> Iterator[Keys]:
    """The keys as they may be, of those that the command looks at."""
    looks_at_all = words[0].upper() in {b"KEYS", b"SCAN", b"DBSIZE"}
    mortal = [
        key for key, held in keys.items() if held.may_be_gone and (looks_at_all or key in words)
    ]
    for gone in product((False, True), repeat=len(mortal)):
        dead = [key for key, is_gone in zip(mortal, gone, strict=True) if is_gone]
        yield {key: held for key, held in keys.items() if key not in dead} if dead else keys


# --- numbers and times ---------------------------------------------------------------------


def _wrong_number(name: str) -> ErrorReply:
    return ErrorReply(f"ERR wrong number of arguments for '{name}' command")


def _bad_time(name: str) -> ErrorReply:
    return ErrorReply(f"ERR invalid expire time in '{name}' command")


def _number(text: bytes) -> int | None:
    """A signed number of 64 bits, in its one spelling."""
    digits = text.removeprefix(b"-")
    if not digits or any(digit not in b"0123456789" for digit in digits):
        return None
    if digits.startswith(b"0") and text != b"0":
        return None
    number = int(text)
    return number if _LEAST <= number <= _MOST else None


def _from_now(life_ms: int) -> Due:
    earliest, latest = NOW_EARLIEST_MS + life_ms, NOW_LATEST_MS + life_ms
    return Due(earliest, latest, life_ms - (NOW_LATEST_MS - NOW_EARLIEST_MS), life_ms)


def _at(time_ms: int) -> Due:
    return Due(time_ms, time_ms, time_ms - NOW_LATEST_MS, time_ms - NOW_EARLIEST_MS)


def _let_expire(keys: Keys, key: bytes, due: Due) -> Keys:
    """The key is due then; what is certainly in the past takes it away."""
    if due.most_left_ms <= 0:
        return _without(keys, key)
    return {**keys, key: Held(keys[key].value, due)}


def _without(keys: Keys, *gone: bytes) -> Keys:
    return {key: held for key, held in keys.items() if key not in gone}


def _value(keys: Keys, key: bytes) -> bytes | None:
    return keys[key].value if key in keys else None


# --- commands ------------------------------------------------------------------------------


def _get(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield _value(keys, words[1]), keys


_TIMES: Final[Mapping[bytes, tuple[int, Callable[[int], Due]]]] = {
    b"EX": (SECOND_MS, _from_now),
    b"PX": (1, _from_now),
    b"EXAT": (SECOND_MS, _at),
    b"PXAT": (1, _at),
}


def _set(keys: Keys, words: Words) -> Iterator[Outcome]:
    _, key, value, *options = words
    options = [option.upper() for option in options]
    time: tuple[bytes, bytes] | None = None
    flags: set[bytes] = set()
    while options:
        option = options.pop(0)
        if option in _TIMES and options and time is None:
            time = option, options.pop(0)
        elif option in {b"NX", b"XX", b"GET", b"KEEPTTL"}:
            flags.add(option)
        else:
            yield SYNTAX, keys
            return
    if {b"NX", b"XX"} <= flags or (time is not None and b"KEEPTTL" in flags):
        yield SYNTAX, keys
        return
    due = None if time is None else _due_of(time[1], *_TIMES[time[0]], "set")
    if isinstance(due, ErrorReply):
        yield due, keys
        return
    yield _put(keys, key, value, flags, due)


def _put(keys: Keys, key: bytes, value: bytes, flags: set[bytes], due: Due | None) -> Outcome:
    old = _value(keys, key)
    if (b"NX" in flags and old is not None) or (b"XX" in flags and old is None):
        return (old if b"GET" in flags else None), keys
    kept = keys[key].due if b"KEEPTTL" in flags and key in keys else None
    after: Keys = {**keys, key: Held(value, kept)}
    if due is not None:
        after = _let_expire(after, key, due)
    return (old if b"GET" in flags else OK), after


def _due_of(text: bytes, unit_ms: int, since: Callable[[int], Due], name: str) -> Due | ErrorReply:
    """When something is due that is to live so long, or until then; that must be above 0."""
    time = _number(text)
    if time is None:
        return NOT_AN_INTEGER
    due = since(time * unit_ms)
    return _bad_time(name) if time <= 0 or due.latest_ms > _MOST else due


def _setnx(keys: Keys, words: Words) -> Iterator[Outcome]:
    _, key, value = words
    yield (0, keys) if key in keys else (1, {**keys, key: Held(value)})


def _set_for(name: str, unit_ms: int) -> Callable[[Keys, Words], Iterator[Outcome]]:
    def does(keys: Keys, words: Words) -> Iterator[Outcome]:
        _, key, time, value = words
        due = _due_of(time, unit_ms, _from_now, name)
        yield (due, keys) if isinstance(due, ErrorReply) else (OK, {**keys, key: Held(value, due)})

    return does


def _getset(keys: Keys, words: Words) -> Iterator[Outcome]:
    _, key, value = words
    yield _value(keys, key), {**keys, key: Held(value)}


def _getdel(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield _value(keys, words[1]), _without(keys, words[1])


def _append(keys: Keys, words: Words) -> Iterator[Outcome]:
    _, key, suffix = words
    held = keys.get(key, Held(b""))
    yield len(held.value + suffix), {**keys, key: Held(held.value + suffix, held.due)}


def _strlen(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield len(_value(keys, words[1]) or b""), keys


def _counted(sign: int, *, by_one: bool) -> Callable[[Keys, Words], Iterator[Outcome]]:
    def does(keys: Keys, words: Words) -> Iterator[Outcome]:
        step = 1 if by_one else _number(words[2])
        held = keys.get(words[1], Held(b"0"))
        number = _number(held.value)
        if step is None:
            yield NOT_AN_INTEGER, keys
        elif sign < 0 and step == _LEAST:
            yield ErrorReply("ERR decrement would overflow"), keys
        elif number is None:
            yield NOT_AN_INTEGER, keys
        elif not _LEAST <= number + sign * step <= _MOST:
            yield OVERFLOW, keys
        else:
            number += sign * step
            yield number, {**keys, words[1]: Held(str(number).encode(), held.due)}

    return does


def _mget(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield tuple(_value(keys, key) for key in words[1:]), keys


def _mset(keys: Keys, words: Words) -> Iterator[Outcome]:
    pairs = words[1:]
    if len(pairs) % 2:
        yield _wrong_number("mset"), keys
        return
    values = {pairs[at]: Held(pairs[at + 1]) for at in range(0, len(pairs), 2)}
    yield OK, {**keys, **values}


def _del(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield len({key for key in words[1:] if key in keys}), _without(keys, *words[1:])


def _exists(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield sum(1 for key in words[1:] if key in keys), keys


def _expire(
    name: str, unit_ms: int, since: Callable[[int], Due]
) -> Callable[[Keys, Words], Iterator[Outcome]]:
    def does(keys: Keys, words: Words) -> Iterator[Outcome]:
        _, key, text, *conditions = words
        time, held = _number(text), keys.get(key)
        if error := _objection([condition.upper() for condition in conditions], conditions):
            yield error, keys
        elif time is None:
            yield NOT_AN_INTEGER, keys
        elif not _LEAST <= time * unit_ms <= _MOST or since(time * unit_ms).latest_ms > _MOST:
            yield _bad_time(name), keys
        elif held is None:
            yield 0, keys
        else:
            due = since(time * unit_ms)
            verdicts = [_allows(condition.upper(), held.due, due) for condition in conditions]
            if False not in verdicts:
                yield 1, _let_expire(keys, key, due)
            if not all(verdicts):
                yield 0, keys

    return does


def _objection(conditions: Words, as_sent: Words) -> ErrorReply | None:
    known = (b"NX", b"XX", b"GT", b"LT")
    for condition, sent in zip(conditions, as_sent, strict=True):
        if condition not in known:
            return ErrorReply(f"ERR Unsupported option {sent.decode()}")
    if b"NX" in conditions and any(condition != b"NX" for condition in conditions):
        return ErrorReply("ERR NX and XX, GT or LT options at the same time are not compatible")
    if b"GT" in conditions and b"LT" in conditions:
        return ErrorReply("ERR GT and LT options at the same time are not compatible")
    return None


def _allows(condition: bytes, old: Due | None, new: Due) -> bool | None:
    """Whether a key may be due anew; None if nobody knows. One that never is, is due last."""
    if condition in {b"NX", b"XX"}:
        return (old is None) == (condition == b"NX")
    if old is None:
        return condition == b"LT"
    earlier, later = (old, new) if condition == b"GT" else (new, old)
    if earlier.latest_ms < later.earliest_ms:
        return True
    return False if earlier.earliest_ms > later.latest_ms else None


def _persist(keys: Keys, words: Words) -> Iterator[Outcome]:
    held = keys.get(words[1])
    if held is None or held.due is None:
        yield 0, keys
    else:
        yield 1, {**keys, words[1]: Held(held.value)}


def _left(*, in_seconds: bool) -> Callable[[Keys, Words], Iterator[Outcome]]:
    def rounded(left_ms: int) -> int:
        left_ms = max(0, left_ms)
        return (left_ms + _HALF_SECOND_MS) // SECOND_MS if in_seconds else left_ms

    def does(keys: Keys, words: Words) -> Iterator[Outcome]:
        held = keys.get(words[1])
        if held is None:
            yield -2, keys
        elif held.due is None:
            yield -1, keys
        else:
            yield Between(rounded(held.due.least_left_ms), rounded(held.due.most_left_ms)), keys

    return does


def _type(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield Simple("string" if words[1] in keys else "none"), keys


def _all(keys: Keys, words: Words) -> Iterator[Outcome]:
    yield AnyOrder(tuple(keys), has_cursor=words[0].upper() == b"SCAN"), keys


def _dbsize(keys: Keys, _words: Words) -> Iterator[Outcome]:
    yield Between(len(keys), _MOST), keys  # others have keys too


_MANY: Final = 1 << 20
# By name: how many arguments at least, at most, and what it does.
_COMMANDS: Final[Mapping[str, tuple[int, int, Callable[[Keys, Words], Iterator[Outcome]]]]] = {
    "GET": (1, 1, _get),
    "SET": (2, _MANY, _set),
    "SETNX": (2, 2, _setnx),
    "SETEX": (3, 3, _set_for("setex", SECOND_MS)),
    "PSETEX": (3, 3, _set_for("psetex", 1)),
    "GETSET": (2, 2, _getset),
    "GETDEL": (1, 1, _getdel),
    "APPEND": (2, 2, _append),
    "STRLEN": (1, 1, _strlen),
    "INCR": (1, 1, _counted(1, by_one=True)),
    "DECR": (1, 1, _counted(-1, by_one=True)),
    "INCRBY": (2, 2, _counted(1, by_one=False)),
    "DECRBY": (2, 2, _counted(-1, by_one=False)),
    "MGET": (1, _MANY, _mget),
    "MSET": (2, _MANY, _mset),
    "DEL": (1, _MANY, _del),
    "UNLINK": (1, _MANY, _del),
    "EXISTS": (1, _MANY, _exists),
    "TOUCH": (1, _MANY, _exists),
    "EXPIRE": (2, _MANY, _expire("expire", SECOND_MS, _from_now)),
    "PEXPIRE": (2, _MANY, _expire("pexpire", 1, _from_now)),
    "EXPIREAT": (2, _MANY, _expire("expireat", SECOND_MS, _at)),
    "PEXPIREAT": (2, _MANY, _expire("pexpireat", 1, _at)),
    "TTL": (1, 1, _left(in_seconds=True)),
    "PTTL": (1, 1, _left(in_seconds=False)),
    "PERSIST": (1, 1, _persist),
    "TYPE": (1, 1, _type),
    "KEYS": (1, 1, _all),
    "SCAN": (1, _MANY, _all),
    "DBSIZE": (0, 0, _dbsize),
}
