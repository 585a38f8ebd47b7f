"""RESP: what clients send and what they are answered.

Sans-IO, incremental and bounded: bytes in, values out, and back. It knows no
command's meaning. Reading order: `replies` (the values and their bytes),
`requests` (the server's inner loop), `inline` (what humans type),
`reply_parser` (Leto as a client), `stream` and `integers` (what they share).
"""

from leto.resp.integers import INTEGER_MAX, INTEGER_MIN, parse_integer
from leto.resp.replies import (
    OK,
    PONG,
    RESP2,
    RESP3,
    ErrorReply,
    MapReply,
    Protocol,
    Reply,
    SetReply,
    Simple,
    Verbatim,
    encode_reply,
)
from leto.resp.reply_parser import ReplyLimits, ReplyParser
from leto.resp.requests import (
    Request,
    RequestLimits,
    RequestParser,
    encode_request,
    encode_requests,
)

__all__ = [
    "INTEGER_MAX",
    "INTEGER_MIN",
    "OK",
    "PONG",
    "RESP2",
    "RESP3",
    "ErrorReply",
    "MapReply",
    "Protocol",
    "Reply",
    "ReplyLimits",
    "ReplyParser",
    "Request",
    "RequestLimits",
    "RequestParser",
    "SetReply",
    "Simple",
    "Verbatim",
    "encode_reply",
    "encode_request",
    "encode_requests",
    "parse_integer",
]
