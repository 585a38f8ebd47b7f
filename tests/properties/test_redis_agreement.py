"""Leto's machine and a real redis-server, given the same: they answer the same.

What is compared are replies as values, in RESP3 (where a null differs from an
empty array), after every command of a generated sequence; and, for hostile
bytes, the whole answer. Time is the one thing that both do not share: the
machine gets the wall's, read just before Redis is asked.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leto.kv import KeyValueMachine, Kind, command_for
from leto.resp import (
    RESP2,
    ErrorReply,
    Reply,
    ReplyParser,
    Request,
    RequestParser,
    encode_reply,
    encode_request,
)

CLOCK_SLACK_MS = 2_000  # between reading the clock and Redis's reading it, on a busy machine


class Redis:
    """A redis-server of its own, over a Unix socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = self.connect()
        self._parser = ReplyParser()
        self.call(b"HELLO", b"3")

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            raise
        return connection

    def call(self, *request: bytes) -> Reply:
        self._socket.sendall(encode_request(request))
        while not (replies := self._parser.take(1)):
            assert self._parser.error is None
            self._parser.feed(self._socket.recv(65536))
        return replies[0]

    def answer(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own, and nothing more; return all that comes back."""
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def close(self) -> None:
        self._socket.close()


def connected(path: Path, server: subprocess.Popen[bytes]) -> Redis:
    """The file is there before anybody listens on it."""
    while True:
        assert server.poll() is None, "redis-server did not start"
        try:
            return Redis(path)
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.01)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: redis-server)")
    directory = tmp_path_factory.mktemp("redis")
    path = directory / "socket"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"],
        cwd=directory,
        stdout=subprocess.DEVNULL,
    )
    try:
        client = connected(path, server)
        yield client
        client.close()
    finally:
        server.terminate()
        server.wait()


def execute(machine: KeyValueMachine, request: Request, stamp_ms: int) -> Reply:
    """What a node does with a request, without the cluster."""
    command = command_for(request)
    if isinstance(command, ErrorReply):
        return command
    if command.kind is Kind.READ:
        return machine.read(request, stamp_ms)
    return machine.apply(request, stamp_ms)


def any_case(word: bytes) -> st.SearchStrategy[bytes]:
    return st.sampled_from([word, word.lower(), word.title()])


def one_of(*words: bytes) -> st.SearchStrategy[bytes]:
    return st.sampled_from(words).flatmap(any_case)


KEY_NAMES = [b"a", b"b", b"ab", b"", b"a*", b"[a]", b"\xff\r\n"]
KEYS = st.sampled_from([b"a", b"a", b"a", b"b", b"b", *KEY_NAMES])
INTEGERS = st.one_of(
    st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 2**63, 2**63 // 1000, -(2**63) // 1000]),
    st.integers(min_value=-(2**64), max_value=2**64),
).map(lambda number: b"%d" % number)
VALUES = st.one_of(
    INTEGERS, st.sampled_from([b"", b"01", b" 1", b"-0", b"1.0"]), st.binary(max_size=9)
)
# Times that are over, or are not for long after the test, whichever command takes them.
FUTURES = st.sampled_from([b"100000000", b"10000000000000", b"20000000000000"])
PASTS = st.sampled_from([b"0", b"-1", b"-9223372036854775808"])
TIMES = st.one_of(
    FUTURES,
    FUTURES,
    FUTURES,
    PASTS,
    INTEGERS.filter(lambda text: not 0 < int(text) < 10**8),
    VALUES.filter(lambda text: not text.isdigit()),
)
MOMENTS = FUTURES | PASTS | VALUES.filter(lambda text: not text.isdigit())
# ASCII: from a byte above it, Redis's ranges run as its C compiler's char is signed.
PATTERNS = st.lists(
    st.sampled_from([b"*", b"?", b"a", b"b", b"[", b"]", b"^", b"-", b"\\", b"[a-b]", b"[^a]"])
).map(b"".join)

SET_OPTIONS = st.lists(
    st.one_of(
        one_of(b"NX", b"XX", b"GET", b"KEEPTTL", b"nonsense", b"EX").map(lambda word: (word,)),
        st.tuples(one_of(b"EX", b"PX"), TIMES),
        st.tuples(one_of(b"EXAT", b"PXAT"), MOMENTS),
    ),
    max_size=4,
).map(lambda options: tuple(word for option in options for word in option))
SCAN_OPTIONS = st.lists(
    st.one_of(
        st.tuples(one_of(b"MATCH"), PATTERNS),
        st.tuples(one_of(b"TYPE"), one_of(b"string", b"hash", b"nonsense")),
        st.tuples(one_of(b"COUNT"), one_of(b"0", b"-1", b"many", b"1000000")),
        one_of(b"MATCH", b"COUNT", b"nonsense").map(lambda word: (word,)),
    ),
    max_size=3,
).map(lambda options: tuple(word for option in options for word in option))
EXPIRE_OPTIONS = st.one_of(
    st.just(()),
    one_of(b"NX", b"XX", b"GT", b"LT").map(lambda word: (word,)),
    st.lists(one_of(b"NX", b"XX", b"GT", b"LT", b"nonsense"), max_size=3).map(tuple),
)


def request(name: bytes, *arguments: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.tuples(any_case(name), *arguments)


REQUESTS: st.SearchStrategy[Request] = st.one_of(
    request(b"GET", KEYS),
    request(b"SET", KEYS, VALUES),
    st.tuples(request(b"SET", KEYS, VALUES), SET_OPTIONS).map(lambda parts: parts[0] + parts[1]),
    st.tuples(one_of(b"APPEND", b"SETNX", b"GETSET"), KEYS, VALUES),
    st.tuples(one_of(b"SETEX", b"PSETEX"), KEYS, TIMES, VALUES),
    request(b"GETDEL", KEYS),
    request(b"STRLEN", KEYS),
    st.tuples(one_of(b"INCR", b"DECR", b"PERSIST", b"TTL", b"PTTL"), KEYS),
    st.tuples(one_of(b"INCRBY", b"DECRBY"), KEYS, VALUES),
    st.tuples(st.tuples(one_of(b"EXPIREAT", b"PEXPIREAT"), KEYS, MOMENTS), EXPIRE_OPTIONS).map(
        lambda parts: parts[0] + parts[1]
    ),
    st.tuples(st.tuples(one_of(b"EXPIRE", b"PEXPIRE"), KEYS, TIMES), EXPIRE_OPTIONS).map(
        lambda parts: parts[0] + parts[1]
    ),
    st.tuples(
        one_of(b"DEL", b"UNLINK", b"EXISTS", b"TOUCH", b"MGET", b"MSET").map(lambda name: (name,)),
        st.lists(KEYS, max_size=4).map(tuple),
    ).map(lambda parts: parts[0] + parts[1]),
    request(b"DBSIZE"),
    request(b"KEYS", PATTERNS),
    request(b"TYPE", KEYS),
    # Whole scans: how many keys a call lists is a matter of the table they are in.
    st.tuples(request(b"SCAN", one_of(b"0", b"x", b"0x")), SCAN_OPTIONS).map(
        lambda parts: parts[0] + (b"COUNT", b"1000000") + parts[1]
    ),
    request(b"TTL", KEYS),
    request(b"PTTL", KEYS),
    st.tuples(any_case(b"FLUSHALL"), one_of(b"ASYNC", b"SYNC", b"nonsense")),
    request(b"FLUSHALL"),
    request(b"FLUSHDB"),
    # Wrong names and numbers of arguments. A name of Leto's own would not be wrong here.
    st.tuples(
        one_of(
            b"GET", b"SET", b"INCR", b"EXPIRE", b"DBSIZE", b"KEYS", b"TTL", b"NOSUCH", b"no\0\xff"
        ),
        st.lists(VALUES, max_size=5).map(tuple),
    ).map(lambda parts: (parts[0], *parts[1])),
)


def agree(name: bytes, expected: Reply, actual: Reply) -> bool:
    """Compare replies, up to what no two clocks and no two tables of keys agree on."""
    if name == b"SCAN" and isinstance(expected, tuple) and isinstance(actual, tuple):
        return expected[0] == actual[0] and agree(b"KEYS", expected[1], actual[1])
    if name == b"KEYS" and isinstance(expected, tuple) and isinstance(actual, tuple):
        return sorted(map(repr, expected)) == sorted(map(repr, actual))
    if name in {b"TTL", b"PTTL"} and isinstance(expected, int) and isinstance(actual, int):
        slack = CLOCK_SLACK_MS if name == b"PTTL" else CLOCK_SLACK_MS // 1000
        return expected == actual or min(expected, actual) >= 0 <= slack - abs(expected - actual)
    return expected == actual


# Many commands an example: a long history is what makes most of them do something.
@given(st.lists(REQUESTS, min_size=25, max_size=40))
@settings(
    max_examples=settings().max_examples // 4,  # each is some eighty round trips
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_sequence_of_commands_is_answered_as_redis_does(
    redis: Redis, requests: list[Request]
) -> None:
    machine = KeyValueMachine()
    redis.call(b"FLUSHALL")

    for request in requests:
        stamp_ms = int(time.time() * 1000)
        # Redis counts an expired key until somebody looks at it.
        redis.call(b"EXISTS", *KEY_NAMES)
        expected = redis.call(*request)
        actual = execute(machine, request, stamp_ms)
        assert agree(request[0].upper(), expected, actual), (request, expected, actual)


def answer(data: bytes) -> bytes:
    """What a node sends back for these bytes, until it would close the connection."""
    machine = KeyValueMachine()
    parser = RequestParser()
    parser.feed(data)
    replies: list[Reply] = []
    while taken := parser.take(100):
        replies += [execute(machine, request, 0) for request in taken]
    if parser.error is not None:
        replies.append(ErrorReply(f"ERR {parser.error}"))
    return b"".join([encode_reply(reply, RESP2) for reply in replies])


# No NUL: Redis never sees the end of a line that holds one.
FRAGMENTS = st.sampled_from(
    [
        *[b"*1", b"*2", b"*3", b"*0", b"*-1", b"*02", b"*x", b"*", b"*+1", b"*99999999999"],
        *[b"$0", b"$1", b"$3", b"$-1", b"$01", b"$", b"$9999999999", b":1", b"+OK", b"\xff"],
        *[b"GET", b"k", b"nosuch", b"'q ' ", b'"', b'"a" ', b"'", b"\\x41", b"\\", b" ", b"\t"],
        *[b"\r\n"] * 8,
        *[b"\r", b"\n", b"$3\r\nGET\r\n", b"$1\r\nk\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"],
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\nbc\r\n",
    ]
)


@given(st.lists(FRAGMENTS, max_size=20).map(b"".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_hostile_bytes_are_answered_as_redis_does(redis: Redis, data: bytes) -> None:
    redis.call(b"FLUSHALL")

    assert redis.answer(data) == answer(data)


@pytest.mark.parametrize(
    "data",
    [
        b"*x\r\n",
        b"*\r\n",
        b"*01\r\n",
        b"*99999999999\r\n",
        b"*1\r\n:1\r\n",
        b"*1\r\n\r\n",
        b"*1\r\n$x\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$536870913\r\n",
        b"GET 'k\r\n",
        b'GET "k"k\r\n',
        b"*1\rX$6\rXnosuch..",
    ],
)
def test_each_violation_is_answered_as_redis_does(redis: Redis, data: bytes) -> None:
    assert redis.answer(b"PERSIST k\n" + data) == answer(b"PERSIST k\n" + data)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 70_000,
        b"*" + b"1" * 70_000,
        b"*1\r\n$" + b"1" * 70_000,
        b"*2\r\n$6\r\nnosuch\r\n$200\r\n" + b"y" * 200 + b"\r\n",
        b"*3\r\n$200\r\n"
        + b"x" * 200
        + b"\r\n$100\r\n"
        + b"y" * 100
        + b"\r\n$40\r\n"
        + b"z" * 40
        + b"\r\n",
    ],
)
def test_long_bytes_are_answered_as_redis_does(redis: Redis, data: bytes) -> None:
    assert redis.answer(data) == answer(data)
