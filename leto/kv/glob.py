r"""Patterns over keys, as KEYS and SCAN take them.

Responsible for Redis's globs (`stringmatchlen`): `*` any bytes, `?` one byte,
`[a-z]` one of a class, `[^a-z]` one outside it, `\x` the byte x. What Redis
does with half-written patterns holds too: a class that is never closed ends
with the pattern, a trailing backslash is itself, a range may run backwards, and no
pattern fits the empty key but the empty one; a lone `*` is no pattern, but all keys.

A pattern becomes a regular expression in which each `*` takes the first match
of what follows it and never another (an atomic group): for globs that loses
nothing, and no pattern takes exponential time.
"""

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

_STAR: Final = ord("*")
_ANY: Final = ord("?")
_CLASS: Final = ord("[")
_CLASS_END: Final = ord("]")
_ESCAPE: Final = ord("\\")

_Scanned: TypeAlias = tuple[bytes, int]
"""An expression for one byte of the key, and where the pattern goes on."""


def fitting(pattern: bytes, keys: Iterable[bytes]) -> tuple[bytes, ...]:
    """Pick the keys that fit the pattern."""
    if pattern == b"*":
        return tuple(keys)
    return tuple(filter(compile_glob(pattern).fullmatch, keys))


def compile_glob(pattern: bytes) -> re.Pattern[bytes]:
    """Make the expression whose `fullmatch` tells if a key fits the pattern."""
    runs: list[list[bytes]] = [[]]  # what stands between the stars
    at = 0
    while at < len(pattern):
        if pattern[at] == _STAR:
            runs.append([])
            at += 1
            continue
        one_byte, at = _scan_one(pattern, at)
        runs[-1].append(one_byte)
    first, *others = [b"".join(run) for run in runs]
    if pattern:
        first = b"(?=.)" + first
    if not others:
        return re.compile(first, re.DOTALL)
    between = b"".join([b"(?>.*?%b)" % run for run in others[:-1] if run])
    return re.compile(b"%b%b.*%b" % (first, between, others[-1]), re.DOTALL)


def _scan_one(pattern: bytes, at: int) -> _Scanned:
    """Translate what stands for one byte."""
    byte = pattern[at]
    if byte == _ANY:
        return b".", at + 1
    if byte == _CLASS:
        return _scan_class(pattern, at + 1)
    if byte == _ESCAPE and at + 1 < len(pattern):
        at += 1
    return re.escape(pattern[at : at + 1]), at + 1


def _scan_class(pattern: bytes, at: int) -> _Scanned:
    """Translate a class, from behind its bracket."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    members = bytearray(256)
    while at < len(pattern) and pattern[at] != _CLASS_END:
        if pattern[at] == _ESCAPE and at + 1 < len(pattern):
            members[pattern[at + 1]] = True
            at += 2
        elif pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            low, high = sorted((pattern[at], pattern[at + 2]))
            for byte in range(low, high + 1):
                members[byte] = True
            at += 3
        else:
            members[pattern[at]] = True
            at += 1
    chosen = bytes(byte for byte in range(256) if members[byte] != negated)
    return (b"[%b]" % re.escape(chosen) if chosen else b"(?!)"), at + 1
