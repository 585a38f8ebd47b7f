"""What lone clients ask for."""

from random import Random

from leto_sim.server_level.lone_client import READS
from leto_sim.server_level.lone_words import draw_words
from leto_sim.server_level.redis_model import outcomes

KEYS = (b"a", b"b")


def drawn(*, reads_only: bool) -> list[tuple[bytes, ...]]:
    rng = Random(1)
    return [draw_words(rng, KEYS, b"*", reads_only=reads_only) for _ in range(3_000)]


def test_whoever_only_reads_writes_nothing() -> None:
    names = {words[0].upper() for words in drawn(reads_only=True)}

    assert {b"GET", b"SCAN", b"HELLO", b"FROB"} <= names
    assert set() == names & {b"SET", b"DEL", b"EXPIRE"}


def test_everything_that_is_asked_is_documented() -> None:
    asked = drawn(reads_only=False)

    documented = {words[0].upper() for words in asked if list(outcomes({}, words))}

    assert READS <= documented
    assert {b"SET", b"SETEX", b"PSETEX", b"GETSET", b"PEXPIREAT", b"DECRBY", b"MSET"} <= documented
