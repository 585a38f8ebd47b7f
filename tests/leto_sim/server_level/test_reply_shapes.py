"""In which version of the protocol a reply is written."""

import pytest

from leto_sim.server_level.reply_shapes import NEUTRAL, ReplyShapes


@pytest.mark.parametrize(
    "data, protocol",
    [
        (b"+OK\r\n", NEUTRAL),
        (b":1\r\n", NEUTRAL),
        (b"$2\r\n\r\n\r\n", NEUTRAL),
        (b"*2\r\n$1\r\na\r\n:1\r\n", NEUTRAL),
        (b"$-1\r\n", 2),
        (b"*-1\r\n", 2),
        (b"*2\r\n:1\r\n$-1\r\n", 2),
        (b"_\r\n", 3),
        (b"*2\r\n_\r\n:1\r\n", 3),
        (b"%1\r\n:1\r\n:2\r\n", 3),
        (b"~1\r\n:1\r\n", 3),
        (b"=5\r\ntxt:a\r\n", 3),
    ],
)
def test_a_reply_tells_its_protocol_however_it_is_cut(data: bytes, protocol: int) -> None:
    whole, bytewise = ReplyShapes(), ReplyShapes()

    at_once = list(whole.feed(data + data))
    in_pieces = [found for byte in data for found in bytewise.feed(bytes([byte]))]

    assert [protocol, protocol] == at_once
    assert [protocol] == in_pieces
