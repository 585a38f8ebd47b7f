import pytest

from leto.resp.replies import (
    OK,
    PONG,
    ErrorReply,
    MapReply,
    Reply,
    SetReply,
    Simple,
    Verbatim,
    encode_reply,
)


@pytest.mark.parametrize(
    "reply, resp2, resp3",
    [
        (OK, b"+OK\r\n", b"+OK\r\n"),
        (PONG, b"+PONG\r\n", b"+PONG\r\n"),
        (b"", b"$0\r\n\r\n", b"$0\r\n\r\n"),
        (b"a\r\nb", b"$4\r\na\r\nb\r\n", b"$4\r\na\r\nb\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (-7, b":-7\r\n", b":-7\r\n"),
        (ErrorReply("ERR no"), b"-ERR no\r\n", b"-ERR no\r\n"),
        ((), b"*0\r\n", b"*0\r\n"),
        (
            (1, None, (b"x",)),
            b"*3\r\n:1\r\n$-1\r\n*1\r\n$1\r\nx\r\n",
            b"*3\r\n:1\r\n_\r\n*1\r\n$1\r\nx\r\n",
        ),
        (MapReply.of({b"a": 1}), b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        (MapReply.of({b"a": None}), b"*2\r\n$1\r\na\r\n$-1\r\n", b"%1\r\n$1\r\na\r\n_\r\n"),
        (SetReply((OK,)), b"*1\r\n+OK\r\n", b"~1\r\n+OK\r\n"),
        (Verbatim(b"# Server"), b"$8\r\n# Server\r\n", b"=12\r\ntxt:# Server\r\n"),
    ],
)
def test_a_reply_is_encoded_as_its_protocol_says(reply: Reply, resp2: bytes, resp3: bytes) -> None:
    assert resp2 == encode_reply(reply, 2)
    assert resp3 == encode_reply(reply, 3)


def test_a_client_cannot_forge_a_reply_through_a_status_or_an_error() -> None:
    text = "a\r\n+OK\r\nb"

    assert b"+a  +OK  b\r\n" == encode_reply(Simple(text), 2)
    assert b"-a  +OK  b\r\n" == encode_reply(ErrorReply(text), 2)


def test_foreign_bytes_in_an_error_leave_as_they_came() -> None:
    error = ErrorReply(b"ERR \xff\x80".decode("utf-8", "surrogateescape"))

    assert b"-ERR \xff\x80\r\n" == encode_reply(error, 2)
