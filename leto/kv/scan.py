"""SCAN: the keys, a few at a time.

Responsible for SCAN's words. How a cursor finds its way through keys that come and go
is the keyspace's business.
"""

from typing import Final

import attrs

from leto.kv import errors
from leto.kv.glob import fitting
from leto.kv.keyspace import Keyspace
from leto.resp import ErrorReply, Reply, Request, parse_integer

_COUNT: Final = 10  # Redis's, too
_STRING: Final = b"STRING"  # what every value is


def scan(keyspace: Keyspace, arguments: Request, _stamp_ms: int) -> Reply:
    """SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]."""
    cursor = parse_integer(arguments[1])
    if cursor is None or cursor < 0:
        return errors.INVALID_CURSOR
    options = _read_options(arguments)
    if isinstance(options, ErrorReply):
        return options
    cursor, found = keyspace.scan(cursor, options.count)
    listed = fitting(options.pattern, found) if options.type_name == _STRING else ()
    return b"%d" % cursor, listed


@attrs.define
class _Options:
    """What stands behind SCAN's cursor, as far as it has been read."""

    pattern: bytes = b"*"
    count: int = _COUNT
    type_name: bytes = _STRING


def _read_options(arguments: Request) -> _Options | ErrorReply:
    options = _Options()
    words = iter(arguments[2:])
    for word in words:
        argument = next(words, None)
        if argument is None:
            return errors.SYNTAX
        match word.upper():
            case b"MATCH":
                options.pattern = argument
            case b"TYPE":
                options.type_name = argument.upper()
            case b"COUNT":
                count = parse_integer(argument)
                if count is None:
                    return errors.NOT_AN_INTEGER
                if count < 1:
                    return errors.SYNTAX
                options.count = count
            case _:
                return errors.SYNTAX
    return options
