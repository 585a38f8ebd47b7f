"""What commands on a key of strings mean."""

import pytest

from leto_sim.lincheck.model import IMPOSSIBLE
from leto_sim.lincheck.strings import (
    ErrorReply,
    KeyCommand,
    KeyOperation,
    KeyReply,
    StringKey,
    Verb,
)


def performed(verb: Verb, argument: bytes, result: KeyReply) -> KeyOperation:
    return KeyOperation(
        key="k", command=KeyCommand(verb, argument), invoked=0, returned=1, result=result
    )


@pytest.mark.parametrize(
    "before,verb,argument,reply,after",
    [
        (None, Verb.GET, b"", None, None),
        (b"a", Verb.GET, b"", b"a", b"a"),
        (None, Verb.SET, b"a", b"OK", b"a"),
        (b"a", Verb.DEL, b"", 1, None),
        (None, Verb.DEL, b"", 0, None),
        (b"a", Verb.APPEND, b"b", 2, b"ab"),
        (None, Verb.APPEND, b"b", 1, b"b"),
        (None, Verb.INCR, b"", 1, b"1"),
        (b"-1", Verb.INCR, b"", 0, b"0"),
        (b"a", Verb.INCR, b"", ErrorReply("whatever"), b"a"),
        (b"01", Verb.INCR, b"", ErrorReply(), b"01"),
        (b"", Verb.INCR, b"", ErrorReply(), b""),
        (b"9223372036854775807", Verb.INCR, b"", ErrorReply(), b"9223372036854775807"),
        (b"9223372036854775808", Verb.INCR, b"", ErrorReply(), b"9223372036854775808"),
        (b"1" * 30, Verb.INCR, b"", ErrorReply(), b"1" * 30),
    ],
)
def test_a_key_does_what_redis_does(
    before: bytes | None, verb: Verb, argument: bytes, reply: KeyReply, after: bytes | None
) -> None:
    assert after == StringKey().step(before, performed(verb, argument, reply))


@pytest.mark.parametrize(
    "before,verb,reply",
    [
        (b"a", Verb.GET, None),
        (b"1", Verb.INCR, b"2"),
        (b"1", Verb.INCR, ErrorReply()),
        (b"a", Verb.INCR, 1),
        (None, Verb.DEL, False),
    ],
)
def test_another_reply_is_impossible(before: bytes | None, verb: Verb, reply: KeyReply) -> None:
    assert IMPOSSIBLE is StringKey().step(before, performed(verb, b"", reply))


def test_an_unfinished_command_may_have_had_any_reply() -> None:
    unfinished = KeyOperation(key="k", command=KeyCommand(Verb.INCR), invoked=0)

    assert b"1" == StringKey().step(None, unfinished)


def test_an_unfinished_get_does_not_matter() -> None:
    get = KeyOperation(key="k", command=KeyCommand(Verb.GET), invoked=0)
    incr = KeyOperation(key="k", command=KeyCommand(Verb.INCR), invoked=0)
    seen = performed(Verb.GET, b"", b"1")

    assert [incr, seen] == StringKey().relevant([get, incr, seen])
