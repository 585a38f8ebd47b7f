r"""Inline commands: a line of words, as a human types them into a raw connection.

Responsible for splitting one line into arguments by the rules of Redis
(`sdssplitargs`): blanks separate; a quote may open anywhere in an argument and
its closing quote ends the argument, so a blank or the end of the line follows;
`"..."` knows the escapes `\n \r \t \b \a \xHH` and takes any other escaped byte
as it stands; `'...'` knows only `\'`. Finding the line, and bounding its
length, is the request parser's work.
"""

import re
from typing import Final

# Blanks, then a run of plain bytes, then perhaps a quoted part with a blank or
# the end behind it. The repetitions are possessive: no line makes it backtrack.
_ARGUMENT: Final = re.compile(
    rb"""[ \t\n\v\f\r]*+
        ([^ \t\n\r"']*+)
        (?: "((?: [^"\\] | \\. )*+)" (?= [ \t\n\v\f\r] | \Z )
          | '((?: [^'\\] | \\'?+ )*+)' (?= [ \t\n\v\f\r] | \Z )
        )?""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(rb"\\(?: x([0-9a-fA-F]{2}) | (.) )", re.VERBOSE | re.DOTALL)
_NAMED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split_inline(line: bytes) -> tuple[bytes, ...] | None:
    """Split a line into its arguments; None when its quotes do not balance."""
    arguments: list[bytes] = []
    at = 0
    while (match := _ARGUMENT.match(line, at)) and match.start(1) < len(line):
        at = match.end()
        if line[at : at + 1] in {b'"', b"'"}:
            return None
        arguments.append(_read_argument(match))
    return tuple(arguments)


def _read_argument(match: re.Match[bytes]) -> bytes:
    plain, double, single = match.groups()
    if double is not None:
        return bytes(plain) + _ESCAPE.sub(_read_escape, double)
    if single is not None:
        return bytes(plain) + single.replace(b"\\'", b"'")
    return bytes(plain)


def _read_escape(match: re.Match[bytes]) -> bytes:
    code, named = match.groups()
    return bytes.fromhex(code.decode()) if code is not None else _NAMED.get(named, named)
