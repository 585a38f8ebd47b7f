"""What travels between nodes, as bytes.

Reading order: `values` (the bytes of entries, marks, configurations; the log on disk
shares them), `frames` (cutting a stream into pieces), `handshake` (who may talk to
whom), `messages` (the table of all that nodes say).

A link feeds what arrives to its `FrameReader`, `decode`s each frame, and transmits
what `encode` returns. The first word on each side is `Hello`; `judge_hello` decides.
"""

from leto.wire.frames import FRAME_BYTES_MAX, FRAME_MARK, Frame, FrameReader
from leto.wire.handshake import (
    WIRE_MAJOR,
    WIRE_MINOR,
    Goodbye,
    GoodbyeCode,
    Hello,
    Ping,
    judge_hello,
)
from leto.wire.messages import Unreadable, Word, decode, encode
from leto.wire.values import NO_CLUSTER, ClusterId

__all__ = [
    "FRAME_BYTES_MAX",
    "FRAME_MARK",
    "NO_CLUSTER",
    "WIRE_MAJOR",
    "WIRE_MINOR",
    "ClusterId",
    "Frame",
    "FrameReader",
    "Goodbye",
    "GoodbyeCode",
    "Hello",
    "Ping",
    "Unreadable",
    "Word",
    "decode",
    "encode",
    "judge_hello",
]
