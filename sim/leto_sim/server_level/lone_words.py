"""The words of a lone client's commands, drawn at random.

Responsible for what is asked: every command on keys, its options, its edges and its mistakes.
What must be answered is `leto_sim.server_level.redis_model`'s business.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

from leto_sim.server_level.redis_model import NOW_LATEST_MS, YEAR_MS

_VALUES: Final = (b"", b"0", b"7", b"-1", b"01", b"-0", b" 1", b"9223372036854775807")
_OTHER_VALUES: Final = (b"-9223372036854775808", b"9223372036854775808", b"text", b"\r\n\0\xff")
_STEPS: Final = (b"1", b"-1", b"5", b"9223372036854775807", b"-9223372036854775808", b"x", b"1_0")
_NO_TIMES: Final = (b"0", b"-1", b"x", b"9223372036854775807", b"-9223372036854775808")
_MISTAKES: Final = (
    (b"FROB", b"this", b"that"),
    (b"GET",),
    (b"MSET", b"alone"),
    (b"INCR", b"a", b"b"),
    (b"TTL",),
    (b"PERSIST", b"a", b"b"),
)
_SECOND_MS: Final = 1000
_SHORT_MS: Final = 100
_CENTURY: Final = 100
_MISTAKE_SHARE: Final = 0.03
_AGREEMENT_SHARE: Final = 0.08
_MORTAL_SHARE: Final = 0.1
_NO_TIME_SHARE: Final = 0.1
_PAST_SHARE: Final = 0.05
_LOWER_SHARE: Final = 0.2
_READS: Final = (b"GET", b"GET", b"TTL", b"PTTL", b"STRLEN", b"TYPE")
_READS_OF_MANY: Final = (b"MGET", b"EXISTS", b"TOUCH")
_READS_OF_ALL: Final = (b"KEYS", b"SCAN", b"DBSIZE")
_AGREEMENTS: Final = (
    (b"HELLO", b"3"),
    (b"HELLO", b"2"),
    (b"READONLY",),
    (b"READONLY",),
    (b"READWRITE",),
    (b"RESET",),
    (b"RESET",),
)


def draw_words(
    rng: Random, keys: Sequence[bytes], pattern: bytes, *, reads_only: bool
) -> tuple[bytes, ...]:
    """A command about some of these keys, which are all that fit the pattern."""
    words: tuple[bytes, ...]
    chosen = rng.random()
    if chosen < _MISTAKE_SHARE:
        words = rng.choice(_MISTAKES)
    elif chosen < _MISTAKE_SHARE + _AGREEMENT_SHARE:
        words = rng.choice(_AGREEMENTS)
    else:
        words = (_read if reads_only or rng.random() < 1 / 3 else _write)(rng, keys, pattern)
    return (words[0].lower(), *words[1:]) if rng.random() < _LOWER_SHARE else words


def _read(rng: Random, keys: Sequence[bytes], pattern: bytes) -> tuple[bytes, ...]:
    name = rng.choice((*_READS, *_READS_OF_MANY, rng.choice(_READS_OF_ALL)))
    if name in _READS_OF_MANY:
        return (name, *_some(rng, keys))
    if name == b"KEYS":
        return name, pattern
    if name == b"SCAN":
        return name, b"0", b"MATCH", pattern, b"COUNT", b"1000000"
    return (name,) if name == b"DBSIZE" else (name, rng.choice(keys))


def _write(rng: Random, keys: Sequence[bytes], _pattern: bytes) -> tuple[bytes, ...]:
    key, value = rng.choice(keys), _value(rng)
    match rng.randrange(14):
        case 0 | 1:
            return b"SET", key, value
        case 2 | 3:
            return (b"SET", key, value, *_set_options(rng))
        case 4 | 5:
            return _expire(rng, key)
        case 6:
            return rng.choice((b"INCR", b"DECR")), key
        case 7:
            return rng.choice((b"INCRBY", b"DECRBY")), key, rng.choice(_STEPS)
        case 8:
            return b"APPEND", key, value
        case 9:
            return (rng.choice((b"DEL", b"UNLINK")), *_some(rng, keys))
        case 10:
            return (b"MSET", *(word for key in _some(rng, keys) for word in (key, _value(rng))))
        case 11:
            return rng.choice((b"PERSIST", b"GETDEL")), key
        case 12:
            return rng.choice((b"SETNX", b"GETSET")), key, value
        case _:
            is_seconds = rng.random() < 1 / 2
            return b"SETEX" if is_seconds else b"PSETEX", key, _life(rng, is_seconds), value


def _value(rng: Random) -> bytes:
    return rng.choice((*_VALUES, *_OTHER_VALUES))


def _some(rng: Random, keys: Sequence[bytes]) -> Sequence[bytes]:
    """One or several, perhaps one of them twice."""
    return [rng.choice(keys) for _ in range(rng.randint(1, len(keys)))]


def _set_options(rng: Random) -> Sequence[bytes]:
    options: list[bytes] = []
    if rng.random() < 1 / 2:
        options.append(rng.choice((b"NX", b"XX", b"nx")))
    if rng.random() < 1 / 3:
        options.append(b"GET")
    if rng.random() < 1 / 5:
        options.append(rng.choice((b"KEEPTTL", b"XX", b"WHATEVER", b"EX")))
    if rng.random() < 1 / 2:
        name = rng.choice((b"EX", b"PX", b"EXAT", b"PXAT"))
        is_seconds = name in {b"EX", b"EXAT"}
        time = _time(rng, is_seconds) if name.endswith(b"AT") else _life(rng, is_seconds)
        options += [name, time]
    return options


def _expire(rng: Random, key: bytes) -> tuple[bytes, ...]:
    name = rng.choice((b"EXPIRE", b"PEXPIRE", b"EXPIREAT", b"PEXPIREAT"))
    is_seconds = not name.startswith(b"P")
    time = _time(rng, is_seconds) if name.endswith(b"AT") else _life(rng, is_seconds)
    conditions = rng.choice(((), (), (b"NX",), (b"XX",), (b"GT",), (b"LT",), (b"XX", b"gt")))
    if rng.random() < _NO_TIME_SHARE:
        conditions = rng.choice(((b"NX", b"XX"), (b"GT", b"LT"), (b"ZZ",)))
    return name, key, time, *conditions


def _life(rng: Random, is_seconds: bool) -> bytes:  # noqa: FBT001
    """Mostly decades, so that it outlives the run; sometimes a moment."""
    if rng.random() < _NO_TIME_SHARE:
        return rng.choice(_NO_TIMES)
    life_ms = rng.randint(5, _CENTURY) * YEAR_MS
    if rng.random() < _MORTAL_SHARE:
        life_ms = rng.choice((_SHORT_MS, _SECOND_MS))
    return b"%d" % (max(1, life_ms // _SECOND_MS) if is_seconds else life_ms)


def _time(rng: Random, is_seconds: bool) -> bytes:  # noqa: FBT001
    time_ms = NOW_LATEST_MS + rng.randint(5, _CENTURY) * YEAR_MS
    if rng.random() < _PAST_SHARE:
        time_ms = YEAR_MS
    return b"%d" % (time_ms // _SECOND_MS if is_seconds else time_ms)
