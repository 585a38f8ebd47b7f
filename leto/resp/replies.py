"""Replies: the values a server answers with, and their bytes in RESP2 and RESP3.

Responsible for the closed set of reply values and for writing them; reading
them back is `reply_parser`'s work. Both protocols carry the same values: where
RESP2 has no shape for one (maps, sets, verbatim text, the null), it gets the
shape that Redis gives it there.

Invariant: a status or an error is one line. Whatever text goes in, no CR or LF
comes out, so no client's data can forge a reply.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, assert_never

import attrs

Protocol: TypeAlias = Literal[2, 3]
RESP2: Final = 2
RESP3: Final = 3

_ONE_LINE: Final = str.maketrans("\r\n", "  ")


def _one_line(text: str) -> str:
    return text.translate(_ONE_LINE)


def _encode_status(status: "Simple") -> bytes:
    return b"+%b\r\n" % status.text.encode("utf-8", "surrogateescape")


@attrs.frozen
class Simple:
    """A status line."""

    text: str = attrs.field(converter=_one_line)
    # Statuses are few and sent often: written once, when they are made.
    encoded: bytes = attrs.field(
        init=False, eq=False, repr=False, default=attrs.Factory(_encode_status, takes_self=True)
    )


@attrs.frozen
class ErrorReply:
    """An error line: its code, a space, and a text for humans.

    Bytes of a client that are no UTF-8 stand in it as surrogate escapes, and
    leave as they came.
    """

    message: str = attrs.field(converter=_one_line)


@attrs.frozen
class Verbatim:
    """Text meant for a human's eyes (INFO); a bulk string in RESP2."""

    text: bytes


@attrs.frozen
class MapReply:
    """Pairs in order; in RESP2 a flat array."""

    pairs: tuple[tuple["Reply", "Reply"], ...]

    @classmethod
    def of(cls, fields: Mapping[bytes, "Reply"]) -> "MapReply":
        """Make a map whose keys are bulk strings."""
        return cls(tuple(fields.items()))


@attrs.frozen
class SetReply:
    """Members in the order they are sent; in RESP2 an array."""

    members: tuple["Reply", ...]


Reply: TypeAlias = (
    Simple | ErrorReply | bytes | int | tuple["Reply", ...] | MapReply | SetReply | Verbatim | None
)
"""A bulk string is `bytes`, an array a `tuple`, the null `None`."""

OK: Final = Simple("OK")
PONG: Final = Simple("PONG")


def encode_reply(reply: Reply, protocol: Protocol) -> bytes:
    """Write one reply."""
    if isinstance(reply, Simple):  # the frequent ones first: isinstance is faster than match
        return reply.encoded
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if reply is None:
        return b"$-1\r\n" if protocol == RESP2 else b"_\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    match reply:
        case tuple():
            return _encode_aggregate(b"*", reply, protocol)
        case ErrorReply(message=message):
            return b"-%b\r\n" % message.encode("utf-8", "surrogateescape")
        case Verbatim(text=text):
            return _encode_verbatim(text, protocol)
        case MapReply(pairs=pairs):
            return _encode_map(pairs, protocol)
        case SetReply(members=members):
            return _encode_aggregate(b"*" if protocol == RESP2 else b"~", members, protocol)
        case _:
            assert_never(reply)


def _encode_aggregate(mark: bytes, members: tuple[Reply, ...], protocol: Protocol) -> bytes:
    written = [encode_reply(member, protocol) for member in members]
    return b"%b%d\r\n%b" % (mark, len(members), b"".join(written))


def _encode_map(pairs: tuple[tuple[Reply, Reply], ...], protocol: Protocol) -> bytes:
    flat = tuple(item for pair in pairs for item in pair)
    if protocol == RESP2:
        return _encode_aggregate(b"*", flat, protocol)
    written = [encode_reply(item, protocol) for item in flat]
    return b"%%%d\r\n%b" % (len(pairs), b"".join(written))


def _encode_verbatim(text: bytes, protocol: Protocol) -> bytes:
    if protocol == RESP2:
        return b"$%d\r\n%b\r\n" % (len(text), text)
    return b"=%d\r\ntxt:%b\r\n" % (len(text) + len(b"txt:"), text)
